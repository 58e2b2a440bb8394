"""A capability that no call on the path goes by.

What: One of several capabilities is none that the endpoints of a rule understand.
Why: It is harmless, but it hides what the rule is for. `create` has no meaning where every write
    is an update, as on nearly all of `sys/`, `transit/` and `pki/`.
Example:
    path "sys/wrapping/unwrap" { capabilities = ["create", "update"] }
Instead:
    path "sys/wrapping/unwrap" { capabilities = ["update"] }
Source: the catalogue of operations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.endpoints import NO_OPERATION
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("unused-capability", "SP402", Severity.INFO, Confidence.MEDIUM, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A rule of which nothing is used is for `useless-capabilities`."""
    for block in file.blocks:
        pattern = block.pattern
        if pattern is None or block.rule.is_deny:
            continue
        known = file.known(pattern)
        if known is None or not known[0].capabilities & block.capabilities:
            continue
        unused = sorted(block.capabilities - known[0].capabilities - NO_OPERATION)
        if unused:
            words = ", ".join(f"`{word}`" for word in unused)
            yield Problem(f"nothing on `{block.path}` goes by {words}", block.word_span(unused[0]))
