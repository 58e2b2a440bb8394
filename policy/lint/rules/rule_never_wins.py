"""A rule that wins on no path.

What: On every path the rule matches, another rule of the same policy ranks higher.
Why: One rule decides alone, and the rules of a policy are not combined: what this one says is
    never asked for. Rules of other policies can only take more paths away from it.
Example:
    path "secret/*" { capabilities = ["read"] }
    path "secret/+/*" { capabilities = ["read", "update"] }
Instead:
    path "secret/*" { capabilities = ["read", "update"] }
Source: the order among patterns, OpenBao 2.7.2 (recorded as `priority-*`) and Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze import Form, PathSet
from policy.diagnostics import Label, Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.lint.target import Block, first_blocks
from policy.model import Operation, PatternKind, byte_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("rule-never-wins", "SP201", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A deny has a rule of its own, and so has a path that no request can have."""
    for block in never_winning(file):
        if block.grant is not None and not block.grant.is_deny:
            yield never_wins(file, block, "never wins")


def never_winning(file: PolicyFile) -> Iterator[Block]:
    """The blocks without a template that win nowhere although requests can have their paths."""
    if not any(pattern.kind is PatternKind.SEGMENT for pattern in file.patterns):
        # A prefix loses to exact paths and longer prefixes only, and those never cover all of it.
        return
    for block in first_blocks(file.blocks):
        pattern = block.rule.pattern
        if pattern is None or pattern in file.wins:
            continue
        if PathSet.matching(pattern).witness(Form.REQUEST) is not None:
            yield block


def never_wins(file: PolicyFile, block: Block, words: str) -> Problem:
    """The finding, with the rule that wins instead on some path."""
    assert block.pattern is not None
    path = PathSet.matching(block.pattern).witness(Form.REQUEST) or ""
    winner = file.partition.cell(Operation.READ, byte_text(path)).grant
    labels: tuple[Label, ...] = ()
    if winner is not None:
        span = file.block_of(winner.rules[0][1]).label
        labels = (Label(span, f"this one wins, for example on `{path}`"),)
    return Problem(
        f"the rule for `{block.path}` {words}",
        block.label,
        labels,
        notes=("the rule that ranks highest decides alone; rules are not combined",),
    )
