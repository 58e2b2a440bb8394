"""Which grants of the catalogue one ACL holds, on exactly which paths, with a request for each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from policy.acl import SUDO_BIT
from policy.analyze.evidence import allowed_request
from policy.analyze.guarded import Guarded, guard_node
from policy.analyze.partition import Cell, Lookup, Partition, request_path
from policy.analyze.path_map import Node, combine, constant, pattern_node, split, union, with_slash
from policy.analyze.path_set import PathSet
from policy.analyze.touching import Touching
from policy.catalog.escalations import escalations
from policy.model import Capability, Operation, Pattern, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.catalog import MountTable
    from policy.catalog.escalations import Entry, Need
    from policy.evaluate import ACL, Decision
    from policy.model import Dialect

__all__ = ["Finding", "findings"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One grant of the catalogue that an ACL holds.

    `paths` are all on which it is held and `decision` an allowed request on one of them; `also`
    are allowed requests for what else is needed. Without all of those, or where it takes something
    that no policy grants, it is only half of the way, and `is_complete` is false.
    """

    entry: Entry
    paths: PathSet
    decision: Decision
    also: tuple[Decision, ...]
    is_complete: bool


def findings(acl: ACL) -> tuple[Finding, ...]:
    """Everything in the catalogue that the ACL grants by a rule, in the order of the catalogue.

    Calls that need no token are nobody's grant. Raises `AnalysisLimitError`.
    """
    known = _known(acl.dialect, acl.guard.mounts, acl.namespaces)
    partition = Partition(acl, near=known.near)
    held: defaultdict[int, list[_Part]] = defaultdict(list)
    for number, part in _parts(partition, known):
        held[number].append(part)
    found: list[Finding] = []
    for entry, main, also in known.entries:
        parts = held.get(main, [])
        if entry.need.everywhere:
            parts = [part for part in parts if _covers(part.cell, known.patterns[main])]
        shown = _shown(acl, parts)
        if shown is None:
            continue
        further = [_shown(acl, held.get(number, [])) for number in also]
        found.append(
            Finding(
                entry,
                PathSet.union(part.paths for part in parts),
                shown,
                tuple(decision for decision in further if decision is not None),
                None not in further and not entry.possession,
            )
        )
    return tuple(found)


class _Known(NamedTuple):
    """The catalogue over all paths of one server."""

    needs: list[Need]
    patterns: list[list[Pattern]]
    """Of each need."""
    entries: list[tuple[Entry, int, tuple[int, ...]]]
    near: Touching
    sent: _Context
    listed: _Context


class _Context(NamedTuple):
    """A node that tells what is guarded on a path, and which needs are met there if granted."""

    node: Node
    meanings: list[tuple[Guarded, frozenset[int]]]

    @classmethod
    def of(
        cls,
        guard: Node,
        guarded: Sequence[Guarded],
        needs: Node,
        met: Sequence[frozenset[int]],
    ) -> _Context:
        """From the two that it says together."""
        numbers: dict[tuple[int, int], int] = {}

        def both(one: int, other: int) -> int:
            return numbers.setdefault((one, other), len(numbers))

        node = combine(guard, needs, both)
        return cls(node, [(guarded[one], met[other]) for one, other in numbers])


@lru_cache(maxsize=16)
def _known(dialect: Dialect, mounts: MountTable, namespaces: tuple[str, ...]) -> _Known:
    needs: list[Need] = []
    entries: list[tuple[Entry, int, tuple[int, ...]]] = []
    for entry in escalations(dialect):
        at = len(needs)
        needs += [entry.need, *entry.also_needs]
        entries.append((entry, at, tuple(range(at + 1, len(needs)))))
    meanings: list[frozenset[int]] = [frozenset()]
    numbers: dict[frozenset[int], int] = {frozenset(): 0}
    patterns: list[list[Pattern]] = []
    sent = listed = constant(0)
    for number, need in enumerate(needs):
        own = [
            Pattern.compile(str(pattern), plain_text(namespace))
            for namespace in ("", *namespaces)
            for pattern in need.patterns(mounts)
        ]
        patterns.append(own)
        paths = union(pattern_node(pattern) for pattern in own)

        def both(one: int, other: int, number: int = number) -> int:
            meaning = meanings[one] | {number} if other else meanings[one]
            if meaning not in numbers:
                numbers[meaning] = len(meanings)
                meanings.append(meaning)
            return numbers[meaning]

        if Capability.LIST in need.all_of | need.any_of:
            listed = combine(listed, combine(paths, with_slash(paths), max), both)
        sent = combine(sent, paths, both)
    near = Touching(pattern for own in patterns for pattern in own)
    guard, guarded = guard_node(dialect, mounts, namespaces)
    return _Known(
        needs,
        patterns,
        entries,
        near,
        _Context.of(guard, guarded, sent, meanings),
        _Context.of(with_slash(guard), guarded, listed, meanings),
    )


