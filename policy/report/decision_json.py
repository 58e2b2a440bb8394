"""A decision for programs. The shape is versioned, and published in `docs/schemas`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired

from typing_extensions import TypedDict

from policy.evaluate.explain import suggest
from policy.model import Operation

if TYPE_CHECKING:
    from policy.acl import Grant
    from policy.catalog import Fact
    from policy.evaluate import Decision

__all__ = ["Answer", "DecisionReport", "NoAnswer", "decision_report"]


class RuleReport(TypedDict):
    """One rule and where it stands."""

    policy: str
    path: str
    file: str
    line: int


class GrantReport(TypedDict):
    """A merged rule: all rules of one pattern."""

    pattern: str
    kind: Literal["exact", "prefix", "segment"]
    capabilities: list[str]
    rules: list[RuleReport]


class LoserReport(TypedDict):
    """A rule that matches and does not decide."""

    pattern: str
    lost_by: str
    rules: list[RuleReport]


class FactReport(TypedDict):
    """Why a path is root-protected, or needs no token."""

    id: str
    kind: str
    enforced_by: str
    sources: list[str]


class DecisionReport(TypedDict):
    """A decision. `version` changes when a field changes its meaning or goes away."""

    version: Literal[1]
    dialect: str
    operation: str
    path: str
    namespace: str
    outcome: Literal["allow", "deny", "undetermined"]
    reason: str
    detail: str
    needed: list[str]
    missing: list[str]
    granted_by: list[str]
    root_protected: bool
    fact: FactReport | None
    winner: GrantReport | None
    losers: list[LoserReport]
    suggestion: str | None


class Answer(DecisionReport):
    """The decision on one of many requests, and the line and `id` of that request."""

    line: int
    id: NotRequired[str | int]


class NoAnswer(TypedDict):
    """What became of a line that is no request."""

    line: int
    id: NotRequired[str | int]
    outcome: None
    error: str


def decision_report(decision: Decision) -> DecisionReport:
    """The decision as plain data."""
    grant = decision.grant
    return DecisionReport(
        version=1,
        dialect=decision.acl.dialect.name,
        operation=Operation(decision.operation).value,
        path=decision.request.path,
        namespace=decision.request.namespace,
        outcome=decision.outcome.value,
        reason=decision.reason.value,
        detail=decision.detail,
        needed=[capability.value for capability in decision.needed],
        missing=[capability.value for capability in decision.missing],
        granted_by=list(decision.granted_by),
        root_protected=decision.is_root_protected,
        fact=_fact(decision.fact),
        winner=None if grant is None else _grant(grant),
        losers=[
            LoserReport(
                pattern=str(candidate.grant.pattern),
                lost_by=candidate.lost_by.value,
                rules=_rules(candidate.grant),
            )
            for candidate in decision.trace
            if candidate.lost_by is not None
        ],
        suggestion=suggest(decision),
    )


def _fact(fact: Fact | None) -> FactReport | None:
    if fact is None:
        return None
    return FactReport(
        id=fact.id,
        kind=fact.kind.value,
        enforced_by=fact.enforced_by,
        sources=list(fact.sources),
    )


def _grant(grant: Grant) -> GrantReport:
    return GrantReport(
        pattern=str(grant.pattern),
        kind=grant.pattern.kind.value,
        capabilities=[capability.value for capability in grant.capabilities],
        rules=_rules(grant),
    )


def _rules(grant: Grant) -> list[RuleReport]:
    return [
        RuleReport(
            policy=policy.name,
            path=rule.path,
            file=policy.source.name,
            line=policy.source.position(rule.span.start).line,
        )
        for policy, rule in grant.rules
    ]
