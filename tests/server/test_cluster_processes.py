"""Real server processes on one storage: they find each other, forward, take over, start again."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.histories.nodes import ROOT_TOKEN, Node, Nodes, Pace, ask
from tests.server.histories.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NO_ACTIVE = {"errors": ["local node not active but active cluster node not found"]}
# Slow enough for a busy machine not to be taken for a dead process.
PACE = Pace(lease=1.2, drain=0.25, takeover=0.02, hold_off=1.5)
WAIT_SECONDS = 60.0
COMMAND = [sys.executable, "-m", "policy", "serve", "--listen", "127.0.0.1:0"]


@pytest.fixture(scope="module")
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    """Three processes. A test leaves them running and whole."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            storage = f"sqlite:{tmp_path_factory.mktemp('storage') / 'state.db'}"
        else:
            storage = f"postgres:{stack.enter_context(Postgres()).new_database()}"
        running = stack.enter_context(Nodes(3, tmp_path_factory.mktemp("nodes"), storage, PACE))
        yield running
        for node in running.all:
            assert "Traceback" not in node.errors()


# What happens above the storage is tried on one, what the storage has a part in on both.
on_sqlite = pytest.mark.parametrize("nodes", ["sqlite"], indirect=True, scope="module")
on_both = pytest.mark.parametrize("nodes", ["sqlite", "postgres"], indirect=True, scope="module")


def _until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come to pass"
        time.sleep(0.02)
    return found


def _settled(nodes: Nodes) -> tuple[Node, list[Node]]:
    """The active node and the standbys, once all agree on who is who."""

    def look() -> Node | None:
        active = nodes.active()
        if active is None:
            return None
        answers = [ask(node.address, "GET", "/v1/sys/leader") for node in nodes.all]
        named = [found.get("leader_address") if found else None for _, found in answers]
        return active if named == [active.address] * len(nodes.all) else None

    active: Node = _until(look)
    return active, [node for node in nodes.all if node is not active]


def _raw(
    node: Node, method: str, path: str, body: Any = None, **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(node.address.removeprefix("http://"), timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"X-Vault-Token": ROOT_TOKEN, **named})
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined] # kept beside it
    connection.close()
    return answer


@on_sqlite
def test_a_standby_relays_and_nobody_sees_a_difference(nodes: Nodes) -> None:
    active, standbys = _settled(nodes)
    for method, path, body in (
        ("PUT", "/v1/sys/policies/acl/x", {"policy": "#"}),
        ("PUT", "/v1/sys/policies/acl/x", {"policy": "path {"}),
        ("POST", "/v1/sys/policies/acl/a%20b?unknown=1", {"policy": "#"}),
        ("FOO", "/v1/sys/mounts", None),
        ("GET", "/v1/sys/ha-status", None),
        ("PUT", "/v1/cubbyhole/x", {"a": "ä"}),
    ):
        direct = _raw(active, method, path, body)
        relayed = _raw(standbys[0], method, path, body)
        assert relayed.status == direct.status, path
        odd = {"x-vault-index", "content-length", "date"}
        assert [n for n, _ in relayed.getheaders() if n.lower() not in odd] == [
            n for n, _ in direct.getheaders() if n.lower() not in odd
        ]
        if direct.status >= 400:
            assert vars(relayed)["body"] == vars(direct)["body"]
    # Bytes that a client should not send are no reason to fail.
    host, _, port = standbys[0].address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as odd_client:
        odd_client.sendall(
            b"PUT /v1/cubbyhole/\xff?a=\xe9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"X-Vault-Token: \xe9\r\nContent-Length: 0\r\n\r\n"
        )
        assert odd_client.recv(100).startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))
    # What was written through one is read through any other at once.
    assert ask(standbys[1].address, "GET", "/v1/sys/policies/acl/a%20b")[0] == 200
    bad = _raw(standbys[0], "GET", "/v1/auth/token/lookup-self", X_Vault_Token="nobody")
    assert (bad.status, json.loads(vars(bad)["body"])) == (403, {"errors": ["permission denied"]})


@on_sqlite
def test_all_nodes_know_all_nodes(nodes: Nodes) -> None:
    active, _ = _settled(nodes)

    def listed() -> dict[str, bool]:
        found = ask(nodes.all[0].address, "GET", "/v1/sys/ha-status")[1]
        return {each["api_address"]: each["active_node"] for each in found["data"]["nodes"]}

    wanted = {node.address: node is active for node in nodes.all}
    _until(lambda: wanted.items() <= listed().items())
    healths = [ask(node.address, "GET", "/v1/sys/health") for node in nodes.all]
    assert sorted(status for status, _ in healths) == [200, 429, 429]
    assert len({found["cluster_id"] for _, found in healths}) == 1


