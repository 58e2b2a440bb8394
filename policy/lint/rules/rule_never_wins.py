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
from policy.analyze.touching import Touching
from policy.diagnostics import Label, Severity
from policy.lint.block import Block
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.model import Operation, Pattern, PatternKind, byte_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.lint.target import PolicyFile


_FEW = 300
"""Up to so many patterns it is quicker to look at each alone."""


@rule("rule-never-wins", "SP201", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A deny has a rule of its own, and so has a path that no request can have."""
    for block in never_winning(file, denies=False):
        yield never_wins(file, block, "never wins")


def never_winning(file: PolicyFile, *, denies: bool) -> Iterator[Block]:
    """The denies, or the other blocks, that win nowhere although requests can have their paths.

    Those with a template are left aside: who knows what a value makes of them.
    """
    if not any(pattern.kind is PatternKind.SEGMENT for pattern in file.patterns):
        # A prefix loses to exact paths and longer prefixes only, and those never cover all of it.
        return
    for block in file.first_blocks:
        pattern, grant = block.rule.pattern, block.grant
        if grant is None or grant.is_deny is not denies:
            continue
        # An exact path wins wherever a request can have it.
        if pattern is None or pattern.kind is PatternKind.EXACT:
            continue
        is_small = len(file.patterns) <= _FEW
        if (is_small and _wins_a_read(pattern, file.patterns)) or pattern in file.wins:
            continue
        if PathSet.matching(pattern).witness(Form.REQUEST) is not None:
            yield block


def _wins_a_read(pattern: Pattern, patterns: Iterable[Pattern]) -> bool:
    """Whether a read is decided by the pattern: quicker to see than where all patterns win."""
    near = Touching([pattern])
    higher = [
        each
        for each in patterns
        if each in near and (each.kind is PatternKind.EXACT or each.rank > pattern.rank)
    ]
    if not higher:
        return True
    left = PathSet.matching(pattern) - PathSet.matching(*higher)
    return left.witness(Form.REQUEST) is not None


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
