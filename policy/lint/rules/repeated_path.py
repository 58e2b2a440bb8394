"""Two blocks of one policy have the same path.

What: A later block has the pattern of an earlier one, and neither denies.
Why: They are merged: capabilities are joined, but a constraint of one restricts what the other
    grants too. Whoever edits one of them may not see the other.
Example:
    path "secret/data/app" { capabilities = ["read"] }
    path "secret/data/app" { capabilities = ["update"] }
Instead:
    path "secret/data/app" { capabilities = ["read", "update"] }
Source: OpenBao 2.7.2, recorded as `merge-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Label, Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("repeated-path", "SP807", Severity.INFO, Confidence.CERTAIN, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A deny among them is for `deny-voids-rule`."""
    for block in file.blocks:
        grant = block.grant
        if grant is None or grant.is_deny or block.is_first:
            continue
        first = file.block_of(grant.rules[0][1])
        yield Problem(
            f"`{block.path}` has a block already, and both are merged",
            block.label,
            (Label(first.label, "the first one"),),
        )