class _Part(NamedTuple):
    """Paths of one cell on which a need is met by an operation."""

    cell: Cell
    operation: Operation
    paths: PathSet


def _parts(partition: Partition, known: _Known) -> Iterator[tuple[int, _Part]]:
    """Every need that is met, with the paths. Where no rule matches none is."""
    for context, lookups in (
        (known.sent, (Lookup.PLAIN, Lookup.WRITTEN)),
        (known.listed, (Lookup.LISTING,)),
    ):
        met = _Met(partition, context, known.needs, lookups)
        winner = partition.winner(is_listing=Lookup.LISTING in lookups)
        node = combine(winner, context.node, met.number, zero_stays=True)
        for lookup in lookups:
            for at, paths in split(partition.by_request(lookup, node)).items():
                cell, uses = met.uses[at - 1]
                for need, operation in uses:
                    if Lookup.of(operation) is lookup:
                        yield need, _Part(cell, operation, PathSet(paths))


class _Met:
    """Numbers the pairs of a rule and a place in the catalogue in which a need is met."""

    def __init__(
        self, partition: Partition, context: _Context, needs: list[Need], lookups: Sequence[Lookup]
    ) -> None:
        self._partition = partition
        self._context = context
        self._needs = needs
        self._lookups = lookups
        self._known: dict[tuple[int, int], int] = {}
        self.uses: list[tuple[Cell, list[tuple[int, Operation]]]] = []

    def number(self, rule: int, place: int) -> int:
        key = rule, place
        known = self._known.get(key)
        if known is None:
            guarded, meaning = self._context.meanings[place]
            cell = Cell(self._partition.grants[rule], guarded)
            uses = [
                (need, operation)
                for need in meaning
                for lookup in self._lookups
                for operation in _meets(cell, self._needs[need], lookup)
            ]
            if uses:
                self.uses.append((cell, uses))
            known = self._known[key] = len(self.uses) if uses else 0
        return known


def _meets(cell: Cell, need: Need, lookup: Lookup) -> Iterator[Operation]:
    """The operation by which a cell meets a need, if it does."""
    if cell.guarded.open is not None:
        return
    grant = cell.grant
    if Capability.SUDO in need.all_of and not (
        cell.is_root or (grant is not None and grant.mask & SUDO_BIT)
    ):
        return
    required = [Operation(word) for word in sorted(need.all_of - {Capability.SUDO})]
    if not all(Lookup.of(o) is lookup and cell.lets(o) for o in required):
        return
    choices = [Operation(word) for word in sorted(need.any_of)]
    chosen = [o for o in choices if Lookup.of(o) is lookup and cell.lets(o)]
    if choices and not chosen:
        return
    # An update says more than the other words that would do.
    best = [*required, *chosen]
    yield _UPDATE if _UPDATE in best else best[0]


_UPDATE: Final = Operation.UPDATE


def _covers(cell: Cell, patterns: list[Pattern]) -> bool:
    """Whether the rule of a cell matches everything that one of the patterns does."""
    if cell.is_root:
        return True
    if cell.grant is None:
        return False
    own = PathSet.matching(cell.grant.pattern)
    return any(PathSet.matching(pattern) <= own for pattern in patterns)


def _shown(acl: ACL, parts: list[_Part]) -> Decision | None:
    """An allowed request, that with the shortest path."""
    found = []
    for part in parts:
        path = request_path(acl, part.paths.node, part.operation)
        if path is not None:
            found.append((len(path), path, part))
    for _, path, part in sorted(found, key=lambda each: each[:2]):
        deciding = part.cell.deciding
        conditions = None if deciding is None else deciding.conditions
        decision = allowed_request(acl, part.operation, path, conditions)
        if decision is not None:
            return decision
    return None
