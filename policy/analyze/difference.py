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
from policy.analyze.partition import Cell, Lookup, Partition, form_of
from policy.analyze.path_map import combine, split
from policy.analyze.path_set import PathSet
from policy.analyze.touching import Touching
from policy.analyze.witness import Form, witness
from policy.model import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policy.acl import Grant
    from policy.analyze.path_map import Node
    from policy.catalog import Fact
    from policy.evaluate import ACL, Decision
    from policy.model import Conditions, Pattern

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
    near = _changed(old, new)
    before, after = Partition(old, near=near), Partition(new, near=near)
    groups: defaultdict[object, list[_Found]] = defaultdict(list)
    for lookup, pairs in _overlaid(before, after, operations, share=near is not None):
        for each in _confirmed(before, after, lookup, operations, pairs):
            rules = id(each.old.deciding), id(each.new.deciding)
            is_listing = lookup is Lookup.LISTING
            groups[rules, each.protected is not None, is_listing].append(each)
    changes = [change for group in groups.values() for change in _merged(group)]
    return tuple(sorted(changes, key=_order))


def equivalent(old: ACL, new: ACL) -> bool:
    """Whether on every path a request can have the winning rules say the same.

    Stricter than an empty difference: capabilities that change no verdict count, and conditions
    have to be the same instead of merely being met by the same requests. No rule at all says the
    same as one that grants nothing. Raises `AnalysisLimitError`.
    """
    near = _changed(old, new)
    before, after = Partition(old, near=near), Partition(new, near=near)
    for lookup in Lookup:
        form = Form.REQUEST if lookup is Lookup.PLAIN else Form.WITHOUT_SLASH
        one, other = before.node(lookup), after.node(lookup)
        said_before = [_whole(cell) for cell in before.cells]
        said_after = [_whole(cell) for cell in after.cells]
        differs = combine(one, other, _unequal(said_before, said_after))
        if witness(differs, form) is not None:
            return False
    return True


def _unequal(one: Sequence[object], other: Sequence[object]) -> Callable[[int, int], int]:
    return lambda a, b: int(one[a] != other[b])


def _whole(cell: Cell) -> object:
    if cell.guarded.refused or cell.guarded.open is not None:
        return None
    grant = cell.grant
    return cell.is_root, 0 if grant is None else _said(grant)


def _changed(old: ACL, new: ACL) -> Touching | None:
    """The patterns on which the two say something else; None where more than rules differs.

    A path that none of them matches, with or without a final slash, is decided by rules that are
    the same on both sides. So only rules near them can have a part in a difference.
    """
    if (
        old.is_root
        or new.is_root
        or old.dialect != new.dialect
        or old.namespaces != new.namespaces
        or old.guard.mounts != new.guard.mounts
    ):
        return None
    said = {grant.pattern: _said(grant) for grant in old.table}
    changed: list[Pattern] = []
    for grant in new.table:
        if said.pop(grant.pattern, None) != _said(grant):
            changed.append(grant.pattern)
    return Touching([*changed, *said])


def _said(grant: Grant) -> object:
    conditions = grant.conditions
    if conditions is None:
        return grant.mask
    rest = (
        conditions.list_filter,
        conditions.control_group,
        conditions.mfa_methods,
        conditions.subscribe_event_types,
    )
    return grant.mask, _comparable(conditions), rest


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


_Pairs = list[tuple[Cell, Cell, PathSet]]


def _overlaid(
    before: Partition, after: Partition, operations: Sequence[Operation], *, share: bool
) -> Iterator[tuple[Lookup, _Pairs]]:
    """For each lookup the pairs of cells that differ in an operation, with their paths.

    Reads and writes compare the same paths with rules; where both sides send paths to the same
    place (`share`), they are laid over each other once for both.
    """
    unsent = [operation for operation in operations if not operation.is_listing]
    if share:
        node, pairs = _differing(before, after, before.looked_up, after.looked_up, unsent)
    for lookup in Lookup:
        if not share or lookup is Lookup.LISTING:
            asked = [operation for operation in operations if Lookup.of(operation) is lookup]
            one, other = before.node(lookup), after.node(lookup)
            sent, pairs = _differing(before, after, one, other, asked)
        else:
            sent = before.by_request(lookup, node)
        yield (
            lookup,
            [(*pairs[at - 1], PathSet(paths)) for at, paths in split(sent).items()],
        )


def _differing(
    before: Partition,
    after: Partition,
    one: Node,
    other: Node,
    operations: Sequence[Operation],
) -> tuple[Node, list[tuple[Cell, Cell]]]:
    """A node that numbers the pairs of cells that differ, from 1; 0 is no difference."""
    effects_before = _effects(before.cells, operations)
    effects_after = _effects(after.cells, operations)
    numbers: dict[tuple[int, int], int] = {}

    def number(a: int, b: int) -> int:
        if effects_before[a] == effects_after[b]:
            return 0
        return numbers.setdefault((a, b), len(numbers) + 1)

    node = combine(one, other, number)
    return node, [(before.cells[a], after.cells[b]) for a, b in numbers]


def _confirmed(
    before: Partition,
    after: Partition,
    lookup: Lookup,
    operations: Sequence[Operation],
    pairs: _Pairs,
) -> Iterator[_Found]:
    """What is left of the pairs: differences with a request that shows them."""
    asked = [operation for operation in operations if Lookup.of(operation) is lookup]
    for old, new, paths in pairs:
        changes = [
            change
            for operation in asked
            for change in _operation(before.acl, after.acl, operation, old, new, paths)
        ]
        if changes:
            yield _Found(old, new, paths, lookup, tuple(changes))


def _effects(cells: Iterable[Cell], operations: Sequence[Operation]) -> list[object]:
    """For each cell what it allows under which conditions, as something to compare."""
    keys: dict[int, object] = {}
    effects: list[object] = []
    for cell in cells:
        lets = tuple(cell.lets(operation) for operation in operations)
        conditions = _conditions(cell) if any(lets) else None
        key: object = None
        if conditions is not None:
            key = keys.get(id(conditions))
            if key is None:
                key = keys[id(conditions)] = _comparable(conditions)
        effects.append((lets, key))
    return effects


def _conditions(cell: Cell) -> Conditions | None:
    return None if cell.deciding is None else cell.deciding.conditions


def _comparable(conditions: Conditions) -> object:
    """Conditions in a form in which the order of parameters and values does not matter. What
    does not change the verdict is left out."""
    return (
        frozenset(
            (name, frozenset(map(repr, v))) for name, v in conditions.allowed_parameters.items()
        ),
        frozenset(
            (name, frozenset(map(repr, v))) for name, v in conditions.denied_parameters.items()
        ),
        frozenset(name.lower() for name in conditions.required_parameters),
        conditions.min_wrapping_ttl,
        conditions.max_wrapping_ttl,
        max(conditions.pagination_limit, 0),
    )


def _operation(
    old: ACL, new: ACL, operation: Operation, before: Cell, after: Cell, paths: PathSet
) -> Iterator[OperationChange]:
    had, has = before.lets(operation), after.lets(operation)
    if not had and not has:
        return
    conditions = [c for c in (_conditions(before), _conditions(after)) if c is not None]
    if had and has and not conditions:
        return
    path = witness(paths.node, form_of(operation))
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
