"""The state machine: who is active when, and what each node answers meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.server import FencedError, ManualClock, MemoryStorage, Timing
from policy.testing.server import InProcess, Response

NO_ACTIVE = b'{"errors":["local node not active but active cluster node not found"]}\n'


def _healths(server: InProcess) -> list[int]:
    return [server.get("/v1/sys/health", node=at).status for at in range(_size(server))]


def _size(server: InProcess) -> int:
    return len(server.mock.cluster.nodes)


def _step_down(server: InProcess, node: int = 0) -> Response:
    return server.put("/v1/sys/step-down", node=node)


def test_one_node_is_back_ten_seconds_after_the_release() -> None:
    with InProcess() as server:
        assert _step_down(server).status == 204
        assert _healths(server) == [429]
        server.clock.advance(10.49)
        assert _healths(server) == [429]
        server.clock.advance(0.01)
        assert _healths(server) == [200]


def test_a_request_while_the_node_drains_waits_and_gets_500() -> None:
    with InProcess() as server:
        start = server.clock.now()
        _step_down(server)
        waiting = server.begin("GET", "/v1/auth/token/lookup-self")
        assert not waiting.is_done
        server.clock.advance(0.49)
        assert not waiting.is_done
        answer = waiting.result()
        assert (answer.status, answer.body) == (500, NO_ACTIVE)
        assert server.clock.now() == pytest.approx(start + 0.5)


def test_a_node_that_stepped_down_serves_reads_a_little_later() -> None:
    with InProcess() as server:
        _step_down(server)
        server.clock.advance(0.55)
        assert server.get("/v1/sys/policies/acl/default").status == 500
        server.clock.advance(0.06)
        assert server.get("/v1/sys/policies/acl/default").status == 200
        assert server.put("/v1/sys/policies/acl/x", json={"policy": "#"}).body == NO_ACTIVE


def test_vault_serves_no_reads_from_a_standby() -> None:
    with InProcess(standby_reads=False) as server:
        _step_down(server)
        server.clock.advance(5)
        assert server.get("/v1/sys/policies/acl/default").body == NO_ACTIVE


def test_another_node_takes_over_and_the_old_one_stays_a_standby() -> None:
    with InProcess(nodes=3) as server:
        assert _healths(server) == [200, 429, 429]
        _step_down(server)
        server.clock.advance(0.54)
        assert _healths(server) == [429, 429, 429]
        server.clock.advance(0.02)
        assert _healths(server) == [429, 200, 429]
        server.clock.advance(60)
        assert _healths(server) == [429, 200, 429]


def test_while_all_have_stepped_down_nobody_is_active_until_the_first_wakes() -> None:
    with InProcess(nodes=2) as server:
        _step_down(server, 0)
        server.clock.advance(1)
        _step_down(server, 1)
        server.clock.advance(1)
        assert _healths(server) == [429, 429]
        server.clock.advance(8.4)
        assert _healths(server) == [429, 429]
        server.clock.advance(0.2)
        assert _healths(server) == [200, 429]


def test_two_step_downs_at_once_are_one() -> None:
    with InProcess(nodes=3) as server:
        old = server.mock.cluster.nodes[0].address
        assert _step_down(server).status == 204
        other = _step_down(server, 1)
        assert (other.status, other.headers["Location"]) == (307, f"{old}/v1/sys/step-down")
        assert _step_down(server).body == NO_ACTIVE
        server.clock.advance(0.1)
        assert _healths(server) == [429, 200, 429]


def test_a_sealed_active_node_is_replaced_and_a_sealed_standby_is_not_missed() -> None:
    with InProcess(nodes=3) as server:
        assert server.put("/v1/sys/seal", node=2).status == 204
        assert _healths(server) == [200, 429, 503]
        assert server.put("/v1/sys/seal").status == 204
        server.clock.advance(0.1)
        assert _healths(server) == [503, 200, 503]
        key = server.mock.unseal_key
        assert server.put("/v1/sys/unseal", json={"key": key}).json["sealed"] is False
        assert _healths(server) == [429, 200, 503]


def test_a_wrong_key_unseals_nothing() -> None:
    with InProcess(state="sealed") as server:
        assert server.put("/v1/sys/unseal", json={"key": "00" * 32}).status == 400
        assert _healths(server) == [503]
        server.put("/v1/sys/unseal", json={"key": server.mock.unseal_key})
        server.clock.advance(0.1)
        assert _healths(server) == [200]


def test_several_shares_are_needed_when_several_were_asked_for() -> None:
    with InProcess(state="uninitialized") as server:
        asked = {"secret_shares": 3, "secret_threshold": 2}
        made = server.put("/v1/sys/init", json=asked).json
        first = server.put("/v1/sys/unseal", json={"key": made["keys"][0]}).json
        assert (first["sealed"], first["progress"], first["t"], first["n"]) == (True, 1, 2, 3)
        again = server.put("/v1/sys/unseal", json={"key": made["keys_base64"][0]}).json
        assert again["progress"] == 1
        second = server.put("/v1/sys/unseal", json={"key": made["keys"][2]}).json
        assert second["sealed"] is False
        server.clock.advance(0.1)
        token = made["root_token"]
        assert server.get("/v1/auth/token/lookup-self", token=token).status == 200


def test_timing_can_be_chosen() -> None:
    timing = Timing(drain=2.0, takeover=1.0, hold_off=30.0, standby_reads=0.0)
    with InProcess(timing=timing) as server:
        _step_down(server)
        server.clock.advance(31.9)
        assert _healths(server) == [429]
        server.clock.advance(0.2)
        assert _healths(server) == [200]


def test_a_node_that_lost_the_lock_can_write_nothing() -> None:
    storage = MemoryStorage()
    first = storage.acquire("a")
    assert first is not None
    assert storage.acquire("b") is None
    storage.write({"x/1": {"v": 1}}, first)
    storage.release(first)
    second = storage.acquire("b")
    assert second is not None
    assert second > first
    with pytest.raises(FencedError):
        storage.write({"x/1": {"v": 2}}, first)
    storage.release(first)
    assert storage.read("x/1") == {"v": 1}
    assert storage.holder() == ("b", second)


def test_the_storage_lists_what_begins_with_a_prefix() -> None:
    storage = MemoryStorage()
    fence = storage.acquire("a") or 0
    storage.write({f"t/{name}": {"n": name} for name in ("b/2", "a", "b/1", "bc")}, fence)
    assert [key for key, _ in storage.scan("t/b/")] == ["t/b/1", "t/b/2"]
    before = storage.revision("t")
    storage.write({"t/b/1": None, "t/never": None}, fence)
    assert [key for key, _ in storage.scan("t/")] == ["t/a", "t/b/2", "t/bc"]
    assert storage.revision("t") > before
    assert storage.scan("other/") == []


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["step-down", "seal", "unseal", "write"]),
        st.integers(0, 2),
        st.floats(0, 12, allow_nan=False),
    ),
    max_size=25,
)


@given(_EVENTS)
@settings(deadline=None)
def test_there_is_never_more_than_one_active_node(
    events: list[tuple[str, int, float]],
) -> None:
    with InProcess(nodes=3) as server:
        written = 0
        for what, node, seconds in events:
            if what == "unseal":
                server.put("/v1/sys/unseal", json={"key": server.mock.unseal_key}, node=node)
            elif what == "write":
                policy = {"policy": f"# {written}"}
                answer = server.put("/v1/sys/policies/acl/w", json=policy, node=node)
                written += answer.status == 204
            else:
                server.put(f"/v1/sys/{what}", node=node)
            assert sorted(_healths(server)).count(200) <= 1
            server.clock.advance(seconds)
        for node in range(3):
            server.put("/v1/sys/unseal", json={"key": server.mock.unseal_key}, node=node)
        # Whatever happened: a while later one node is active, and nothing that was said is lost.
        server.clock.advance(10.7)
        assert sorted(_healths(server)) == [200, 429, 429]
        if written:
            stored = server.get("/v1/sys/policies/acl/w").json["data"]
            assert stored["version"] == written


def test_a_clock_that_is_turned_wakes_those_who_wait_in_order() -> None:
    clock = ManualClock(100.0)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
    clock.advance(2)
    assert clock.now() == 102.0
    assert clock.next_wake_up is None
