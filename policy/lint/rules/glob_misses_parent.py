"""A glob does not cover the path it begins with.

What: A rule for `x/*` grants an operation that `x` itself understands too, and no rule of the
    policy is about `x`.
Why: `x/*` matches `x/` and longer paths, not `x`: reading `sys/auth`, for one, is another path
    than reading `sys/auth/github`.
Example:
    path "sys/mounts/*" { capabilities = ["read"] }
Instead:
    path "sys/mounts" { capabilities = ["read"] }
    path "sys/mounts/*" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `path-pattern-*`; the catalogue of operations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.model import Capability, Operation, Pattern, PatternKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_LISTINGS = frozenset({Capability.LIST, Capability.SCAN})


@rule("glob-misses-parent", "SP304", Severity.INFO, Confidence.MEDIUM, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A list of `x` is looked up as `x/`, which the glob does cover."""
    for block in file.first_blocks:
        pattern = block.rule.pattern
        if pattern is None or pattern.kind is not PatternKind.PREFIX or block.rule.is_deny:
            continue
        if not pattern.text.endswith("/"):
            continue
        parent = Pattern(PatternKind.EXACT, pattern.text[:-1], False)
        known = file.known(parent)
        if known is None or not known[1] or not any("{" not in t for t in known[0].templates):
            continue
        missed = sorted(known[0].capabilities & block.capabilities - _LISTINGS)
        if missed and file.partition.cell(Operation.READ, parent.text).grant is None:
            yield Problem(
                f"`{block.path}` does not cover `{parent}`, which understands `{missed[0]}` too",
                block.label,
                help=f"add a rule for `{parent}` if it is meant",
            )
