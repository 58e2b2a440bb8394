"""Two ACLs laid over each other: the pairs of cells that differ, and on which paths.

A small change stays small. A path that no changed rule matches, with or without its final slash,
is decided by rules that are the same on both sides; so only rules that can share a path with a
changed one are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy.analyze.partition import Cell, Lookup, Partition
from policy.analyze.path_map import combine, split
from policy.analyze.path_set import PathSet
from policy.analyze.touching import Touching
from policy.model import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.acl import Grant
    from policy.analyze.path_map import Node
    from policy.evaluate import ACL
    from policy.model import Conditions, Pattern

__all__ = ["Effect", "Pair", "comparable", "overlaid", "said"]

Effect = Callable[[Cell, Sequence[Operation]], object]
"""What counts of a cell, as something to compare. It must follow from what the rule says (see
`said`) and from what is guarded."""


class Pair(NamedTuple):
    """Paths on which the effects of two cells differ, for one way to look paths up."""

    lookup: Lookup
    old: Cell
    new: Cell
    paths: PathSet


def overlaid(old: ACL, new: ACL, effect: Effect, operations: Sequence[Operation]) -> Iterator[Pair]:
    """Every pair of cells that differ. Raises `AnalysisLimitError`."""
    near = _changed(old, new)
    before, after = Partition(old, near=near), Partition(new, near=near)
    for lookups in ((Lookup.PLAIN, Lookup.WRITTEN), (Lookup.LISTING,)):
        asked = [operation for operation in operations if Lookup.of(operation) in lookups]
        if not asked:
            continue
        if near is not None:
            # Both sides guard the same and send paths to the same place.
            differing = _rules_apart(before, after, effect, asked, lookups)
        for lookup in lookups:
            if near is None:
                differing = _cells_apart(before, after, effect, asked, lookup)
                node = differing.node
            else:
                node = before.by_request(lookup, differing.node)
            for at, paths in split(node).items():
                yield Pair(lookup, *differing.pairs[at - 1], PathSet(paths))


class _Differing(NamedTuple):
    """A node that numbers pairs of cells from 1; 0 is no difference."""

    node: Node
    pairs: list[tuple[Cell, Cell]]


def _rules_apart(
    before: Partition,
    after: Partition,
    effect: Effect,
    operations: Sequence[Operation],
    lookups: Sequence[Lookup],
) -> _Differing:
    """Where different rules win, and then what is guarded there: on most paths neither is asked."""
    is_listing = Lookup.LISTING in lookups
    says_before = [said(grant) for grant in before.grants]
    says_after = [said(grant) for grant in after.grants]
    rules: dict[tuple[int, int], int] = {}

    def rule_pair(one: int, other: int) -> int:
        if says_before[one] == says_after[other]:
            return 0
        return rules.setdefault((one, other), len(rules) + 1)

    winner = combine(
        before.winner(is_listing=is_listing), after.winner(is_listing=is_listing), rule_pair
    )
    by_number = list(rules)
    numbers: dict[tuple[int, int], int] = {}
    pairs: list[tuple[Cell, Cell]] = []

    def cell_pair(rule: int, guarded: int) -> int:
        if not rule:
            return 0
        number = numbers.get((rule, guarded))
        if number is None:
            one, other = by_number[rule - 1]
            cells = before.cell_of(one, guarded), after.cell_of(other, guarded)
            number = 0
            if effect(cells[0], operations) != effect(cells[1], operations):
                pairs.append(cells)
                number = len(pairs)
            numbers[rule, guarded] = number
        return number

    guard = before.guard(is_listing=is_listing)
    return _Differing(combine(winner, guard, cell_pair, zero_stays=True), pairs)


def _cells_apart(
    before: Partition,
    after: Partition,
    effect: Effect,
    operations: Sequence[Operation],
    lookup: Lookup,
) -> _Differing:
    """Where anything differs, when more than rules does."""
    one, other = before.node(lookup), after.node(lookup)
    effects_before = [effect(cell, operations) for cell in before.cells]
    effects_after = [effect(cell, operations) for cell in after.cells]
    numbers: dict[tuple[int, int], int] = {}

    def number(a: int, b: int) -> int:
        if effects_before[a] == effects_after[b]:
            return 0
        return numbers.setdefault((a, b), len(numbers) + 1)

    node = combine(one, other, number)
    return _Differing(node, [(before.cells[a], after.cells[b]) for a, b in numbers])


def _changed(old: ACL, new: ACL) -> Touching | None:
    """The patterns on which the two say something else; None where more than rules differs."""
    if (
        old.is_root
        or new.is_root
        or old.dialect != new.dialect
        or old.namespaces != new.namespaces
        or old.token.namespace != new.token.namespace
        or old.guard.mounts != new.guard.mounts
    ):
        return None
    says = {grant.pattern: said(grant) for grant in old.table}
    changed: list[Pattern] = []
    for grant in new.table:
        if says.pop(grant.pattern, None) != said(grant):
            changed.append(grant.pattern)
    return Touching([*changed, *says])


def said(grant: Grant | None) -> object:
    """Everything a rule says but its path; no rule says the same as one that grants nothing."""
    if grant is None:
        return 0
    conditions = grant.conditions
    if conditions is None:
        return grant.mask
    rest = (
        conditions.list_filter,
        conditions.control_group,
        conditions.mfa_methods,
        conditions.subscribe_event_types,
    )
    return grant.mask, comparable(conditions), rest


def comparable(conditions: Conditions) -> object:
    """Conditions in a form in which the order of parameters and values does not matter. What
    does not change the verdict is left out."""
    return (
        frozenset(
            (name, frozenset(map(repr, values)))
            for name, values in conditions.allowed_parameters.items()
        ),
        frozenset(
            (name, frozenset(map(repr, values)))
            for name, values in conditions.denied_parameters.items()
        ),
        frozenset(name.lower() for name in conditions.required_parameters),
        conditions.min_wrapping_ttl,
        conditions.max_wrapping_ttl,
        max(conditions.pagination_limit, 0),
    )
