"""The verdict, of snapshots alone: no server is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import policy
from policy.preflight import Check, Failure, Go, Level, Snapshot, forecast, judge
from policy.preflight.cluster_findings import readiness
from policy.preflight.snapshot import (
    Leader,
    Missing,
    NodeState,
    Peer,
    Product,
    Role,
    Server,
    TokenFacts,
    Unknown,
    Uses,
)
from policy.preflight.token_findings import duration

if TYPE_CHECKING:
    from policy import Decision
    from policy.preflight import Finding

GRANTED = 'path "sys/step-down" { capabilities = ["update", "sudo"] }'
NO_SUDO = 'path "sys/step-down" { capabilities = ["update"] }'
NO_UPDATE = 'path "sys/step-down" { capabilities = ["sudo"] }'
CONDITION = """
path "sys/step-down" {
  capabilities = ["update", "sudo"]
  required_parameters = ["reason"]
}
"""
DENIED = Unknown(Missing.DENIED, "the token may not ask")
ACTIVE = NodeState(Role.ACTIVE, "2.7.2", "id", "name", 1_000_000.0)
STANDBY = replace(ACTIVE, role=Role.STANDBY)


def decision(text: str) -> Decision:
    policies = policy.PolicySet([policy.parse(text, "ops", dialect="openbao-2.7")], "openbao-2.7")
    return policies.acl(policy.Token(["ops"])).decide(policy.STEP_DOWN)


WELL = Snapshot(
    server=Server("https://n1:8200", ACTIVE, Product.OPENBAO, "raft"),
    namespace="",
    leader=Leader(True, True, "https://n1:8200", 3600.0, "then"),
    token=TokenFacts(("ops",), ttl_seconds=7200),
    uses=Uses(4, None),
    capabilities=("sudo", "update"),
    offline=decision(GRANTED),
    peers=(Peer("https://n2:8200", "n2:8201", STANDBY, 1.0, True, True),),
    failure_tolerance=1,
)


def found(snapshot: Snapshot, check: Check) -> list[Finding]:
    return [each for each in judge(snapshot).findings if each.check is check]


def test_all_is_well() -> None:
    verdict = judge(WELL)
    assert verdict.go is Go.GO
    assert {finding.level for finding in verdict.findings} == {Level.OK}


_LEADER = WELL.leader
assert isinstance(_LEADER, Leader)
_SERVER = WELL.server
_PEER = Peer("https://n2:8200", "n2:8201", STANDBY)


def peers(**changes: object) -> Snapshot:
    return replace(WELL, peers=(replace(_PEER, **changes),))  # type: ignore[arg-type]  # a test


def state(role: Role) -> Snapshot:
    return replace(WELL, server=replace(_SERVER, state=replace(ACTIVE, role=role)))


@pytest.mark.parametrize(
    ("snapshot", "check", "words"),
    [
        (replace(WELL, namespace="team/"), Check.NAMESPACE, "`team/` is set"),
        (
            replace(WELL, token=TokenFacts(("ops",), namespace="team/")),
            Check.NAMESPACE,
            "belongs to the namespace `team/`",
        ),
        (replace(WELL, token=Unknown(Missing.INVALID, "")), Check.TOKEN, "does not accept"),
        (replace(WELL, token=TokenFacts(("ops",), ttl_seconds=0)), Check.TOKEN, "expires"),
        (replace(WELL, uses=Uses(1, 0)), Check.USES, "used up: preflight took 1 use,"),
        (
            replace(WELL, capabilities=("update",), offline=decision(NO_SUDO)),
            Check.POLICY,
            "does not grant `sudo`",
        ),
        (
            replace(WELL, capabilities=("sudo",), offline=decision(NO_UPDATE)),
            Check.POLICY,
            "does not grant `update`",
        ),
        (
            replace(WELL, capabilities=("deny",), offline=decision("")),
            Check.POLICY,
            "no rule matches",
        ),
        (
            replace(WELL, capabilities=("update",), offline=DENIED),
            Check.POLICY,
            "`sudo` is missing on `sys/step-down`, it holds `update`",
        ),
        (
            replace(WELL, capabilities=("deny",), offline=DENIED),
            Check.POLICY,
            "`sudo` and `update` are missing",
        ),
        # The server's word knows no conditions.
        (replace(WELL, offline=decision(CONDITION)), Check.POLICY, "`reason`"),
        (replace(WELL, capabilities=DENIED, offline=decision(NO_SUDO)), Check.POLICY, "`sudo`"),
        (state(Role.SEALED), Check.NODE, "is sealed"),
        (state(Role.UNINITIALIZED), Check.NODE, "is not initialized"),
        (state(Role.SECONDARY), Check.NODE, "a disaster recovery secondary"),
        (replace(WELL, leader=Leader(False)), Check.NODE, "HA is off"),
        (replace(WELL, leader=Leader(True)), Check.NODE, "no node is active"),
        (
            replace(WELL, leader=replace(_LEADER, is_self=False, address="https://n9:8200")),
            Check.NODE,
            "this node is a standby: there is nothing to step down; `https://n9:8200` is active",
        ),
        (
            replace(WELL, leader=replace(_LEADER, active_seconds=9.0)),
            Check.TIMING,
            "active for 9 s only",
        ),
        (replace(WELL, peers=()), Check.STANDBYS, "there is no standby"),
        (peers(has_vote=False), Check.STANDBYS, "no vote"),
        (peers(is_healthy=False), Check.STANDBYS, "unhealthy"),
        (peers(state=replace(STANDBY, role=Role.SEALED)), Check.STANDBYS, "sealed"),
        (peers(state=replace(STANDBY, role=Role.ACTIVE)), Check.STANDBYS, "(active)"),
        (peers(state=replace(STANDBY, cluster_id="x")), Check.STANDBYS, "another cluster"),
        (
            peers(state=Unknown(Missing.NO_ANSWER, "", Failure.TIMEOUT), echo_seconds=31.0),
            Check.STANDBYS,
            "no answer, the active node heard of it 31 s ago",
        ),
    ],
)
def test_one_reason_is_enough_for_a_no_go(snapshot: Snapshot, check: Check, words: str) -> None:
    verdict = judge(snapshot)
    assert verdict.go is Go.NO_GO
    assert verdict.findings[0].level is Level.NO, "the gravest comes first"
    reasons = [each for each in verdict.findings if each.level is Level.NO]
    assert [each.check for each in reasons] == [check]
    assert words in reasons[0].text


@pytest.mark.parametrize(
    ("snapshot", "check", "words"),
    [
        (replace(WELL, token=DENIED, uses=Uses(2, DENIED)), Check.TOKEN, "are not known"),
        (replace(WELL, capabilities=DENIED, offline=DENIED), Check.POLICY, "is not known"),
        (replace(WELL, capabilities=("root",)), Check.POLICY, "do not agree: `root` says"),
        (replace(WELL, capabilities=("create", "sudo", "update")), Check.POLICY, "do not agree"),
        (
            replace(WELL, capabilities=Unknown(Missing.NO_ANSWER, "HTTP 500")),
            Check.POLICY,
            "the server's own word is missing (HTTP 500)",
        ),
        (replace(WELL, leader=DENIED), Check.NODE, "who is active is not known"),
        (replace(WELL, peers=DENIED), Check.STANDBYS, "may not ask"),
        (
            peers(state=Unknown(Missing.NO_ANSWER, "", Failure.REFUSED), echo_seconds=1.0),
            Check.STANDBYS,
            "nothing listens there",
        ),
        (peers(state=Unknown(Missing.NO_ANSWER, "", Failure.NAME)), Check.STANDBYS, "no answer"),
        (
            peers(state=Unknown(Missing.NO_ANSWER, ""), echo_seconds=20.0),
            Check.STANDBYS,
            "heard of it 20 s ago",
        ),
    ],
)
def test_a_doubt_is_not_a_go(snapshot: Snapshot, check: Check, words: str) -> None:
    verdict = judge(snapshot)
    assert verdict.go is Go.UNDETERMINED
    doubts = [each for each in verdict.findings if each.level is Level.UNKNOWN]
    assert [each.check for each in doubts] == [check]
    assert words in doubts[0].text


@pytest.mark.parametrize(
    ("snapshot", "check", "words"),
    [
        (replace(WELL, token=TokenFacts(("ops",), ttl_seconds=59)), Check.TOKEN, "for 59 s only"),
        (replace(WELL, uses=Uses(3, 1, ("the policy `ops`",))), Check.USES, "the policy `ops`"),
        (replace(WELL, offline=DENIED), Check.POLICY, "not checked offline"),
        (replace(WELL, capabilities=DENIED), Check.POLICY, "the server's own word is missing"),
        (
            replace(WELL, server=replace(_SERVER, is_encrypted=False)),
            Check.CONNECTION,
            "no TLS",
        ),
        (
            replace(WELL, server=replace(_SERVER, is_verified=False)),
            Check.CONNECTION,
            "not checked",
        ),
        (
            replace(
                WELL,
                leader=replace(_LEADER, is_self=False, address="https://n9:8200"),
                may_forward=True,
            ),
            Check.NODE,
            "`https://n9:8200` steps down, not this one",
        ),
        (replace(WELL, leader=replace(_LEADER, active_seconds=None)), Check.TIMING, "not known"),
        (
            replace(WELL, peers=(_PEER, replace(_PEER, has_vote=False))),
            Check.STANDBYS,
            "not all are well",
        ),
        (replace(WELL, failure_tolerance=0), Check.RAFT, "can lose no node"),
    ],
)
def test_a_warning_is_no_obstacle(snapshot: Snapshot, check: Check, words: str) -> None:
    verdict = judge(snapshot)
    assert verdict.go is Go.GO
    warnings = [each for each in verdict.findings if each.level is Level.WARNING]
    assert [each.check for each in warnings] == [check]
    assert words in warnings[0].text


def test_a_reason_against_it_beats_every_doubt() -> None:
    verdict = judge(replace(WELL, peers=DENIED, capabilities=("deny",)))
    assert verdict.go is Go.NO_GO
    assert {Level.NO, Level.UNKNOWN} <= {finding.level for finding in verdict.findings}


@pytest.mark.parametrize(
    ("change", "able"),
    [
        ({"state": Unknown(Missing.NO_ANSWER, "", Failure.TIMEOUT), "echo_seconds": 3.0}, True),
        ({"state": Unknown(Missing.NO_ANSWER, "", Failure.NAME), "is_healthy": True}, True),
        ({"state": Unknown(Missing.NO_ANSWER, ""), "is_healthy": True, "has_vote": False}, False),
        ({}, True),
    ],
)
def test_a_node_out_of_reach_is_judged_by_what_others_hear(
    change: dict[str, object], able: bool
) -> None:
    peer = replace(_PEER, **change)  # type: ignore[arg-type]  # each value fits its field
    assert readiness(peer, WELL).able is able


def test_uses_are_counted() -> None:
    (uses,) = found(replace(WELL, uses=Uses(4, 2)), Check.USES)
    assert uses.level is Level.OK
    assert uses.text == "preflight took 4 uses, the step-down takes 1 of the 2 left"


def test_the_forecast() -> None:
    known = forecast(WELL)
    assert known is not None
    assert (known.steps_down, known.candidates) == ("https://n1:8200", ("https://n2:8200",))
    assert "`https://n2:8200` becomes active after about half a second" in known.lines[1]
    alone = forecast(replace(WELL, peers=()))
    assert alone is not None
    assert "nobody is active until `https://n1:8200` may be again" in alone.lines[1]
    unknown = forecast(replace(WELL, peers=DENIED))
    assert unknown is not None
    assert "not known" in unknown.lines[1]
    assert forecast(replace(WELL, leader=Leader(False))) is None
    assert forecast(replace(WELL, leader=DENIED)) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59, "59 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (3599, "59 min 59 s")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
