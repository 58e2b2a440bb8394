"""A policy that takes rights away from somebody who holds it.

What: Where the holders are given (`--inventory`), a request that a holder could make without this
    policy and cannot make with it.
Why: Adding a policy seems to add rights. But the rule that ranks highest decides alone, and a
    narrower rule, or a deny, hides what another policy grants. That may be meant.
Example:
    # held-with: path "secret/*" { capabilities = ["read", "update"] }
    path "secret/app" { capabilities = ["read"] }
Instead:
    # held-with: path "secret/*" { capabilities = ["read", "update"] }
    path "secret/app" { capabilities = ["read", "update"] }
Source: the order among patterns, OpenBao 2.7.2 (recorded as `priority-*`) and Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("takes-rights-away", "SP210", Severity.INFO, Confidence.CERTAIN, Level.AUDIT)
def check(file: PolicyFile) -> Iterator[Problem]:
    """One request for each block, by the first holder who loses it."""
    # It takes a while to load, and is asked for at one level only.
    from policy.analyze.difference import Direction, difference

    said = set()
    for holder in file.project.holders(file.name):
        before = file.project.acl_of_holder(holder, without=file.name)
        for change in difference(before, file.project.acl_of_holder(holder)):
            lost = [c for c in change.operations if c.direction is Direction.LOST]
            own = [] if change.new is None else [rule for _, rule in change.new.rules]
            block = next((block for block in file.blocks if block.rule in own), None)
            if not lost or block is None or block.label in said:
                continue
            said.add(block.label)
            request = lost[0].old.request
            yield Problem(
                f"the {holder} could {lost[0].operation} `{request.path}` without this rule",
                block.label,
            )
