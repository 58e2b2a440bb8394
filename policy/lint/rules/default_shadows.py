"""The built-in policy `default` wins where a wildcard grants more.

What: A wildcard grants a capability on a path for which the policy `default`, which most tokens
    hold, has an exact rule without it.
Why: An exact rule wins over every wildcard, and the two are not combined: a token that holds both
    has on this path only what `default` grants.
Example:
    path "auth/token/*" { capabilities = ["create", "update", "delete", "sudo"] }
    path "identity/*" { capabilities = ["read", "update", "delete"] }
Instead:
    path "auth/token/revoke" { capabilities = ["update"] }
Source: the policy `default` of OpenBao 2.7.2 and of Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze.touching import Touching
from policy.diagnostics import Severity
from policy.lint.endpoints import NO_OPERATION
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.model import Operation, PatternKind, byte_text
from policy.policies.builtin import builtin_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("default-shadows", "SP208", Severity.INFO, Confidence.HIGH, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Only capabilities that the endpoint understands count; `default` may have been edited."""
    default = builtin_policy("default", file.project.dialect)
    assert default is not None
    exact = [own for own in default.rules if own.pattern and own.pattern.kind is PatternKind.EXACT]
    shadowed = Touching([own.pattern for own in exact if own.pattern])
    if not any(p.kind is not PatternKind.EXACT and p in shadowed for p in file.patterns):
        return
    said = set()
    for own in exact:
        assert own.pattern is not None
        grant = file.partition.cell(Operation.UPDATE, byte_text(own.path)).grant
        known = file.known(own.pattern)
        if grant is None or known is None or grant.pattern.kind is PatternKind.EXACT:
            continue
        useful = known[0].capabilities - NO_OPERATION
        lost = sorted((set(grant.capabilities) & useful) - own.capabilities)
        block = file.block_of(grant.rules[0][1])
        if lost and block.label not in said:
            said.add(block.label)
            yield Problem(
                f"with `default` beside it, `{block.path}` gives no `{lost[0]}` on `{own.path}`",
                block.label,
                notes=("the exact rule of `default` wins there",),
                help=f"add a rule for `{own.path}` if it is meant",
            )
