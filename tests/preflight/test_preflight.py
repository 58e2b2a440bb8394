"""`sudopath preflight step-down` against the mock server: every answer, and what each one costs."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from pydantic import TypeAdapter

from policy.report.preflight_json import PreflightReport
from policy.server import InitialState
from policy.testing.server import OnPorts
from tests.cli.conftest import environment
from tests.preflight.conftest import long_active, new_token
from tests.preflight.strange import closed_port, page, responding, strange
from tests.server.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Done
    from tests.preflight.conftest import Preflight

READS = """
path "sys/ha-status" { capabilities = ["read"] }
path "sys/policies/acl/*" { capabilities = ["read"] }
path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }
"""
STEP = 'path "sys/step-down" { capabilities = ["update", "sudo"] }'
POLICIES = {
    "ops": STEP + READS,
    "bare": STEP,
    "no-sudo": 'path "sys/step-down" { capabilities = ["update"] }' + READS,
    "no-update": 'path "sys/step-down" { capabilities = ["sudo"] }' + READS,
    "condition": READS
    + 'path "sys/step-down" { capabilities = ["update", "sudo"] required_parameters = ["why"] }',
    "template": 'path "sys/{{identity.entity.metadata.may}}" '
    '{ capabilities = ["update", "sudo"] }' + READS,
    "mute": 'path "auth/token/lookup-self" { capabilities = ["deny"] }' + STEP + READS,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[OnPorts]:
    """Three nodes, the first of them active for an hour. Nobody steps it down."""
    with OnPorts(nodes=3, policies=POLICIES) as server:
        long_active(server)
        yield server


def report(done: Done) -> PreflightReport:
    return TypeAdapter(PreflightReport).validate_python(done.json, strict=True, extra="forbid")


def levels(answer: PreflightReport, check: str) -> list[str]:
    return [each["level"] for each in answer["findings"] if each["check"] == check]


def test_a_go(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"])
    done = preflight(cluster.address, token)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"GO  step-down by {cluster.address}  (OpenBao 2.7.2, raft)\n")
    words = " ".join(done.out.split())
    for phrase in (
        "valid for another 3",  # 31 days and more, or 32
        "the token has no limit of uses",
        "the policies allow `update` with `sudo` (by `ops`)",
        "the server agrees: `sudo` and `update` on `sys/step-down`",
        "HA is on, and this node is active, for 1 h",
        "2 of 2 can take over",
        "becomes active after about half a second",
        f"`{cluster.address}` cannot become active for 10 s",
    ):
        assert phrase in words


def test_the_answer_for_programs(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"])
    answer = report(preflight(cluster.address, token, "--format", "json"))
    assert (answer["verdict"], answer["execution"]) == ("go", None)
    assert answer["server"]["role"] == "active"
    assert answer["token"] is not None
    assert answer["token"]["policies"] == ["default", "ops"]
    # The token, its capabilities, the nodes, autopilot (which the mock lacks), two policies.
    uses: Any = {"requests": 6, "is_limit_known": True, "left": None, "not_asked": []}
    assert answer["uses"] == uses
    assert answer["capabilities"] == ["sudo", "update"]
    assert answer["decision"] is not None
    assert answer["decision"]["outcome"] == "allow"
    nodes = answer["nodes"] or []
    assert [node["address"] for node in nodes] == sorted(cluster.addresses[1:])
    assert all(node["is_able"] and node["role"] == "standby" for node in nodes)
    assert answer["forecast"] is not None
    assert answer["forecast"]["steps_down"] == cluster.address
    assert not any(finding["level"] in ("no", "unknown") for finding in answer["findings"])


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("no-sudo", "root-protected, and the winning rule does not grant `sudo`"),
        ("no-update", "does not grant `update`"),
        ("condition", "`why`"),
        ("default", "no rule matches"),
    ],
)
def test_the_policies_do_not_allow_it(
    preflight: Preflight, cluster: OnPorts, name: str, phrase: str
) -> None:
    names = [name, "reads"]
    Target("", cluster.address, "", "").send(
        "PUT", "sys/policies/acl/reads", {"policy": READS}, cluster.root_token
    )
    done = preflight(cluster.address, new_token(cluster, policies=names))
    assert done.code == 1
    assert done.out.splitlines()[1].startswith("  NO    policy ")
    assert phrase in " ".join(done.out.split())
    assert "NO-GO" in done.out
    assert "  then" not in done.out, "nothing will happen"


def test_a_policy_of_the_identity_counts(preflight: Preflight) -> None:
    with OnPorts(nodes=2, policies=POLICIES) as server:
        long_active(server)
        target = Target("", server.address, server.root_token, "")

        def must(method: str, path: str, body: object) -> Any:
            status, made = target.send(method, path, body, server.root_token)
            assert status in (200, 204), made
            return made

        must("POST", "sys/auth/userpass", {"type": "userpass"})
        must("POST", "auth/userpass/users/bob", {"password": "x", "token_policies": "default"})
        made = must("POST", "auth/userpass/login/bob", {"password": "x"})
        token, entity = made["auth"]["client_token"], made["auth"]["entity_id"]
        assert preflight(server.address, token).code == 1
        must("POST", f"identity/entity/id/{entity}", {"policies": ["template"]})
        assert preflight(server.address, token).code == 1
        must("POST", f"identity/entity/id/{entity}", {"metadata": {"may": "step-down"}})
        answer = report(preflight(server.address, token, "--format", "json"))
        assert answer["verdict"] == "go"
        assert answer["token"] is not None
        assert answer["token"]["identity_policies"] == ["template"]
        assert answer["decision"] is not None
        assert answer["decision"]["granted_by"] == ["template"]


def test_the_root_token(preflight: Preflight, cluster: OnPorts) -> None:
    answer = report(preflight(cluster.address, cluster.root_token, "--format", "json"))
    assert (answer["verdict"], answer["capabilities"]) == ("go", ["root"])
    assert answer["token"] is not None
    assert answer["token"]["ttl_seconds"] is None


@pytest.mark.parametrize("token", ["s.nonsense", "x"])
def test_an_unknown_token(preflight: Preflight, cluster: OnPorts, token: str) -> None:
    done = preflight(cluster.address, "s.nonsense-nonsense", "--format", "json")
    answer = report(done)
    assert done.code == 1
    assert levels(answer, "token") == ["no"]
    assert answer["uses"]["requests"] == 1, "it is not tried again and again"


def test_a_token_that_may_not_look_at_itself(preflight: Preflight, cluster: OnPorts) -> None:
    done = preflight(cluster.address, new_token(cluster, policies=["mute"]), "--format", "json")
    answer = report(done)
    assert done.code == 3
    assert answer["verdict"] == "undetermined"
    assert levels(answer, "token") == ["unknown"]
    assert answer["capabilities"] == ["sudo", "update"]
    # It could have a limit, so nothing is asked but what matters most.
    assert answer["uses"]["requests"] == 2
    assert not answer["uses"]["is_limit_known"]


def test_a_short_lived_token(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"], ttl="30s")
    answer = report(preflight(cluster.address, token, "--format", "json"))
    assert answer["verdict"] == "go"
    assert levels(answer, "token") == ["warning"]


def test_a_batch_token(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"], type="batch")
    answer = report(preflight(cluster.address, token, "--format", "json"))
    assert answer["verdict"] == "go"
    assert answer["token"] is not None
    assert answer["token"]["type"] == "batch"


@pytest.mark.parametrize(
    ("limit", "verdict", "requests", "left"),
    [
        (1, "no-go", 1, 0),
        (2, "undetermined", 1, 1),
        (3, "undetermined", 2, 1),
        (4, "go", 3, 1),
        (6, "go", 5, 1),
        (7, "go", 6, 1),
        (8, "go", 6, 2),
    ],
)
def test_uses_are_counted_and_one_is_kept(
    preflight: Preflight, cluster: OnPorts, limit: int, verdict: str, requests: int, left: int
) -> None:
    token = new_token(cluster, policies=["ops"], num_uses=limit)
    answer = report(preflight(cluster.address, token, "--format", "json"))
    assert answer["verdict"] == verdict
    assert (answer["uses"]["requests"], answer["uses"]["left"]) == (requests, left)
    assert bool(answer["uses"]["not_asked"]) == (requests < 6)
    target = Target("", cluster.address, "", "")
    status, found = target.send("GET", "auth/token/lookup-self", token=token)
    # What is said to be left is left: the last use shows as -1.
    assert (status, (found or {}).get("data", {}).get("num_uses")) == (
        (403, None) if left == 0 else (200, left - 1 or -1)
    )


def test_three_uses_are_enough_where_the_standbys_are_named(
    preflight: Preflight, cluster: OnPorts
) -> None:
    words = ["--standby", cluster.addresses[1]]
    assert (
        preflight(cluster.address, new_token(cluster, policies=["ops"], num_uses=3), *words)[0] == 0
    )
    assert (
        preflight(cluster.address, new_token(cluster, policies=["ops"], num_uses=2), *words)[0] == 3
    )


def test_a_namespace_is_set(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"])
    done = preflight(cluster.address, token, VAULT_NAMESPACE="team")
    assert done.code == 1
    assert "the namespace `team` is set" in done.out
    assert preflight(cluster.address, token, "--namespace", "", VAULT_NAMESPACE="team").code == 0


def test_a_token_of_a_child_namespace(preflight: Preflight, cluster: OnPorts) -> None:
    import http.client

    Target("", cluster.address, "", "").send("PUT", "sys/namespaces/team", None, cluster.root_token)
    connection = http.client.HTTPConnection(cluster.address.removeprefix("http://"), timeout=30)
    headers = {"X-Vault-Token": cluster.root_token, "X-Vault-Namespace": "team"}
    connection.request("POST", "/v1/auth/token/create", b"{}", headers)
    made = orjson.loads(connection.getresponse().read())
    connection.close()
    done = preflight(cluster.address, made["auth"]["client_token"])
    assert done.code == 1
    assert "the token belongs to the namespace `team/`" in done.out


# Nodes


def test_a_standby(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"])
    done = preflight(cluster.addresses[1], token)
    assert done.code == 1
    words = " ".join(done.out.split())
    assert f"there is nothing to step down; `{cluster.address}` is active" in words
    done = preflight(cluster.addresses[1], token, "--forward")
    assert done.code == 0
    assert f"`{cluster.address}` steps down, not this one" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"is_dev": True}, "HA is off: a step-down answers 204 to anybody and does nothing"),
        ({"state": InitialState.SEALED}, "the node is sealed"),
        ({"state": InitialState.UNINITIALIZED}, "the node is not initialized"),
        ({}, "there is no standby"),
    ],
)
def test_a_node_that_cannot(preflight: Preflight, options: dict[str, Any], phrase: str) -> None:
    with OnPorts(**options) as server:
        long_active(server)
        done = preflight(server.address, server.root_token or "x.y-z")
    assert done.code == 1
    assert done.out.count("  NO  ") == 1
    assert phrase in " ".join(done.out.split())


def test_a_step_down_just_before(preflight: Preflight) -> None:
    with OnPorts(nodes=2) as server:
        done = preflight(server.address, server.root_token)
        assert done.code == 1
        assert "active for 0 s only" in done.out
        assert "ask again in 10 s" in done.out


def test_nobody_is_active(preflight: Preflight) -> None:
    from policy.server import Timing

    with OnPorts(nodes=2, timing=Timing(drain=0, takeover=600)) as server:
        target = Target("", server.address, "", "")
        assert target.send("PUT", "sys/step-down", token=server.root_token)[0] == 204
        done = preflight(server.address, server.root_token)
    assert done.code == 1
    assert "no node is active: a step-down would answer 500" in done.out


def test_a_sealed_standby(preflight: Preflight) -> None:
    with OnPorts(nodes=2) as server:
        long_active(server)
        node = server.mock.cluster.nodes[1]
        node.is_sealed = True
        words = ["--standby", server.addresses[1]]
        done = preflight(server.address, server.root_token, *words)
        assert done.code == 1
        assert f"no standby can take over: `{server.addresses[1]}` (sealed)" in " ".join(
            done.out.split()
        )


def test_standbys_by_their_addresses_alone(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["bare"])
    done = preflight(cluster.address, token)
    assert done.code == 3
    assert 'grant `read` on "sys/ha-status"' in done.out
    assert "not checked offline (the policy `bare`: the token may not ask)" in " ".join(
        done.out.split()
    )
    done = preflight(cluster.address, token, "--standby", cluster.addresses[1])
    assert done.code == 0
    dead = f"http://{closed_port()}"
    done = preflight(cluster.address, token, "--standby", dead)
    assert done.code == 3
    assert f"no standby is known to be well: `{dead}` (nothing listens there)" in " ".join(
        done.out.split()
    )
    words = ["--standby", dead, "--standby", cluster.addresses[1]]
    done = preflight(cluster.address, token, *words)
    assert done.code == 0
    assert "not all are well" in done.out
    done = preflight(cluster.address, token, "--standby", cluster.address)
    assert done.code == 1, "the active node is no standby of its own"


# Redirects, and where the token goes


@contextmanager
def standby_that_redirects(leader: str, location: str, heard: list[bytes]) -> Iterator[str]:
    """A standby whose link to the active node is not up."""
    health = {"initialized": True, "sealed": False, "standby": True, "version": "2.7.2"}
    pages = {
        "/v1/sys/health": page(health, "429 Too Many Requests"),
        "/v1/sys/leader": page({"ha_enabled": True, "is_self": False, "leader_address": leader}),
        "/v1/sys/seal-status": page({"storage_type": "raft", "commit_date": "x"}),
    }

    def serve(connection: Any, head: bytes) -> None:
        path = head.split(b" ")[1].decode()
        moved = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}{path}\r\n".encode()
        responding(pages, moved + b"Connection: close\r\nContent-Length: 0\r\n\r\n")(
            connection, head
        )

    with strange(serve, heard=heard) as host:
        yield f"http://{host}"


def test_a_redirect_to_the_active_node_is_followed(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"], num_uses=8)
    with standby_that_redirects(cluster.address, cluster.address, []) as address:
        done = preflight(address, token, "--forward", "--format", "json")
    answer = report(done)
    assert done.code == 0
    assert (answer["uses"]["requests"], answer["uses"]["left"]) == (6, 2)


def test_a_redirect_to_elsewhere_is_not(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"])
    heard: list[bytes] = []

    with (
        strange(lambda *_: None, heard=heard) as elsewhere,
        standby_that_redirects(cluster.address, f"http://{elsewhere}", []) as address,
    ):
        done = preflight(address, token, "--forward")
    assert done.code == 3
    assert "which is not the active node we know of; the token was not sent there" in " ".join(
        done.out.split()
    )
    assert heard == []


def test_status_pages_are_asked_without_the_token(preflight: Preflight, cluster: OnPorts) -> None:
    token = new_token(cluster, policies=["ops"])
    heard: list[bytes] = []
    with standby_that_redirects(cluster.address, cluster.address, heard) as address:
        preflight(address, token, "--forward")
    for head in heard:
        is_status = b"/v1/sys/health" in head or b"/v1/sys/leader" in head or b"/seal-" in head
        assert (token.encode() in head) is not is_status


# The process


def test_the_token_by_standard_input(cluster: OnPorts, tmp_path: Any) -> None:
    token = new_token(cluster, policies=["ops"])
    command = [sys.executable, "-m", "policy", "preflight", "step-down", "--token-file", "-"]
    done = subprocess.run(
        [*command, "--address", cluster.address],
        input=f"{token}\n".encode(),
        capture_output=True,
        check=False,
        env=environment({"HOME": str(tmp_path)}),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"GO ")
    assert token.encode() not in done.stdout + done.stderr


@pytest.mark.parametrize("words", [("--token", "s.abc"), ("--token=s.abc",)])
def test_no_option_takes_a_token(preflight: Preflight, words: tuple[str, ...]) -> None:
    done = preflight("http://127.0.0.1:1", "", *words)
    assert done.code == 2
    assert "a token is no argument" in done.err
    assert "s.abc" not in done.err


def test_a_token_in_place_of_a_file(preflight: Preflight) -> None:
    done = preflight("http://127.0.0.1:1", "", "--token-file", "s.abc")
    assert done == (2, "", "sudopath: the file of `--token-file`: there is no such file\n")


def test_no_token_at_all(preflight: Preflight) -> None:
    done = preflight("http://127.0.0.1:1", "")
    assert done.code == 2
    assert "there is no token" in done.err


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "nan"])
def test_times_that_are_none(preflight: Preflight, seconds: str) -> None:
    assert preflight("http://127.0.0.1:1", "x.y", "--timeout", seconds).code == 2


def test_an_address_that_is_none(preflight: Preflight) -> None:
    done = preflight("127.0.0.1:8200", "x.y")
    assert done.code == 2
    assert "write https://HOST:PORT" in done.err
