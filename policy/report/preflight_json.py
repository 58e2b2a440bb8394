"""The preflight of a step-down for programs. The shape is versioned, and published in
`docs/schemas`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from policy.preflight.cluster_findings import readiness
from policy.preflight.forecast import forecast
from policy.preflight.snapshot import Leader, TokenFacts, Unknown
from policy.report.decision_json import DecisionReport, decision_report

if TYPE_CHECKING:
    from policy.preflight import Execution, Snapshot, Verdict
    from policy.preflight.snapshot import Peer

__all__ = ["PreflightReport", "preflight_report"]


class FindingReport(TypedDict):
    """One thing that speaks for or against it."""

    check: Literal[
        "token",
        "uses",
        "namespace",
        "policy",
        "node",
        "connection",
        "timing",
        "standbys",
        "raft",
    ]
    level: Literal["no", "unknown", "warning", "ok"]
    text: str
    hint: str


class ServerReport(TypedDict):
    """The node that was asked. Texts are empty where it does not say."""

    address: str
    role: str
    product: str
    version: str
    storage: str
    cluster_name: str
    cluster_id: str


class LeaderReport(TypedDict):
    """The active node, as the asked one sees it."""

    ha_enabled: bool
    is_self: bool
    address: str
    active_seconds: float | None


class TokenReport(TypedDict):
    """The token, without itself. `ttl_seconds` is null for one that never expires."""

    type: str
    policies: list[str]
    identity_policies: list[str]
    namespace: str
    ttl_seconds: int | None


class UsesReport(TypedDict):
    """What the questions cost. `left` is null without a limit, and where it is not known."""

    requests: int
    is_limit_known: bool
    left: int | None
    not_asked: list[str]


class NodeReport(TypedDict):
    """Another node. `is_able` (to become active) is null where it cannot be told."""

    address: str
    cluster_address: str
    role: str
    version: str
    is_able: bool | None
    why: str
    has_vote: bool | None
    is_healthy: bool | None
    last_echo_seconds: float | None


class ForecastReport(TypedDict):
    """What a step-down does."""

    steps_down: str
    candidates: list[str]
    lines: list[str]


class SeenReport(TypedDict):
    """What a node looked like last."""

    address: str
    seen: Literal["active", "standby", "neither active nor standby", "no answer"]


class ExecutionReport(TypedDict):
    """What came of it. `gap_seconds` is the time from the 204 until a node was seen active."""

    ending: Literal[
        "changed",
        "same-node",
        "nothing-happened",
        "nobody-yet",
        "not-seen",
        "refused",
        "interrupted",
    ]
    text: str
    is_accepted: bool | None
    active: str
    gap_seconds: float | None
    nodes: list[SeenReport]


class PreflightReport(TypedDict):
    """The verdict. `version` changes when a field changes its meaning or goes away. A part that
    is null could not be found out; a finding says why."""

    version: Literal[1]
    action: Literal["step-down"]
    verdict: Literal["go", "no-go", "undetermined"]
    findings: list[FindingReport]
    server: ServerReport
    leader: LeaderReport | None
    token: TokenReport | None
    uses: UsesReport
    capabilities: list[str] | None
    decision: DecisionReport | None
    nodes: list[NodeReport] | None
    failure_tolerance: int | None
    forecast: ForecastReport | None
    execution: ExecutionReport | None


def preflight_report(
    snapshot: Snapshot, verdict: Verdict, execution: Execution | None = None
) -> PreflightReport:
    """Snapshot, verdict and what was done as plain data."""
    said, offline, peers = snapshot.capabilities, snapshot.offline, snapshot.peers
    return PreflightReport(
        version=1,
        action="step-down",
        verdict=verdict.go.value,
        findings=[
            FindingReport(
                check=each.check.value, level=each.level.value, text=each.text, hint=each.hint
            )
            for each in verdict.findings
        ],
        server=_server(snapshot),
        leader=_leader(snapshot),
        token=_token(snapshot),
        uses=_uses(snapshot),
        capabilities=None if isinstance(said, Unknown) else list(said),
        decision=None if isinstance(offline, Unknown) else decision_report(offline),
        nodes=None if isinstance(peers, Unknown) else [_node(peer, snapshot) for peer in peers],
        failure_tolerance=snapshot.failure_tolerance,
        forecast=_forecast(snapshot),
        execution=None if execution is None else _execution(execution),
    )


def _server(snapshot: Snapshot) -> ServerReport:
    server = snapshot.server
    return ServerReport(
        address=server.address,
        role=server.state.role.value,
        product=server.product.value,
        version=server.state.version,
        storage=server.storage,
        cluster_name=server.state.cluster_name,
        cluster_id=server.state.cluster_id,
    )


def _leader(snapshot: Snapshot) -> LeaderReport | None:
    leader = snapshot.leader
    if not isinstance(leader, Leader):
        return None
    return LeaderReport(
        ha_enabled=leader.has_ha,
        is_self=leader.is_self,
        address=leader.address,
        active_seconds=leader.active_seconds,
    )


def _token(snapshot: Snapshot) -> TokenReport | None:
    token = snapshot.token
    if not isinstance(token, TokenFacts):
        return None
    return TokenReport(
        type=token.kind,
        policies=list(token.policies),
        identity_policies=list(token.identity_policies),
        namespace=token.namespace,
        ttl_seconds=token.ttl_seconds,
    )


def _uses(snapshot: Snapshot) -> UsesReport:
    uses = snapshot.uses
    is_known = not isinstance(uses.left, Unknown)
    return UsesReport(
        requests=uses.requests,
        is_limit_known=is_known,
        left=None if isinstance(uses.left, Unknown) else uses.left,
        not_asked=list(uses.skipped),
    )


def _node(peer: Peer, snapshot: Snapshot) -> NodeReport:
    able, why = readiness(peer, snapshot)
    state = peer.state
    return NodeReport(
        address=peer.address,
        cluster_address=peer.cluster_address,
        role="" if isinstance(state, Unknown) else state.role.value,
        version="" if isinstance(state, Unknown) else state.version,
        is_able=able,
        why=why,
        has_vote=peer.has_vote,
        is_healthy=peer.is_healthy,
        last_echo_seconds=peer.echo_seconds,
    )


def _forecast(snapshot: Snapshot) -> ForecastReport | None:
    found = forecast(snapshot)
    if found is None:
        return None
    return ForecastReport(
        steps_down=found.steps_down, candidates=list(found.candidates), lines=list(found.lines)
    )


def _execution(execution: Execution) -> ExecutionReport:
    return ExecutionReport(
        ending=execution.ending.value,
        text=execution.text,
        is_accepted=execution.is_accepted,
        active=execution.active,
        gap_seconds=execution.gap_seconds,
        nodes=[SeenReport(address=node, seen=seen.value) for node, seen in execution.nodes],
    )
