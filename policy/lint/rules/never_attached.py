"""A policy that nobody holds.

What: Where the holders are given (`--inventory`), a policy that none of them holds.
Why: It does nothing today, and whoever gets it tomorrow gets rights that nobody looks after.
Example:
    # held: no
    path "secret/app" { capabilities = ["read"] }
Instead:
    # held: yes
    path "secret/app" { capabilities = ["read"] }
Source: the inventory that was given
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

_BUILT_IN = frozenset({"default", "response-wrapping"})


@rule("never-attached", "SP903", Severity.INFO, Confidence.HIGH, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """The policies a server has by itself are not told."""
    if file.project.inventory is None or file.name in _BUILT_IN:
        return
    if not file.project.holders(file.name):
        yield Problem(f"nobody in the inventory holds `{file.name}`", Span(0, 0))
