"""Where grants lead, for programs."""

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
from policy.report.escalation_graph import edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.analyze.escalate import HolderEscalation, Step
    from policy.analyze.findings import Finding

__all__ = ["EscalationReport", "escalation_report"]


class StepReport(TypedDict):
    """One step of a chain: the requests that do it, all of them allowed to whoever takes it."""

    id: str
    title: str
    gains: str
    conditions: str
    requests: list[RequestReport]
    rules: list[WinnerReport | None]


class FindingReport(TypedDict):
    """One grant of the catalogue that is held. Incomplete ones are only half of the way."""

    id: str
    title: str
    impact: str
    why: str
    references: list[str]
    conditions: str
    is_complete: bool
    paths: list[TermReport]
    witness: RequestReport
    rule: WinnerReport | None


class HolderEscalationReport(TypedDict):
    """One holder. `chain` is null when nothing was found that gives everything."""

    kind: str
    name: str
    is_root: bool
    impacts: list[str]
    chain: list[StepReport] | None
    findings: list[FindingReport]


class EdgeReport(TypedDict):
    """One way of the graph; `everything` is the end of a chain."""

    start: str
    stop: str
    entry: str
    title: str


class EscalationReport(TypedDict):
    """All holders. `version` changes when a field changes its meaning or goes away."""

    version: Literal[1]
    holders: list[HolderEscalationReport]
    edges: list[EdgeReport]


def escalation_report(found: Sequence[HolderEscalation]) -> EscalationReport:
    """The escalations as plain data."""
    return EscalationReport(
        version=1,
        holders=[_holder(each) for each in found],
        edges=[
            EdgeReport(start=way.start, stop=way.stop, entry=way.entry, title=way.title)
            for way in edges(found)
        ],
    )


def _holder(each: HolderEscalation) -> HolderEscalationReport:
    return HolderEscalationReport(
        kind=each.holder.kind.value,
        name=each.holder.name,
        is_root=each.is_root,
        impacts=sorted(impact.value for impact in each.impacts),
        chain=None if each.chain is None else [_step(step) for step in each.chain.steps],
        findings=[_finding(finding) for finding in each.findings],
    )


def _step(step: Step) -> StepReport:
    return StepReport(
        id=step.id,
        title=step.title,
        gains=step.gains,
        conditions=step.conditions,
        requests=[request_report(decision) for decision in step.decisions],
        rules=[winner_report(decision.grant) for decision in step.decisions],
    )


def _finding(finding: Finding) -> FindingReport:
    entry = finding.entry
    is_listing = finding.decision.request.operation.is_listing
    return FindingReport(
        id=entry.id,
        title=entry.title,
        impact=entry.impact.value,
        why=entry.why,
        references=list(entry.references),
        conditions=entry.conditions,
        is_complete=finding.is_complete,
        paths=terms_report(finding.paths, is_listing=is_listing),
        witness=request_report(finding.decision),
        rule=winner_report(finding.decision.grant),
    )
