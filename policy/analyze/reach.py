"""Everything that one ACL allows, as a short table that is exact."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.analyze.difference import OPERATIONS
from policy.analyze.evidence import allowed_request
from policy.analyze.partition import Cell, Lookup, Partition, request_path
from policy.analyze.path_map import combine, relabel, split
from policy.analyze.path_set import PathSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.acl import Grant
    from policy.analyze.path_map import Node
    from policy.catalog import Fact
    from policy.evaluate import ACL, Decision
    from policy.model import Operation

__all__ = ["Reach", "reach", "reach_within"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Paths on which one rule allows the same operations.

    `grant` is None where the token is root. `paths` of a listing are those before the slash is
    appended. `decisions` has one allowed request for each operation.
    """

    grant: Grant | None
    paths: PathSet
    is_listing: bool
    protected: tuple[Fact, ...]
    """Why the paths are root-protected, all on one mount; empty where they are not."""
    decisions: tuple[Decision, ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations that are allowed."""
        return tuple(decision.request.operation for decision in self.decisions)

    @property
    def has_conditions(self) -> bool:
        """Whether a request has to meet conditions on parameters, wrapping or page size."""
        return self.grant is not None and self.grant.conditions is not None


def reach(acl: ACL) -> tuple[Reach, ...]:
    """Everything that is allowed because of a rule or the root policy, root-protected paths first.

    What needs no token is left out: it is open to everybody. Raises `AnalysisLimitError`.
    """
    known = acl.dialect.capabilities
    return reach_within(
        Partition(acl, only_rules=True), [o for o in OPERATIONS if o.capability in known]
    )


def reach_within(
    partition: Partition, operations: Sequence[Operation], within: Node | None = None
) -> tuple[Reach, ...]:
    """The same, on some paths only (for lists those before the slash is appended)."""
    groups: defaultdict[object, list[_Part]] = defaultdict(list)
    for lookup in Lookup:
        asked = [operation for operation in operations if Lookup.of(operation) is lookup]
        if asked:
            for part in _parts(partition, lookup, asked, within):
                cell = part.cell
                protected = cell.guarded.protected
                mount = None if protected is None else protected.mount_path
                key = id(cell.deciding), mount, part.is_listing
                groups[key].append(part)
    rows = [row for group in groups.values() for row in _rows(partition.acl, group)]
    return tuple(sorted(rows, key=_order))


@dataclass(frozen=True, slots=True)
class _Part:
    """One operation on one cell."""

    cell: Cell
    operation: Operation
    paths: PathSet

    @property
    def is_listing(self) -> bool:
        return self.operation.is_listing


def _parts(
    partition: Partition, lookup: Lookup, operations: Sequence[Operation], within: Node | None
) -> Iterator[_Part]:
    node = partition.node(lookup)
    cells = partition.cells
    counts = [
        cell.guarded.open is None and any(cell.lets(operation) for operation in operations)
        for cell in cells
    ]
    if within is None:
        kept = relabel(node, lambda number: number + 1 if counts[number] else 0)
    else:
        kept = combine(node, within, lambda one, two: one + 1 if two and counts[one] else 0)
    for number, paths in split(kept).items():
        cell = cells[number - 1]
        for operation in operations:
            if cell.lets(operation):
                yield _Part(cell, operation, PathSet(paths))


def _rows(acl: ACL, parts: list[_Part]) -> Iterator[Reach]:
    """Operations that are allowed on the same paths make one row."""
    by_operation: defaultdict[Operation, list[_Part]] = defaultdict(list)
    for part in parts:
        by_operation[part.operation].append(part)
    by_paths: defaultdict[PathSet, list[Decision]] = defaultdict(list)
    facts: defaultdict[PathSet, dict[str, Fact]] = defaultdict(dict)
    for operation, found in by_operation.items():
        paths = PathSet.union(part.paths for part in found)
        decision = _shown(acl, operation, paths, found[0].cell)
        if decision is not None:
            by_paths[paths].append(decision)
            facts[paths].update(
                {
                    p.cell.guarded.protected.id: p.cell.guarded.protected
                    for p in found
                    if p.cell.guarded.protected
                }
            )
    cell = parts[0].cell
    for paths, decisions in by_paths.items():
        decisions.sort(key=lambda decision: OPERATIONS.index(decision.request.operation))
        yield Reach(
            cell.deciding,
            paths,
            parts[0].is_listing,
            tuple(facts[paths].values()),
            tuple(decisions),
        )


def _shown(acl: ACL, operation: Operation, paths: PathSet, cell: Cell) -> Decision | None:
    path = request_path(acl, paths.node, operation)
    if path is None:
        return None
    conditions = cell.deciding.conditions if cell.deciding is not None else None
    return allowed_request(acl, operation, path, conditions)


def _order(row: Reach) -> tuple[bool, str, bool]:
    path = row.decisions[0].request.path
    return not row.protected, path, row.is_listing
