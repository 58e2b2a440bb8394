"""All paths, divided by what decides about them: which rule wins and what the server guards.

There are three ways to look a path up. Reads, deletes and patches take the path as sent; creates
and updates too, except that the bare name of a mount gets a slash; lists and scans append a slash
and look for the path with and without it, in an order that is the dialect's. For the last one the
sets hold paths *before* that slash is appended.

Which rule wins tells `policy.analyze.ranking`; every claim made from a partition is confirmed by
`ACL.decide`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from policy.acl import BITS
from policy.analyze.guarded import UNGUARDED, Guarded, guard_node
from policy.analyze.path_map import (
    Node,
    combine,
    constant,
    find,
    graft,
    relabel,
    split,
    with_slash,
    with_value,
)
from policy.analyze.path_set import PathSet
from policy.analyze.ranking import Entries, Ranking
from policy.analyze.winners import winners
from policy.analyze.witness import Form, witness
from policy.model import Capability, Operation, byte_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.acl import Grant
    from policy.analyze.touching import Touching
    from policy.evaluate import ACL
    from policy.model import Dialect

__all__ = ["Cell", "Lookup", "Partition", "looked_up_elsewhere", "request_path"]


class Lookup(StrEnum):
    """A way in which a path is looked up."""

    PLAIN = "plain"
    WRITTEN = "written"
    LISTING = "listing"

    @classmethod
    def of(cls, operation: Operation) -> Lookup:
        """The way of an operation."""
        if operation.is_listing:
            return cls.LISTING
        if operation in (Operation.CREATE, Operation.UPDATE):
            return cls.WRITTEN
        return cls.PLAIN

    @property
    def form(self) -> Form:
        """Which paths of a set some request can have; that of a list has no slash yet."""
        return Form.WITHOUT_SLASH if self is Lookup.LISTING else Form.REQUEST


def request_path(acl: ACL, paths: Node, operation: Operation) -> str | None:
    """A path (byte text) out of a set on which the ACL is asked about the operation; None when
    there is none. For a list it is without the slash that is appended."""
    if operation not in _WRITES:
        return witness(paths, Lookup.of(operation).form)
    found = witness(paths, Form.WITHOUT_SLASH)
    if found is None:
        # No write ends in a slash, but for one to a namespace itself.
        found = next((name for name in acl.namespaces if find(paths, name)), None)
    return found


def looked_up_elsewhere(
    dialect: Dialect, namespaces: Iterable[str], own: str
) -> Iterator[tuple[str, str]]:
    """Paths that are looked up by another one than was sent, in this order; all byte text. `own`
    is the namespace of the token."""
    # The bare name of a namespace is looked up inside that namespace, by that very name.
    for namespace in namespaces:
        yield namespace[:-1], namespace + namespace[:-1]
    if dialect.self_requests_follow_token:
        for namespace in ("", *namespaces):
            for path in _ABOUT_THE_TOKEN:
                yield namespace + path, own + path


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """Paths on which the same rule wins and the same is guarded."""

    grant: Grant | None = None
    guarded: Guarded = UNGUARDED
    is_root: bool = False
    """The token is root here."""

    def lets(self, operation: Operation) -> bool:
        """Whether the operation is allowed, if the request meets the rule's conditions."""
        guarded = self.guarded
        if guarded.refused or operation in guarded.lacks:
            return False
        if guarded.open is not None or self.is_root:
            return True
        grant, capability = self.grant, operation.capability
        if grant is None or grant.is_deny or capability is None:
            return False
        if not grant.mask & BITS[capability]:
            return False
        return guarded.protected is None or bool(grant.mask & _SUDO)

    @property
    def deciding(self) -> Grant | None:
        """The rule, where it is a rule that decides."""
        if self.is_root or self.guarded.refused or self.guarded.open is not None:
            return None
        return self.grant


_ABOUT_THE_TOKEN: Final = tuple(
    f"auth/token/{name}" for name in ("lookup", "lookup-self", "renew-self", "revoke-self")
)
_WRITES: Final = frozenset({Operation.CREATE, Operation.UPDATE, Operation.PATCH})
_SUDO: Final = BITS[Capability.SUDO]
_ROOT: Final = -1


