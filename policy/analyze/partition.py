"""All paths, divided by what decides about them: which rule wins and what the server guards.

There are three ways to look a path up. Reads, deletes and patches take the path as sent; creates
and updates too, except that the bare name of a mount gets a slash; lists and scans append a slash
and look for the path with and without it, in an order that is the dialect's. For the last one the
sets hold paths *before* that slash is appended.

The order among rules is `Pattern.rank` and the order of lookups that of `Table.find_listing`;
nothing is ranked anew here, and every claim made from a partition is confirmed by `ACL.decide`.
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
from policy.analyze.winners import winners
from policy.analyze.witness import Form, witness
from policy.model import Capability, Listing, Operation, PatternKind, byte_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.acl import Grant
    from policy.analyze.touching import Touching
    from policy.evaluate import ACL
    from policy.model import Pattern

__all__ = ["Cell", "Lookup", "Partition", "request_path"]


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

    With `near`, only rules that can share a path with one of these patterns are looked at: what
    is said of other paths is then not what the ACL says. With `only_rules`, what is guarded is not
    told where no rule matches, which saves looking there.

    Everything here raises `AnalysisLimitError` when the exact answer would be too large.
    """

    def __init__(self, acl: ACL, *, near: Touching | None = None, only_rules: bool = False) -> None:
        self.acl = acl
        grants = acl.table if near is None else [g for g in acl.table if g.pattern in near]
        self.grants: list[Grant | None] = [
            None,
            *sorted(grants, key=lambda g: (g.pattern.kind is PatternKind.EXACT, g.pattern.rank)),
        ]
        """The rules by number; a larger number ranks higher, and 0 is no rule."""
        mounts = acl.guard.mounts
        self._guard, self._guarded = guard_node(acl.dialect, mounts, acl.namespaces)
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

    @cached_property
    def _exact(self) -> Node:
        return self._winners(lambda pattern: pattern.kind is PatternKind.EXACT)

    @cached_property
    def _wildcard(self) -> Node:
        return self._winners(lambda pattern: pattern.kind is not PatternKind.EXACT)

    def _winners(self, wanted: Callable[[Pattern], bool]) -> Node:
        return winners(
            (grant.pattern, number)
            for number, grant in enumerate(self.grants)
            if grant is not None and wanted(grant.pattern)
        )

    @cached_property
    def looked_up(self) -> Node:
        """The number of a cell for every path as it is compared with rules, but for lists."""
        return self._cells(self.winner(is_listing=False), self._guard)

    def winner(self, *, is_listing: bool) -> Node:
        """The number of the winning rule, see `cell_of`; 0 where no rule matches."""
        if self.acl.is_root:
            return with_slash(self._root) if is_listing else self._root
        return self._listed() if is_listing else combine(self._exact, self._wildcard, max)

    def guard(self, *, is_listing: bool) -> Node:
        """The number of what is guarded, see `cell_of`."""
        return with_slash(self._guard) if is_listing else self._guard

    def cell_of(self, rule: int, guarded: int) -> Cell:
        """The cell where this rule wins and this is guarded."""
        if rule == _ROOT:
            return Cell(None, self._guarded[guarded], is_root=True)
        return Cell(self.grants[rule], self._guarded[guarded])

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
        # The bare name of a namespace is looked up inside that namespace, by that very name.
        for namespace in namespaces:
            bare = namespace[:-1]
            node = with_value(node, bare, find(source, namespace + bare))
        if self.acl.dialect.self_requests_follow_token:
            own = byte_text(self.acl.token.namespace)
            for namespace in ("", *namespaces):
                for path in _ABOUT_THE_TOKEN:
                    node = with_value(node, namespace + path, find(source, own + path))
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

    def _listed(self) -> Node:
        """Which rule wins for a list, by the path before its slash is appended."""
        with_one = with_slash(self._exact)
        bare, slashed = self._wildcard, with_slash(self._wildcard)
        match self.acl.dialect.listing:
            case Listing.WITH_SLASH_ONLY:
                order = [with_one, self._exact, slashed]
            case Listing.WITHOUT_SLASH_FIRST:
                order = [with_one, self._exact, bare, slashed]
            case Listing.WITH_SLASH_FIRST:
                order = [with_one, self._exact, slashed, bare]
            case Listing.BEST_DENY_OR_LIST:
                order = [with_one, self._exact, self._best_deny_or_list(bare, slashed)]
        node = order.pop()
        while order:
            node = combine(order.pop(), node, lambda one, two: one or two)
        return node

    def _best_deny_or_list(self, bare: Node, slashed: Node) -> Node:
        """Vault 2.0: the best deny, unless a rule with `list` ranks at least as high; then that
        one; without either, the best of all. Of the prefix patterns only the longest takes part."""
        grants = self.grants
        list_bit = BITS[Capability.LIST]
        prefixes = self._winners(lambda pattern: pattern.kind is PatternKind.PREFIX)

        def best(wanted: Callable[[Grant], object]) -> Node:
            numbers = [grant is not None and bool(wanted(grant)) for grant in grants]
            segments = winners(
                (grant.pattern, number)
                for number, grant in enumerate(grants)
                if grant is not None
                and numbers[number]
                and grant.pattern.kind is PatternKind.SEGMENT
            )
            one = combine(segments, prefixes, lambda a, b: max(a, b) if numbers[b] else a)
            return combine(one, with_slash(one), max)

        deny = best(lambda grant: grant.is_deny)
        lists = best(lambda grant: grant.mask & list_bit)
        # The larger number ranks higher.
        stricter = combine(deny, lists, max)
        return combine(stricter, combine(bare, slashed, max), lambda one, other: one or other)
