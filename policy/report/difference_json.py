"""What changes, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from policy.report.analysis_json import (
    RequestReport,
    TermReport,
    WinnerReport,
    request_report,
    terms_report,
    winner_report,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.analyze.difference import Change
    from policy.analyze.review import HolderChanges

__all__ = ["DifferenceReport", "difference_report"]


class OperationChangeReport(TypedDict):
    """One operation, and the request that one side allows and the other does not."""

    operation: str
    direction: Literal["gained", "lost", "loosened", "tightened"]
    witness: RequestReport
    old_reason: str
    new_reason: str


class ChangeReport(TypedDict):
    """Paths on which the same two rules win and the same operations change."""

    paths: list[TermReport]
    is_listing: bool
    root_protected: bool
    protected_by: list[str]
    old: WinnerReport | None
    new: WinnerReport | None
    operations: list[OperationChangeReport]


class HolderChangesReport(TypedDict):
    """Everything that changes for one holder."""

    kind: str
    name: str
    changes: list[ChangeReport]


class DifferenceReport(TypedDict):
    """All differences. `version` changes when a field changes its meaning or goes away."""

    version: Literal[1]
    holders: list[HolderChangesReport]


def difference_report(found: Sequence[HolderChanges]) -> DifferenceReport:
    """The differences as plain data."""
    return DifferenceReport(
        version=1,
        holders=[
            HolderChangesReport(
                kind=each.holder.kind.value,
                name=each.holder.name,
                changes=[_change(change) for change in each.changes],
            )
            for each in found
        ],
    )


def _change(change: Change) -> ChangeReport:
    return ChangeReport(
        paths=terms_report(change.paths, is_listing=change.is_listing),
        is_listing=change.is_listing,
        root_protected=bool(change.protected),
        protected_by=[fact.id for fact in change.protected],
        old=winner_report(change.old),
        new=winner_report(change.new),
        operations=[
            OperationChangeReport(
                operation=each.operation.value,
                direction=each.direction.value,
                witness=request_report(each.old),
                old_reason=each.old.reason.value,
                new_reason=each.new.reason.value,
            )
            for each in change.operations
        ],
    )
