"""Two ACLs laid over each other: the pairs of cells that differ, and on which paths.

A small change stays small. A path that no changed rule matches, with or without its final slash,
is decided by rules that are the same on both sides; so only the paths of changed rules are
looked at, and only rules that can share a path with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy.analyze.partition import Cell, Lookup, Partition
from policy.analyze.path_map import combine, relabel, split, with_slash
from policy.analyze.path_set import PathSet
from policy.analyze.ranking import Entries
from policy.analyze.touching import Touching
from policy.analyze.winners import winners
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
    neighbours = _neighbours(old, new)
    if neighbours is None:
        before, after = Partition(old), Partition(new)
    else:
        before, after = (
            Partition(acl, near=neighbours.near, grants=grants)
            for acl, grants in ((old, neighbours.old), (new, neighbours.new))
        )
        both = _Both(before, after, neighbours.near)
    for lookups in ((Lookup.PLAIN, Lookup.WRITTEN), (Lookup.LISTING,)):
        asked = [operation for operation in operations if Lookup.of(operation) in lookups]
        if not asked:
            continue
        if neighbours is not None:
            # Both sides guard the same and send paths to the same place.
            differing = both.apart(effect, asked, is_listing=Lookup.LISTING in lookups)
        for lookup in lookups:
            if neighbours is None:
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


class _Both:
    """The rules of both sides in one node, where they differ in nothing but rules.

    The entry of a path (see `policy.analyze.ranking`) is that of the old rules, and behind it that
    of the new ones.
    """

    def __init__(self, before: Partition, after: Partition, near: Touching) -> None:
        self._before, self._after = before, after
        old, new = before.ranking, after.ranking
        self._width = old.width
        numbers: defaultdict[Pattern, list[int]] = defaultdict(lambda: [0, 0])
        for side, grants in enumerate((old.grants, new.grants)):
            for number, grant in enumerate(grants):
                if grant is not None:
                    numbers[grant.pattern][side] = number
        entries = Entries(old.width + new.width)
        numbered = (
            (pattern, entries.number(old.entry(one) + new.entry(other)))
            for pattern, (one, other) in numbers.items()
        )
        self._matched = winners(numbered, near.patterns, entries.join)
        self._entries = entries.by_number

    def apart(
        self, effect: Effect, operations: Sequence[Operation], *, is_listing: bool
    ) -> _Differing:
        """Where different rules win, and then what is guarded there: on most paths neither is
        asked."""
        before, after = self._before, self._after
        numbers: dict[tuple[int, int], int] = {}
        pairs: list[tuple[Cell, Cell]] = []
        winner, rules = self._winner(is_listing=is_listing)

        def cell_pair(rule: int, guarded: int) -> int:
            if not rule:
                return 0
            number = numbers.get((rule, guarded))
            if number is None:
                one, other = rules[rule - 1]
                cells = before.cell_of(one, guarded), after.cell_of(other, guarded)
                number = 0
                if effect(cells[0], operations) != effect(cells[1], operations):
                    pairs.append(cells)
                    number = len(pairs)
                numbers[rule, guarded] = number
            return number

        guard = before.guard(is_listing=is_listing)
        return _Differing(combine(winner, guard, cell_pair, zero_stays=True), pairs)

    def _winner(self, *, is_listing: bool) -> tuple[Node, list[tuple[int, int]]]:
        """The pairs of winning rules that say something else, numbered from 1."""
        old, new = self._before.ranking, self._after.ranking
        says = [[said(grant) for grant in grants] for grants in (old.grants, new.grants)]
        rules: dict[tuple[int, int], int] = {}
        entries, width = self._entries, self._width

        def rule_pair(one: int, other: int) -> int:
            if says[0][one] == says[1][other]:
                return 0
            return rules.setdefault((one, other), len(rules) + 1)

        def listed(bare: int, slashed: int) -> int:
            sent, with_slash = entries[bare], entries[slashed]
            return rule_pair(
                old.listed(sent[:width], with_slash[:width]),
                new.listed(sent[width:], with_slash[width:]),
            )

        if is_listing:
            node = combine(self._matched, with_slash(self._matched), listed)
        else:
            node = relabel(
                self._matched, lambda number: rule_pair(entries[number][0], entries[number][width])
            )
        return node, list(rules)


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


class _Neighbours(NamedTuple):
    """The patterns on which two ACLs say something else, and the rules on both sides that can
    share a path with them."""

    near: Touching
    old: list[Grant]
    new: list[Grant]


def _neighbours(old: ACL, new: ACL) -> _Neighbours | None:
    """What a change can reach; None where more than rules differs."""
    if (
        old.is_root
        or new.is_root
        or old.dialect != new.dialect
        or old.namespaces != new.namespaces
        or old.token.namespace != new.token.namespace
        or old.guard.mounts != new.guard.mounts
    ):
        return None
    left = {grant.pattern: grant for grant in old.table}
    changed: list[Pattern] = []
    for grant in new.table:
        other = left.pop(grant.pattern, None)
        if other is None or not _same(other, grant):
            changed.append(grant.pattern)
    changed += left
    near = Touching(changed)
    before = [grant for grant in old.table if grant.pattern in near]
    # What only the new side has, has changed.
    patterns = {*changed, *(grant.pattern for grant in before)}
    return _Neighbours(near, before, [grant for grant in new.table if grant.pattern in patterns])


def _same(one: Grant, other: Grant) -> bool:
    if one.conditions is None and other.conditions is None:
        return one.mask == other.mask  # nearly always
    return said(one) == said(other)


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
