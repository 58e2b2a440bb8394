"""A deny elsewhere in the policy makes this block void.

What: Two blocks of one policy have the same pattern; one denies, the other grants.
Why: Blocks of the same pattern are merged, and a deny among them is all that is left: what this
    block grants is not granted.
Example:
    path "secret/app" { capabilities = ["read"] }
    path "secret/app" { capabilities = ["deny"] }
Instead:
    path "secret/app" { capabilities = ["deny"] }
Source: OpenBao 2.7.2, recorded as `merge-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Label, Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("deny-voids-rule", "SP206", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Shown at the block that counts for nothing."""
    for block in file.blocks:
        grant = block.grant
        if grant is None or not grant.is_deny or block.rule.is_deny or not block.capabilities:
            continue
        deny = next(file.block_of(rule) for _, rule in grant.rules if rule.is_deny)
        yield Problem(
            f"what this block grants on `{block.path}` is denied by another block",
            block.label,
            (Label(deny.label, "the deny"),),
            help="keep one of the two",
        )
