"""A deny that denies nothing to somebody who holds the policy.

What: Where the holders are given (`--inventory`), a deny that on none of its paths is the rule
    that wins, because of what other policies of the same holder say.
Why: A deny is stronger than other rules only on the very same pattern. A rule of another policy
    that ranks higher decides in its place.
Example:
    # held-with: path "secret/*" { capabilities = ["read", "list"] }
    path "secret/+/*" { capabilities = ["deny"] }
Instead:
    # held-with: path "secret/*" { capabilities = ["read", "list"] }
    path "secret/+/private" { capabilities = ["deny"] }
Source: the order among patterns, OpenBao 2.7.2 (recorded as `priority-*`) and Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze.partition import Partition
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.lint.wins import Wins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("deny-never-wins-for-holder", "SP209", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """One that wins nowhere even alone is for `deny-never-wins`."""
    holders = file.project.holders(file.name)
    if not holders:
        return
    denies = [b for b in file.blocks if b.rule.is_deny and b.pattern and b.pattern in file.wins]
    if not denies:
        return
    for holder in holders:
        acl = file.project.acl_of_holder(holder)
        if acl.is_root or acl.error is not None:
            continue
        wins = Wins(Partition(acl, only_rules=True))
        patterns = {id(rule): grant.pattern for grant in acl.table for _, rule in grant.rules}
        for block in list(denies):
            pattern = patterns.get(id(block.rule))
            if pattern is not None and pattern not in wins:
                denies.remove(block)
                yield Problem(
                    f"for the {holder} this deny denies nothing: it never wins",
                    block.label,
                    notes=("rules of the holder's other policies rank higher on all its paths",),
                )
