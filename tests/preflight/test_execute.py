"""The step-down itself, and the watching: against the mock, whose delays are chosen here."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from policy.preflight import Address, Client, Ending, tls_context
from policy.preflight import execute as execute_step_down
from policy.preflight.settings import Tls
from policy.preflight.snapshot import Leader
from policy.preflight.timeline import Seen, Timeline
from policy.preflight.watch import watch
from policy.report.preflight_json import PreflightReport
from policy.server import Timing
from policy.testing.server import OnPorts
from tests.cli.conftest import environment
from tests.preflight.conftest import long_active, new_token
from tests.preflight.direct import executed, snapshot_of
from tests.preflight.strange import closed_port, page, responding, strange
from tests.server.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.preflight.conftest import Preflight

QUICK = Timing(drain=0.2, takeover=0.05, hold_off=0.8)
OPS = {
    "ops": 'path "sys/step-down" { capabilities = ["update", "sudo"] }\n'
    'path "sys/ha-status" { capabilities = ["read"] }'
}


@contextmanager
def served(**options: Any) -> Iterator[OnPorts]:
    with OnPorts(**{"timing": QUICK, "policies": OPS, **options}) as server:
        long_active(server)
        yield server


def test_another_node_takes_over(preflight: Preflight) -> None:
    with served(nodes=3) as server:
        token = new_token(server, policies=["ops"], num_uses=20)
        done = preflight(server.address, token, "--execute")
        assert done.code == 0
        last = done.out.splitlines()[-2:]
        assert last[0].startswith("  done ")
        assert f"`{server.addresses[1]}` is active, " in last[0]
        lines = done.err.splitlines()
        assert lines[0] == "   0.00 s  204: the step-down is accepted"
        assert any(line.endswith(f"`{server.address}`: standby") for line in lines)
        assert lines[-1].endswith(f"`{server.addresses[1]}`: active")
        # It is not done once more, now that the first node is a standby.
        assert preflight(server.address, token, "--execute").code == 1


def test_the_gap_is_measured(preflight: Preflight) -> None:
    with served(nodes=2) as server:
        done = preflight(server.address, server.root_token, "--execute", "--format", "json")
    assert done.code == 0
    answer = TypeAdapter(PreflightReport).validate_python(done.json, strict=True, extra="forbid")
    execution = answer["execution"]
    assert execution is not None
    assert (execution["ending"], execution["is_accepted"]) == ("changed", True)
    assert execution["active"] == server.addresses[1]
    assert execution["gap_seconds"] is not None
    assert 0.2 <= execution["gap_seconds"] < 15


def test_by_a_standby(preflight: Preflight) -> None:
    with served(nodes=3) as server:
        words = ["--execute", "--forward"]
        done = preflight(server.addresses[2], server.root_token, *words)
    assert done.code == 0
    assert f"after the step-down of `{server.address}`" in " ".join(done.out.split())


@pytest.mark.parametrize("words", [(), ("--forward",)])
def test_nothing_is_sent_without_a_go(preflight: Preflight, words: tuple[str, ...]) -> None:
    with served() as server:
        done = preflight(server.address, server.root_token, "--execute", *words)
        assert done.code == 1
        assert "NO-GO" in done.out
        assert (done.err, server.mock.cluster.nodes[0].is_active) == ("", True)


# Below the verdict: what `execute` itself tells apart.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is still active is taken for one that did nothing sooner: the mock is quick."""
    monkeypatch.setattr("policy.preflight.timeline.GRACE_SECONDS", 0.5)


def test_the_same_node_again() -> None:
    with served() as server:
        execution = executed(server.address, server.root_token)
        assert execution.ending is Ending.SAME_NODE
        assert execution.active == server.address
        assert execution.gap_seconds is not None
        assert 1.0 <= execution.gap_seconds < 15
        assert "no other took over" in execution.text


@pytest.mark.usefixtures("impatient")
def test_nothing_happens_without_ha() -> None:
    with served(is_dev=True) as server:
        execution = executed(server.address, server.root_token)
    assert (execution.ending, execution.is_accepted) == (Ending.NOTHING_HAPPENED, True)
    assert execution.text.startswith("204, but nothing happened: ")


@pytest.mark.usefixtures("impatient")
def test_nothing_happens_on_a_node_that_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    """As was seen of a real node: HA is on, 204, and no step-down."""
    with served(nodes=2) as server:
        monkeypatch.setattr(server.mock.cluster, "step_down", lambda _: None)
        execution = executed(server.address, server.root_token)
    assert execution.ending is Ending.NOTHING_HAPPENED


def test_nobody_takes_over_in_time() -> None:
    with served(nodes=2, timing=Timing(drain=0, takeover=600)) as server:
        execution = executed(server.address, server.root_token, limit=1.5)
    assert execution.ending is Ending.NOBODY_YET
    assert dict(execution.nodes).keys() == set(server.addresses)


