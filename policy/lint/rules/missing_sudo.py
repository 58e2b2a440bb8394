"""Operations on a root-protected path, without `sudo`.

What: Every path on which the rule wins, and on which the granted operations mean something, is
    root-protected, and the rule has no `sudo`.
Why: The server refuses each of these calls: the rule allows nothing at all.
Example:
    path "sys/step-down" { capabilities = ["update"] }
Instead:
    path "sys/step-down" { capabilities = ["update", "sudo"] }
Source: the catalogue of root-protected paths, see the notes of each finding
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze.partition import Lookup
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule
from policy.lint.wins import sample
from policy.model import Capability, Operation, Request
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.block import Block
    from policy.lint.target import PolicyFile

_OPERATIONS = {
    operation.capability: operation for operation in Operation if operation.capability is not None
}


@rule("missing-sudo", "SP102", Severity.ERROR, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Exact: over all paths on which the rule wins.

    Less grave where another file of the run grants `sudo`: a token may hold both.
    """
    for block in file.first_blocks:
        pattern, grant = block.pattern, block.grant
        if pattern is None or grant is None or grant.is_deny or not file.sudo_matters(pattern):
            continue
        known = file.known(pattern)
        if known is None or not known[1]:
            continue
        if Capability.SUDO in grant.capabilities:
            continue
        usable = known[0].capabilities & set(grant.capabilities)
        if any(_allows_a_call(file, block, capability) for capability in usable):
            continue
        lookups = {Lookup.of(_OPERATIONS[capability]) for capability in usable}
        facts = file.wins.facts(pattern, lookups)
        if not facts or None in facts:
            continue
        yield Problem(
            f"`{block.path}` is root-protected: without `sudo` the rule allows nothing",
            block.label,
            notes=tuple(sorted(fact.describe() for fact in facts if fact is not None)[:3]),
            help="add `sudo`, or drop the rule",
            fix=_fix(block),
            severity=Severity.WARNING if Capability.SUDO in file.others(pattern) else None,
        )


def _allows_a_call(file: PolicyFile, block: Block, capability: Capability) -> bool:
    """Whether some call that comes to mind is allowed by the rule, which settles the matter."""
    operation = _OPERATIONS.get(capability)
    path = sample(block.pattern)
    if operation is None or path is None or not file.acl.allows(operation, path):
        return False
    winner = file.acl.decide(Request(operation, path)).rule
    assert block.grant is not None
    return any(rule is winner for _, rule in block.grant.rules)


def _fix(block: Block) -> Fix | None:
    if not block.words or block.file.source.is_json:
        return None
    end = block.words[-1][1].end
    return Fix("add `sudo`", (Edit(Span(end, end), ', "sudo"'),), is_safe=False)
