"""The catalogue of grants that lead further, over all paths of one server.

What every entry needs is known for every path, and beside it what is guarded there. A rule meets a
need on the paths on which it wins, if it has the capabilities. Most rules touch no need, and most
of the others could not meet it; rules that begin differently share no path, and are looked at
apart. All of that is remembered, since tokens have policies in common.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from policy.acl import BITS
from policy.analyze.guarded import Guarded, guard_node
from policy.analyze.partition import Cell, Lookup, Partition, request_path
from policy.analyze.path_map import (
    Node,
    combine,
    constant,
    pattern_node,
    split,
    union,
    values_on,
    with_slash,
)
from policy.analyze.path_set import PathSet
from policy.analyze.touching import Touching, head_of, slash_variants
from policy.catalog.escalations import escalations
from policy.model import Capability, Operation, Pattern, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policy.acl import Grant
    from policy.catalog import MountTable
    from policy.catalog.escalations import Entry, Need
    from policy.evaluate import ACL
    from policy.model import Dialect

__all__ = ["Catalogue", "Part"]


class Part(NamedTuple):
    """Paths on which the rule of a pattern wins and meets a need by an operation; `path` (byte
    text) is one of them that a request can have."""

    need: int
    pattern: Pattern
    operation: Operation
    paths: PathSet
    path: str


class Catalogue:
    """The catalogue for the ACLs of one server whose tokens are in one namespace. Needs are
    numbers."""

    def __init__(self, acl: ACL) -> None:
        self.known = _known(acl.dialect, acl.guard.mounts, acl.namespaces)
        self._listed_needs = frozenset().union(*(needs for _, needs in self.known.listed.meanings))
        self._listed = Touching(
            pattern for need in self._listed_needs for pattern in self.known.patterns[need]
        )
        self._touched: dict[Pattern, frozenset[int]] = {}
        self._parts: dict[object, tuple[Part, ...]] = {}

    @staticmethod
    def key(acl: ACL) -> object:
        """What ACLs must have in common to share one, apart from server and mounts."""
        return acl.namespaces, acl.token.namespace

    def touched(self, pattern: Pattern) -> frozenset[int]:
        """The needs that share a path with a pattern."""
        touched = self._touched.get(pattern)
        if touched is None:
            touched = self._touched[pattern] = frozenset(self._needs_on(pattern))
        return touched

    def _needs_on(self, pattern: Pattern) -> Iterator[int]:
        sent, listed = self.known.sent, self.known.listed
        for place in values_on(sent.node, pattern):
            yield from sent.meanings[place][1]
        if pattern in self._listed:
            # The slash that a list appends is not in the node.
            for variant in slash_variants(pattern):
                for place in values_on(listed.node, variant):
                    yield from listed.meanings[place][1]

    def can_be_met(self, need: int, pattern: Pattern, mask: int) -> bool:
        """Whether a rule of this pattern, with these capabilities, meets a need that it touches:
        on paths where it wins and `sudo` is not asked for besides."""
        known = self.known.needs[need]
        return known.can_be_met(mask) and (not known.need.everywhere or self._covers(pattern, need))

    def _covers(self, pattern: Pattern, need: int) -> bool:
        """Whether a pattern matches all of a path of the catalogue, not only some of its paths."""
        return any(
            pattern.matches(_member(whole))  # nearly always not even this one
            and PathSet.matching(whole) <= PathSet.matching(pattern)
            for whole in self.known.patterns[need]
        )

    def can_lead(self, most: Mapping[int, int]) -> bool:
        """Whether somebody can hold an entry who is granted no more than these capabilities, as
        bits, where a need is."""
        return any(
            self.known.needs[entry.main].can_be_met(most.get(entry.main, 0))
            for entry in self.known.entries
        )

    def parts(self, acl: ACL) -> Iterator[Part]:
        """Every need that a rule of the ACL meets, with the paths. Raises `AnalysisLimitError`."""
        touching = [grant for grant in acl.table if self.touched(grant.pattern)]
        for group in _groups(touching):
            key = tuple((grant.pattern, grant.mask) for grant in group)
            parts = self._parts.get(key)
            if parts is None:
                parts = self._parts[key] = tuple(self._of_group(acl, group))
            yield from parts

    def _of_group(self, acl: ACL, group: Sequence[Grant]) -> Iterator[Part]:
        """The same for rules with which no other rule shares a path. It follows from their patterns
        and capabilities."""
        possible = [
            (need, grant.pattern)
            for grant in group
            for need in self.touched(grant.pattern)
            if self.can_be_met(need, grant.pattern, grant.mask)
        ]
        if not possible:
            return
        # A need is met where both match, so the narrower one tells where to look.
        near = Touching(
            max(pattern, path, key=lambda each: len(head_of(each)))
            for need, pattern in possible
            for path in self.known.patterns[need]
        )
        partition = Partition(acl, near=near, grants=group)
        needs = frozenset(need for need, _ in possible)
        for context, lookups in (
            (self.known.sent, (Lookup.PLAIN, Lookup.WRITTEN)),
            (self.known.listed, (Lookup.LISTING,)),
        ):
            if context is self.known.sent or not needs.isdisjoint(self._listed_needs):
                yield from self._where_met(partition, context, lookups, needs)

    def _where_met(
        self,
        partition: Partition,
        context: _Context,
        lookups: Sequence[Lookup],
        possible: frozenset[int],
    ) -> Iterator[Part]:
        """Overlays winning rules with the catalogue; a pair of both is numbered if a need is met
        there."""
        uses: list[tuple[Pattern, list[tuple[int, Operation]]]] = []
        numbers: dict[tuple[int, int], int] = {}

        def number(rule: int, place: int) -> int:
            known = numbers.get((rule, place))
            if known is None:
                known = 0
                grant = partition.grants[rule]
                guarded, needs = context.meanings[place]
                if grant is not None:
                    found = list(self._uses(Cell(grant, guarded), needs & possible, lookups))
                    if found:
                        uses.append((grant.pattern, found))
                        known = len(uses)
                numbers[rule, place] = known
            return known

        winner = partition.winner(is_listing=Lookup.LISTING in lookups)
        node = combine(winner, context.node, number, zero_stays=True)
        sets: dict[Node, dict[int, Node]] = {}  # mostly two lookups are alike
        for lookup in lookups:
            sent = partition.by_request(lookup, node)
            if sent not in sets:
                sets[sent] = split(sent)
            for at, paths in sets[sent].items():
                pattern, found = uses[at - 1]
                for need, operation in found:
                    if Lookup.of(operation) is not lookup:
                        continue
                    path = request_path(partition.acl, paths, operation)
                    if path is not None:
                        yield Part(need, pattern, operation, PathSet(paths), path)

    def _uses(
        self, cell: Cell, needs: Iterable[int], lookups: Sequence[Lookup]
    ) -> Iterator[tuple[int, Operation]]:
        grant = cell.grant
        for need in sorted(needs):
            if grant is not None and self.can_be_met(need, grant.pattern, grant.mask):
                for lookup in lookups:
                    for operation in _meets(cell, self.known.needs[need].need, lookup):
                        yield need, operation


def _member(pattern: Pattern) -> str:
    return "/".join("any" if word == "+" else word for word in pattern.text.split("/"))


def _groups(grants: Iterable[Grant]) -> Iterator[list[Grant]]:
    """Rules that may share paths: those that begin with what the first of them begins with."""
    group: list[Grant] = []
    beginning = ""
    for head, _, grant in sorted((head_of(g.pattern), g.pattern, g) for g in grants):
        if group and not head.startswith(beginning):
            yield group
            group = []
        if not group:
            beginning = head
        group.append(grant)
    if group:
        yield group


class KnownNeed(NamedTuple):
    """A need, and the bits of the capabilities it takes: all of the one, one of the other."""

    need: Need
    all_bits: int
    any_bits: int

    @classmethod
    def of(cls, need: Need) -> KnownNeed:
        """The need with its bits."""
        return cls(need, *(sum(map(BITS.__getitem__, s)) for s in (need.all_of, need.any_of)))

    def can_be_met(self, mask: int) -> bool:
        """Whether these capabilities are enough, root-protected paths aside."""
        return mask & self.all_bits == self.all_bits and (
            not self.any_bits or mask & self.any_bits != 0
        )


class KnownEntry(NamedTuple):
    """An entry, and the numbers of its needs."""

    entry: Entry
    main: int
    also: tuple[int, ...]


class _Known(NamedTuple):
    """What is the same for everybody on one server."""

    needs: list[KnownNeed]
    patterns: list[list[Pattern]]
    """Of each need."""
    entries: list[KnownEntry]
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
    entries: list[KnownEntry] = []
    for entry in escalations(dialect):
        at = len(needs)
        needs += [entry.need, *entry.also_needs]
        entries.append(KnownEntry(entry, at, tuple(range(at + 1, len(needs)))))
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
    guard = guard_node(dialect, mounts, namespaces)
    return _Known(
        [KnownNeed.of(need) for need in needs],
        patterns,
        entries,
        _Context.of(guard.node, guard.meanings, sent, meanings),
        _Context.of(guard.with_slash, guard.meanings, listed, meanings),
    )


def _meets(cell: Cell, need: Need, lookup: Lookup) -> Iterator[Operation]:
    """The operation by which a cell meets a need that its rule has the capabilities for, if it
    does."""
    if cell.guarded.open is not None:
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