def test_a_refusal() -> None:
    with served(nodes=2) as server:
        token = new_token(server, policies=["default"])
        execution = executed(server.address, token)
        assert (execution.ending, execution.is_accepted) == (Ending.REFUSED, False)
        assert "HTTP 403: 1 error occurred: * permission denied" in execution.text
        assert server.mock.cluster.nodes[0].is_active


def test_a_second_step_down_at_the_same_time() -> None:
    with served(nodes=2, timing=Timing(drain=1.5, takeover=0)) as server:
        snapshot, client, secret = snapshot_of(server.address, server.root_token)
        target = Target("", server.address, "", "")
        assert target.send("PUT", "sys/step-down", token=server.root_token)[0] == 204
        with client:
            execution = execute_step_down(client, secret, snapshot, 5, lambda _: None)
    assert execution.ending is Ending.REFUSED
    assert "one is stepping down already" in execution.text


def test_a_redirect_is_not_followed() -> None:
    with served(nodes=2) as server, strange(moved_to(server.address)) as host:
        execution = executed(server.address, server.root_token, at=f"http://{host}")
        assert execution.ending is Ending.REFUSED
        assert "another is active now" in execution.text
        assert server.mock.cluster.nodes[0].is_active


def moved_to(address: str) -> Any:
    def serve(connection: Any, head: bytes) -> None:
        path = head.split(b" ")[1].decode()
        connection.sendall(
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {address}{path}\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )

    return serve


@pytest.mark.parametrize(("is_heard", "ending"), [(True, "changed"), (False, "nothing-happened")])
@pytest.mark.usefixtures("impatient")
def test_no_answer_is_no_answer(is_heard: bool, ending: str) -> None:
    """The connection breaks behind the request: only the nodes can tell what happened."""
    with served(nodes=2) as server:
        requests: list[bytes] = []

        def serve(connection: Any, head: bytes) -> None:
            if is_heard:
                Target("", server.address, "", "").send(
                    "PUT", "sys/step-down", token=server.root_token
                )

        lines: list[str] = []
        with strange(serve, heard=requests) as host:
            execution = executed(
                server.address, server.root_token, at=f"http://{host}", lines=lines
            )
    assert (execution.ending, execution.is_accepted) == (Ending(ending), None)
    assert len(requests) == 1, "it is never sent twice"
    assert lines[0].startswith("no answer to the step-down")


def test_not_sent() -> None:
    with served(nodes=2) as server:
        execution = executed(server.address, server.root_token, at=f"http://{closed_port()}")
    assert execution.ending is Ending.REFUSED
    assert execution.text.startswith("not sent: ")


def test_no_node_answers_any_more() -> None:
    with served(nodes=2) as server:
        snapshot, client, secret = snapshot_of(server.address, server.root_token)
        gone = replace(snapshot.server, address=f"http://{closed_port()}")
        assert isinstance(snapshot.leader, Leader)
        blind = replace(
            snapshot,
            server=gone,
            peers=(),
            leader=replace(snapshot.leader, address=gone.address),
        )
        with client:
            execution = execute_step_down(client, secret, blind, 1.0, lambda _: None)
    assert execution.ending is Ending.NOT_SEEN
    assert "what happened is not known" in execution.text


def test_a_node_that_steps_down_between_two_looks_is_a_standby() -> None:
    """Its health is that of an active node, and then it says that it is not the leader."""
    health = {"initialized": True, "sealed": False, "standby": False}
    leader = {"ha_enabled": True, "is_self": False, "leader_address": "http://b:1"}
    pages = {"/v1/sys/health": page(health), "/v1/sys/leader": page(leader)}
    timeline = Timeline("http://b:1", frozenset({"http://b:1"}), "t1")
    tls = Tls()
    with strange(responding(pages)) as host:
        address = f"http://{host}"
        with Client(Address.parse(address), tls_context(tls), tls) as client:
            ending = watch(client, [address], timeline, time.monotonic(), 0.3, lambda _: None)
    assert ending is Ending.NOBODY_YET
    assert timeline.states == {address: Seen.STANDBY}


def test_ctrl_c_while_it_watches(tmp_path: Path) -> None:
    with served(nodes=2, timing=Timing(drain=0, takeover=600)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "policy", "preflight", "step-down", "--execute"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(
                {
                    "HOME": str(tmp_path),
                    "VAULT_ADDR": server.address,
                    "VAULT_TOKEN": server.root_token,
                }
            ),
        )
        try:
            assert process.stderr is not None
            seen = [process.stderr.readline() for _ in range(3)]
            assert "204" in seen[0]
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
    assert process.returncode == 130
    assert "s after the 204: the step-down is under way and goes on" in " ".join(out.split())
    assert f"`{server.addresses[1]}`: standby" in out
    assert "Traceback" not in err
    assert server.root_token not in out + err + "".join(seen)