class Partition:
    """The partition of one ACL. Computed when it is first asked for, then kept.

    With `near`, no rule is told on paths that none of these patterns matches, with or without a
    final slash; `grants` are then the rules that can share a path with them, if they are known
    already. With `only_rules`, what is guarded is not told where no rule matches, which saves
    looking there.

    Everything here raises `AnalysisLimitError` when the exact answer would be too large.
    """

    def __init__(
        self,
        acl: ACL,
        *,
        near: Touching | None = None,
        grants: Iterable[Grant] | None = None,
        only_rules: bool = False,
    ) -> None:
        self.acl = acl
        if grants is None:
            grants = acl.table if near is None else [g for g in acl.table if g.pattern in near]
        self.ranking = Ranking(grants, acl.dialect.listing)
        self._entries = Entries(self.ranking.width)
        self._within = None if near is None else near.patterns
        mounts = acl.guard.mounts
        self._guard = guard_node(acl.dialect, mounts, acl.namespaces)
        self.cells: list[Cell] = [Cell()]
        """What the numbers of the nodes mean."""
        self._known: dict[tuple[int, int], int] = {(0, 0): 0}
        self._only_rules = only_rules

    def node(self, lookup: Lookup) -> Node:
        """The number of a cell for every path."""
        match lookup:
            case Lookup.PLAIN:
                return self._plain
            case Lookup.WRITTEN:
                return self._written
            case Lookup.LISTING:
                return self._listing

    def cell(self, operation: Operation, path: str) -> Cell:
        """The cell of one path (byte text; that of a list without its final slash)."""
        return self.cells[find(self.node(Lookup.of(operation)), path)]

    def divided(self, lookup: Lookup) -> Iterator[tuple[Cell, PathSet]]:
        """Every cell with its paths; together they are all paths, and none is in two."""
        shifted = relabel(self.node(lookup), lambda number: number + 1)
        for number, node in split(shifted).items():
            yield self.cells[number - 1], PathSet(node)

    def allowed(self, operation: Operation) -> PathSet:
        """The paths on which the operation is allowed to a request that meets the conditions."""
        lets = [cell.lets(operation) for cell in self.cells_of(Lookup.of(operation))]
        return PathSet(relabel(self.node(Lookup.of(operation)), lambda number: int(lets[number])))

    def cells_of(self, lookup: Lookup) -> Sequence[Cell]:
        """All cells, after those of this lookup have been computed."""
        self.node(lookup)
        return self.cells

    @property
    def grants(self) -> list[Grant | None]:
        """The rules by number, see `Ranking`."""
        return self.ranking.grants

    @cached_property
    def _matched(self) -> Node:
        """The number of an entry for every path: what counts of all the rules that match."""
        ranking, entries = self.ranking, self._entries
        numbered = (
            (grant.pattern, entries.number(ranking.entry(number)))
            for number, grant in enumerate(ranking.grants)
            if grant is not None
        )
        return winners(numbered, self._within, entries.join)

    @cached_property
    def looked_up(self) -> Node:
        """The number of a cell for every path as it is compared with rules, but for lists."""
        return self._cells(self.winner(is_listing=False), self._guard.node)

    def winner(self, *, is_listing: bool) -> Node:
        """The number of the winning rule, see `cell_of`; 0 where no rule matches."""
        if self.acl.is_root:
            return with_slash(self._root) if is_listing else self._root
        entries, ranking = self._entries.by_number, self.ranking
        if not is_listing:
            if ranking.width == 1:
                return self._matched  # entries have the numbers of the rules
            return relabel(self._matched, lambda number: entries[number][0])
        return combine(
            self._matched,
            with_slash(self._matched),
            lambda bare, slashed: ranking.listed(entries[bare], entries[slashed]),
        )

    def guard(self, *, is_listing: bool) -> Node:
        """The number of what is guarded, see `cell_of`."""
        return self._guard.with_slash if is_listing else self._guard.node

    def cell_of(self, rule: int, guarded: int) -> Cell:
        """The cell where this rule wins and this is guarded."""
        if rule == _ROOT:
            return Cell(None, self._guard.meanings[guarded], is_root=True)
        return Cell(self.grants[rule], self._guard.meanings[guarded])

    def by_request(self, lookup: Lookup, node: Node) -> Node:
        """A node over paths as they are looked up, turned into one over paths as they are sent."""
        source = node
        namespaces = self.acl.namespaces
        if lookup is Lookup.LISTING:
            return node
        if lookup is Lookup.WRITTEN:
            # A write to the bare name of a mount is looked up with a slash behind it; one to
            # `sys` is redirected.
            for namespace in ("", *namespaces):
                for name in sorted(self.acl.bare_mounts):
                    path = namespace + name
                    if path != "sys":
                        node = with_value(node, path, find(source, path + "/"))
            source = node
        own = byte_text(self.acl.token.namespace)
        for sent, path in looked_up_elsewhere(self.acl.dialect, namespaces, own):
            node = with_value(node, sent, find(source, path))
        return node

    @cached_property
    def _plain(self) -> Node:
        return self.by_request(Lookup.PLAIN, self.looked_up)

    @cached_property
    def _written(self) -> Node:
        return self.by_request(Lookup.WRITTEN, self.looked_up)

    @cached_property
    def _listing(self) -> Node:
        return self._cells(self.winner(is_listing=True), self.guard(is_listing=True))

    @property
    def _root(self) -> Node:
        """Where a token with the root policy is root: in its namespace and below."""
        root = constant(_ROOT)
        namespace = byte_text(self.acl.token.namespace)
        return graft(constant(0), namespace[:-1].split("/"), root) if namespace else root

    def _cells(self, winner: Node, guard: Node) -> Node:
        known, cells = self._known, self.cells

        def number(one: int, two: int) -> int:
            key = one, two
            found = known.get(key)
            if found is None:
                found = known[key] = len(cells)
                cells.append(self.cell_of(one, two))
            return found

        return combine(winner, guard, number, zero_stays=self._only_rules)