@on_sqlite
def test_who_forbids_to_forward_is_sent_to_the_active_node(nodes: Nodes) -> None:
    active, standbys = _settled(nodes)
    for method, path in (("PUT", "/v1/sys/step-down"), ("PUT", "/v1/cubbyhole/x?a=%2F")):
        answer = _raw(standbys[0], method, path, X_Vault_No_Request_Forwarding="false")
        assert (answer.status, vars(answer)["body"]) == (307, b"")
        assert answer.getheader("Location") == active.address + path
        assert answer.getheader("Content-Type") is None


@on_sqlite
def test_a_step_down_on_a_standby_and_what_comes_after(nodes: Nodes) -> None:
    active, standbys = _settled(nodes)
    started = time.monotonic()
    assert ask(standbys[0].address, "PUT", "/v1/sys/step-down")[0] == 204
    # The drain has begun: the same node says no after it, the others point to it.
    assert ask(active.address, "GET", "/v1/sys/health")[0] == 429
    second = _raw(standbys[1], "PUT", "/v1/sys/step-down")
    if time.monotonic() - started < PACE.drain:
        assert second.status == 307
    new = _until(nodes.active)
    assert new is not active
    status, found = ask(active.address, "GET", "/v1/sys/leader")
    assert (status, found["is_self"]) == (200, False)
    _settled(nodes)


@on_sqlite
def test_two_step_downs_at_once_are_one(nodes: Nodes) -> None:
    active, _ = _settled(nodes)
    started = time.monotonic()
    assert ask(active.address, "PUT", "/v1/sys/step-down")[0] == 204
    assert ask(active.address, "PUT", "/v1/sys/step-down", seconds=10) == (500, NO_ACTIVE)
    assert time.monotonic() - started >= PACE.drain
    assert _settled(nodes)[0] is not active


@on_sqlite
def test_nobody_is_active_until_the_first_that_stepped_down_wakes(nodes: Nodes) -> None:
    """All three step down, one after the other: the hold-off counts for each."""
    order: list[Node] = []
    first_release = time.monotonic() + PACE.drain
    for _ in nodes.all:
        order.append(_until(nodes.active))
        if len(order) == 1:
            first_release = time.monotonic() + PACE.drain
        assert ask(order[-1].address, "PUT", "/v1/sys/step-down")[0] == 204
        time.sleep(PACE.drain)
    elapsed = time.monotonic() - first_release
    if elapsed < PACE.hold_off - 0.5:
        assert nodes.active() is None
        assert ask(nodes.all[0].address, "PUT", "/v1/cubbyhole/x", {"a": 1})[1] == NO_ACTIVE
    again = _until(nodes.active)
    assert time.monotonic() - first_release >= PACE.hold_off - 0.2
    assert again is order[0]


@on_both
def test_the_last_word_of_a_killed_node_is_kept_and_another_takes_over(nodes: Nodes) -> None:
    active, standbys = _settled(nodes)
    assert ask(active.address, "PUT", "/v1/cubbyhole/last", {"word": "kept"})[0] == 204
    killed_address = active.address
    active.kill()
    # Its lease is not over: a standby that cannot reach it sends the client there.
    answer = _raw(standbys[0], "PUT", "/v1/cubbyhole/y", {"a": 1})
    assert answer.status in (307, 204)
    if answer.status == 307:
        assert answer.getheader("Location") == killed_address + "/v1/cubbyhole/y"
    new = _until(nodes.active)
    found = ask(new.address, "GET", "/v1/cubbyhole/last")
    assert (found[0], found[1]["data"]) == (200, {"word": "kept"})
    active.start()
    assert active.wait()
    _settled(nodes)


@on_both
def test_a_stopped_node_is_replaced_and_knows_it_when_it_wakes(nodes: Nodes) -> None:
    active, standbys = _settled(nodes)
    active.stop()
    new = _until(nodes.active)
    assert new in standbys
    assert ask(new.address, "PUT", "/v1/cubbyhole/word", {"by": "new"})[0] == 204
    active.resume()
    # If it held SQLite's write lock when it was stopped, it was ended by the others.
    if active.is_running:
        assert ask(active.address, "GET", "/v1/sys/health", seconds=30)[0] == 429
        # At first it knows nothing at all; then what the others know.
        path = "/v1/cubbyhole/word"
        _until(lambda: ask(active.address, "GET", path)[0] == 200)
        assert ask(active.address, "GET", path)[1]["data"] == {"by": "new"}
    active.start()
    if not active.address or not ask(active.address, "GET", "/v1/sys/health")[0]:
        assert active.wait()
    _settled(nodes)


@on_both
@pytest.mark.parametrize("how", ["hang", "fail"])
def test_a_node_that_is_cut_off_from_the_storage_is_replaced(nodes: Nodes, how: str) -> None:
    active, standbys = _settled(nodes)
    active.cut(how)
    new = _until(lambda: next((n for n in standbys if n is nodes.active()), None))
    assert ask(active.address, "GET", "/v1/sys/health", seconds=30)[0] == 429
    # It does not know what became of the world, and so answers nothing by itself.
    status, _ = ask(active.address, "GET", "/v1/sys/policies/acl/default", seconds=30)
    assert status in (307, 500)
    active.mend()
    assert _settled(nodes)[0] is new


