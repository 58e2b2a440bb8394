"""The same against real servers: a cluster of three raft nodes, one node alone, one without HA."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from policy.preflight import Ending
from tests.live.server import ROOT_TOKEN, RealServer
from tests.preflight.cluster import raft_cluster
from tests.preflight.direct import executed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from policy.preflight import Execution
    from tests.preflight.cluster import RaftCluster
    from tests.preflight.conftest import Preflight

pytestmark = pytest.mark.live

READS = """
path "sys/ha-status" { capabilities = ["read"] }
path "sys/policies/acl/*" { capabilities = ["read"] }
path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }
"""
POLICIES = {
    "ops": 'path "sys/step-down" { capabilities = ["update", "sudo"] }' + READS,
    "no-sudo": 'path "sys/step-down" { capabilities = ["update"] }' + READS,
    "no-update": 'path "sys/step-down" { capabilities = ["sudo"] }' + READS,
}
TEN_SECONDS = 11.0
"""And one more, since a server shows whole seconds."""


def _alone() -> Execution:
    with raft_cluster(1) as cluster:
        return executed(cluster.addresses[0], cluster.root_token, limit=60)


@pytest.fixture(scope="module")
def alone() -> Iterator[Future[Execution]]:
    """What a step-down of the only node comes to. It takes its ten seconds while others run."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_alone)


@pytest.fixture(scope="module")
def cluster(alone: Future[Execution]) -> Iterator[RaftCluster]:
    with raft_cluster() as running:
        for name, text in POLICIES.items():
            body = {"policy": text}
            path = f"sys/policies/acl/{name}"
            assert running.nodes[0].send("PUT", path, body, running.root_token)[0] == 204
        yield running


def _token(cluster: RaftCluster, **options: object) -> str:
    _, made = cluster.nodes[0].send("POST", "auth/token/create", options, cluster.root_token)
    token: str = made["auth"]["client_token"]
    return token


def test_three_nodes(cluster: RaftCluster, preflight: Preflight) -> None:
    """In one story: the no-goes, the go, the step-down, and what is said behind it."""
    first, second, _ = cluster.addresses
    for name, missing in (("no-sudo", "sudo"), ("no-update", "update")):
        done = preflight(first, _token(cluster, policies=[name]))
        assert done.code == 1
        words = " ".join(done.out.split())
        assert f"the winning rule does not grant `{missing}`" in words
        assert "the server agrees" in words
    token = _token(cluster, policies=["ops"], num_uses=15)
    done = preflight(second, token)
    assert done.code == 1
    assert f"there is nothing to step down; `{first}` is active" in " ".join(done.out.split())
    active = preflight(first, cluster.root_token, "--format", "json").json["leader"]
    time.sleep(max(TEN_SECONDS - active["active_seconds"], 0))

    done = preflight(first, token)
    assert (done.code, done.err) == (0, ""), done.out
    words = " ".join(done.out.split())
    assert f"GO step-down by {first} (OpenBao 2.7.2, raft)" in words
    assert "preflight took 6 uses, the step-down takes 1 of the 3 left" in words
    assert "2 of 2 can take over" in words
    assert words.count("(a healthy voter)") == 2
    assert "raft can lose 1 node" in words

    token = _token(cluster, policies=["ops"], num_uses=7)
    done = preflight(first, token, "--execute", "--format", "json")
    assert done.code == 0, done.out
    execution = done.json["execution"]
    assert execution["ending"] == "changed"
    assert execution["active"] in cluster.addresses[1:]
    assert 0.4 <= execution["gap_seconds"] < 20
    assert (
        next(n for n in cluster.nodes if n.address == execution["active"]).send(
            "GET", "sys/health"
        )[0]
        == 200
    )

    # That use was the last: seven requests, one of them the step-down.
    done = preflight(execution["active"], token)
    assert done.code == 1
    assert "does not accept the token" in done.out
    done = preflight(execution["active"], cluster.root_token)
    assert done.code == 1
    assert "if another has just stepped down" in " ".join(done.out.split())
    # It ends while the next tests run.
    cluster.stop()


def test_one_node_is_active_again_itself(alone: Future[Execution]) -> None:
    execution = alone.result(timeout=120)
    assert (execution.ending, execution.is_accepted) == (Ending.SAME_NODE, True)
    assert execution.gap_seconds is not None
    assert 10 <= execution.gap_seconds < 30


def test_nothing_happens_without_ha(preflight: Preflight) -> None:
    with RealServer() as server:
        address = f"http://{server.address}"
        done = preflight(address, ROOT_TOKEN + "-not", "--execute")
        assert done.code == 1
        assert "HA is off: a step-down answers 204 to anybody" in " ".join(done.out.split())
        execution = executed(address, ROOT_TOKEN)
    assert (execution.ending, execution.is_accepted) == (Ending.NOTHING_HAPPENED, True)
