"""What two ACLs allow differently: on exactly which paths, by which rules, and a request that shows
it.

Both partitions are laid over each other. Where the pair of winning cells allows the same under the
same conditions nothing is reported; what is left is grouped by the two rules.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from policy.analyze.evidence import allowed_request, confirm, telling_request
from policy.analyze.overlay import Pair, comparable, overlaid, said
from policy.analyze.partition import Cell, Lookup, request_path
from policy.analyze.path_set import PathSet
from policy.model import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.acl import Grant
    from policy.catalog import Fact
    from policy.evaluate import ACL, Decision
    from policy.model import Conditions

__all__ = ["OPERATIONS", "Change", "Direction", "OperationChange", "difference", "equivalent"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation.CREATE,
    Operation.READ,
    Operation.UPDATE,
    Operation.DELETE,
    Operation.LIST,
    Operation.PATCH,
    Operation.SCAN,
)
"""The operations that rules tell apart. `renew`, `revoke` and `rollback` go by `update`."""


class Direction(StrEnum):
    """How what is allowed changes."""

    GAINED = "gained"
    LOST = "lost"
    LOOSENED = "loosened"
    """Allowed on both sides; the new one lets requests through that the old one refuses."""
    TIGHTENED = "tightened"
    """Allowed on both sides; the new one refuses requests that the old one lets through."""

    @property
    def is_more(self) -> bool:
        """Whether the new side allows something that the old one does not."""
        return self in (Direction.GAINED, Direction.LOOSENED)


@dataclass(frozen=True, slots=True)
class OperationChange:
    """One operation that changes. Old and new decide the same request, one allows it, the other
    does not."""

    operation: Operation
    direction: Direction
    old: Decision
    new: Decision


@dataclass(frozen=True, slots=True)
class Change:
    """Paths on which the same two rules win and the same operations change.

    `old` and `new` are the winning rules, None where no rule decides. `paths` of a listing are
    those before the slash is appended.
    """

    old: Grant | None
    new: Grant | None
    paths: PathSet
    is_listing: bool
    protected: tuple[Fact, ...]
    """Why the paths are root-protected; empty where they are not. A change is never both."""
    operations: tuple[OperationChange, ...]

    @property
    def directions(self) -> frozenset[Direction]:
        """Everything that happens to one of the operations."""
        return frozenset(change.direction for change in self.operations)


def difference(
    old: ACL, new: ACL, operations: Sequence[Operation] = OPERATIONS
) -> tuple[Change, ...]:
    """Everything that two ACLs allow differently, root-protected paths first.

    Exact: outside the paths that are returned both decide alike, for every request without
    conditions. Conditions are compared by requests at their bounds (see `policy.analyze.evidence`).
    Raises `AnalysisLimitError`.
    """
    known = old.dialect.capabilities | new.dialect.capabilities
    operations = [operation for operation in operations if operation.capability in known]
    groups: defaultdict[object, list[_Found]] = defaultdict(list)
    for pair in overlaid(old, new, _effect, operations):
        found = _confirmed(old, new, pair, operations)
        if found:
            each = _Found(pair.old, pair.new, pair.paths, pair.lookup, found)
            rules = id(each.old.deciding), id(each.new.deciding)
            is_listing = pair.lookup is Lookup.LISTING
            groups[rules, each.protected is not None, is_listing].append(each)
    changes = [change for group in groups.values() for change in _merged(group)]
    return tuple(sorted(changes, key=_order))


def equivalent(old: ACL, new: ACL) -> bool:
    """Whether on every path a request can have the winning rules say the same.

    Stricter than an empty difference: capabilities that change no verdict count, and conditions
    have to be the same instead of merely being met by the same requests. No rule at all says the
    same as one that grants nothing. Raises `AnalysisLimitError`.
    """
    return all(
        pair.paths.witness(pair.lookup.form) is None
        for pair in overlaid(old, new, lambda cell, _: _whole(cell), OPERATIONS)
    )


def _whole(cell: Cell) -> object:
    """Everything that is said on a cell."""
    if cell.guarded.refused or cell.guarded.open is not None:
        return None
    return cell.is_root, said(cell.grant)


def _effect(cell: Cell, operations: Sequence[Operation]) -> object:
    """What is allowed, and under which conditions."""
    lets = tuple(cell.lets(operation) for operation in operations)
    conditions = _conditions(cell) if any(lets) else None
    return lets, None if conditions is None else comparable(conditions)


@dataclass(frozen=True, slots=True)
class _Found:
    """What one lookup finds on one pair of cells."""

    old: Cell
    new: Cell
    paths: PathSet
    lookup: Lookup
    operations: tuple[OperationChange, ...]

    @property
    def protected(self) -> Fact | None:
        return self.new.guarded.protected or self.old.guarded.protected


def _merged(group: list[_Found]) -> Iterator[Change]:
    """The changes of one pair of rules: operations that change on the same paths together."""
    by_operation: defaultdict[tuple[Operation, Direction], list[_Found]] = defaultdict(list)
    for each in group:
        for change in each.operations:
            by_operation[change.operation, change.direction].append(each)
    by_paths: defaultdict[PathSet, list[tuple[Operation, Direction]]] = defaultdict(list)
    for which, parts in by_operation.items():
        by_paths[PathSet.union(part.paths for part in parts)].append(which)
    for paths, operations in by_paths.items():
        operations.sort(key=lambda which: OPERATIONS.index(which[0]))
        parts = by_operation[operations[0]]
        facts = {part.protected.id: part.protected for part in parts if part.protected}
        yield Change(
            group[0].old.deciding,
            group[0].new.deciding,
            paths,
            group[0].lookup is Lookup.LISTING,
            tuple(facts.values()),
            tuple(_shortest(by_operation[which], which) for which in operations),
        )


def _shortest(parts: list[_Found], which: tuple[Operation, Direction]) -> OperationChange:
    """Of the requests that show a change the one with the shortest path."""
    return min(
        (c for part in parts for c in part.operations if (c.operation, c.direction) == which),
        key=lambda change: (len(change.old.request.path), change.old.request.path),
    )


def _order(change: Change) -> tuple[bool, str, bool]:
    return not change.protected, change.operations[0].old.request.path, change.is_listing


def _confirmed(
    old: ACL, new: ACL, pair: Pair, operations: Sequence[Operation]
) -> tuple[OperationChange, ...]:
    """What is left of a pair: differences with a request that shows them."""
    return tuple(
        change
        for operation in operations
        if Lookup.of(operation) is pair.lookup
        for change in _operation(old, new, operation, pair.old, pair.new, pair.paths)
    )


def _conditions(cell: Cell) -> Conditions | None:
    return None if cell.deciding is None else cell.deciding.conditions


def _operation(
    old: ACL, new: ACL, operation: Operation, before: Cell, after: Cell, paths: PathSet
) -> Iterator[OperationChange]:
    had, has = before.lets(operation), after.lets(operation)
    if not had and not has:
        return
    conditions = [c for c in (_conditions(before), _conditions(after)) if c is not None]
    if had and has and not conditions:
        return
    path = request_path(new if has else old, paths.node, operation)
    if path is None:
        return
    if had and has:
        for allowing, refusing, direction in (
            (new, old, Direction.LOOSENED),
            (old, new, Direction.TIGHTENED),
        ):
            shown = telling_request(allowing, refusing, operation, path, conditions)
            if shown is not None:
                one, two = shown if direction is Direction.TIGHTENED else reversed(shown)
                yield OperationChange(operation, direction, one, two)
        return
    cell = after if has else before
    allowed = allowed_request(new if has else old, operation, path, _conditions(cell))
    if allowed is not None:
        refused = confirm(old if has else new, allowed.request, allowed=False)
        if has:
            yield OperationChange(operation, Direction.GAINED, refused, allowed)
        else:
            yield OperationChange(operation, Direction.LOST, allowed, refused)