@on_both
def test_everything_is_there_again_after_all_have_ended(nodes: Nodes) -> None:
    active, standbys = _settled(nodes)
    made = ask(active.address, "POST", "/v1/auth/token/create", {"policies": ["x"]})[1]
    accessor = made["auth"]["accessor"]
    for node in nodes.all:
        node.kill()
    for node in nodes.all:
        node.start()
    assert all(node.wait() for node in nodes.all)
    _settled(nodes)
    found = ask(
        standbys[0].address, "POST", "/v1/auth/token/lookup-accessor", {"accessor": accessor}
    )
    assert (found[0], found[1]["data"]["policies"]) == (200, ["default", "x"])


@contextmanager
def _started(*words: str) -> Iterator[dict[str, Any]]:
    """One more process: what it said when it was ready."""
    process = subprocess.Popen(
        [*COMMAND, "--format", "json", "--quiet", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield json.loads(line)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0
        assert "Traceback" not in log
    finally:
        process.kill()
        process.communicate()


def test_initialized_by_one_unsealed_by_each(tmp_path: Path) -> None:
    storage = ("--storage", f"sqlite:{tmp_path / 'x.db'}", "--lease", "1.5")
    with _started(*storage, "--uninitialized") as first, _started(*storage, "--sealed") as second:
        one, two = (start["nodes"][0]["address"] for start in (first, second))
        # The second found nothing, and made what it needed: the first learns of it.
        assert first["root_token"] == ""
        assert second["root_token"]
        _until(lambda: ask(one, "GET", "/v1/sys/init")[1]["initialized"])
        asked = {"secret_shares": 1, "secret_threshold": 1}
        assert ask(one, "PUT", "/v1/sys/init", asked)[0] == 400
        assert [ask(node, "GET", "/v1/sys/health")[0] for node in (one, two)] == [503, 503]
        key = {"key": second["unseal_key"]}
        assert ask(one, "PUT", "/v1/sys/unseal", key)[1]["sealed"] is False
        _until(lambda: ask(one, "GET", "/v1/sys/health")[0] == 200)
        assert ask(two, "GET", "/v1/sys/health")[0] == 503
        assert ask(two, "PUT", "/v1/sys/unseal", key)[1]["sealed"] is False
        _until(lambda: ask(two, "GET", "/v1/sys/health")[0] == 429)


def test_a_clean_stop_gives_the_lock_back_at_once(tmp_path: Path) -> None:
    storage = ("--storage", f"sqlite:{tmp_path / 'x.db'}", "--lease", "60")
    with ExitStack() as stack:
        with _started(*storage) as first:
            second = stack.enter_context(_started(*storage))
            one, two = (start["nodes"][0]["address"] for start in (first, second))
            assert ask(one, "GET", "/v1/sys/health")[0] == 200
            assert ask(two, "GET", "/v1/sys/health")[0] == 429
        stopped_at = time.monotonic()
        _until(lambda: ask(two, "GET", "/v1/sys/health")[0] == 200)
        assert time.monotonic() - stopped_at < 50, "that was the end of the lease"


def test_nodes_with_one_certificate_reach_each_other(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    words = (
        *("--storage", f"sqlite:{tmp_path / 'x.db'}", "--root-token", ROOT_TOKEN),
        *("--tls-cert", str(certificate), "--tls-key", str(key)),
    )
    context = ssl.create_default_context(cafile=str(certificate))
    with _started(*words), _started(*words) as second:
        host = second["nodes"][0]["address"].removeprefix("https://")
        with closing(http.client.HTTPSConnection(host, timeout=30, context=context)) as connection:
            connection.request("PUT", "/v1/cubbyhole/x", b'{"a":1}', {"X-Vault-Token": ROOT_TOKEN})
            answer = connection.getresponse()
            found = answer.status, answer.read()
    assert found == (204, b"")


def _serve(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@on_sqlite
def test_another_root_token_is_refused(nodes: Nodes) -> None:
    done = _serve("--storage", nodes.storage, "--root-token", "another-root-token")
    assert done.returncode == 2
    assert "initialized already, with another root token" in done.stderr
    assert "another-root-token" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--nodes", "3"), "one node, with HA, in each"),
        (("--dev",), "one node, with HA, in each"),
        (("--api-address", "vault.example"), "an API address looks like"),
        (("--listen", "0.0.0.0:0"), "cannot reach 0.0.0.0"),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, words: tuple[str, ...], problem: str) -> None:
    done = _serve("--storage", f"sqlite:{tmp_path / 'x.db'}", *words)
    assert (done.returncode, problem in done.stderr, done.stdout) == (2, True, "")
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("dear operator, " * 100)
    done = _serve("--storage", f"sqlite:{file}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot use the storage" in done.stderr
    assert "Traceback" not in done.stderr
    assert file.read_text().startswith("dear operator, dear")
