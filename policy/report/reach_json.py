"""What holders can do, and who can do something, for programs."""

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

    from policy.analyze.inventory import Holder
    from policy.analyze.reach import Reach

__all__ = ["HoldersReport", "holders_report"]


class ReachReport(TypedDict):
    """Paths on which one rule allows the same operations. `rule` is null where the token is
    root."""

    operations: list[str]
    paths: list[TermReport]
    is_listing: bool
    root_protected: bool
    protected_by: list[str]
    rule: WinnerReport | None
    has_conditions: bool
    witnesses: list[RequestReport]


class HolderReachReport(TypedDict):
    """One holder."""

    kind: str
    name: str
    rows: list[ReachReport]


class HoldersReport(TypedDict):
    """Holders and what they can do. `version` changes when a field changes its meaning."""

    version: Literal[1]
    holders: list[HolderReachReport]


def holders_report(found: Sequence[tuple[Holder, Sequence[Reach]]]) -> HoldersReport:
    """The rows as plain data."""
    # Who holds the same policies has the same rows.
    rows = {id(each): [_row(row) for row in each] for each in {id(r): r for _, r in found}.values()}
    return HoldersReport(
        version=1,
        holders=[
            HolderReachReport(kind=holder.kind.value, name=holder.name, rows=rows[id(each)])
            for holder, each in found
        ],
    )


def _row(row: Reach) -> ReachReport:
    return ReachReport(
        operations=[operation.value for operation in row.operations],
        paths=terms_report(row.paths, is_listing=row.is_listing),
        is_listing=row.is_listing,
        root_protected=bool(row.protected),
        protected_by=[fact.id for fact in row.protected],
        rule=winner_report(row.grant),
        has_conditions=row.has_conditions,
        witnesses=[request_report(decision) for decision in row.decisions],
    )
