"""A policy file whose name has upper-case letters.

What: The name of the file, which is that of the policy, is not all lower case.
Why: The server makes names lower case: a program that compares them as written finds no policy.
Example:
    # name: Ops
    path "secret/data/app" { capabilities = ["read"] }
Instead:
    # name: ops
    path "secret/data/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("upper-case-name", "SP901", Severity.INFO, Confidence.CERTAIN, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Shown at the beginning of the file."""
    if file.given_name != file.given_name.lower():
        yield Problem(
            f"the policy of `{file.given_name}` is named `{file.name}` on the server",
            Span(0, 0),
            help="rename the file",
        )
