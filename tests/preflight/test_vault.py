"""Answers as Vault's documentation and source have them; no Vault was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.preflight.offline import dialect_of
from policy.preflight.snapshot import NodeState, Product, Role, Server
from tests.preflight.strange import page, responding, strange

if TYPE_CHECKING:
    from tests.preflight.conftest import Preflight

TOKEN = "hvs.SENTINELsentinelSENTINEL"
STEP = 'path "sys/step-down" { capabilities = ["update", "sudo"] }'


def health(**changes: object) -> dict[str, Any]:
    return {
        "initialized": True,
        "sealed": False,
        "standby": False,
        "performance_standby": False,
        "replication_performance_mode": "disabled",
        "replication_dr_mode": "disabled",
        "server_time_utc": 1_700_000_000,
        "version": "1.21.0",
        "cluster_name": "c",
        "cluster_id": "id",
        **changes,
    }


def data(found: object) -> bytes:
    return page({"request_id": "x", "data": found, "auth": None})


def vault(standby: str, **changes: bytes) -> dict[str, bytes]:
    """The pages of an active node of Vault on Consul, with one performance standby."""
    leader = {
        "ha_enabled": True,
        "is_self": True,
        "active_time": "2023-11-14T21:13:20.123456789Z",
        "leader_address": "https://vault-1:8200",
        "leader_cluster_address": "https://vault-1:8201",
        "performance_standby": False,
        "performance_standby_last_remote_wal": 0,
    }
    nodes = [
        {"hostname": "a", "api_address": "https://vault-1:8200", "active_node": True},
        {
            "hostname": "b",
            "api_address": standby,
            "cluster_address": "https://vault-2:8201",
            "active_node": False,
            "last_echo": "2023-11-14T22:13:18.5Z",
            "version": "1.21.0",
        },
    ]
    token = {"id": TOKEN, "num_uses": 0, "ttl": 3600, "policies": ["ops"], "type": "service"}
    pages = {
        "/v1/sys/health": page(health()),
        "/v1/sys/leader": page(leader),
        "/v1/sys/seal-status": page(
            {"type": "shamir", "version": "1.21.0", "build_date": "x", "storage_type": "consul"}
        ),
        "/v1/auth/token/lookup-self": data({**token, "expire_time": "2023-11-14T23:13:20Z"}),
        "/v1/sys/capabilities-self": data({"sys/step-down": ["sudo", "update"]}),
        "/v1/sys/ha-status": data({"nodes": nodes}),
        "/v1/sys/policies/acl/ops": data({"name": "ops", "policy": STEP}),
    }
    return {**pages, **{f"/v1/{path}": answer for path, answer in changes.items()}}


def test_a_go(preflight: Preflight) -> None:
    heard: list[bytes] = []
    state = page(health(standby=True, performance_standby=True), "473 Performance Standby")
    with (
        strange(responding({"/v1/sys/health": state})) as standby,
        strange(responding(vault(f"http://{standby}")), heard=heard) as host,
    ):
        done = preflight(f"http://{host}", TOKEN, "--format", "json")
    answer = done.json
    assert done.code == 0, answer
    assert answer["server"]["product"] == "Vault"
    assert answer["server"]["storage"] == "consul"
    assert answer["leader"]["active_seconds"] == pytest.approx(3599.9, abs=0.2)
    assert answer["decision"]["dialect"] == "vault-1.21"
    assert answer["uses"]["requests"] == 4, "there is no raft to ask about"
    assert [node["why"] for node in answer["nodes"]] == ["standby"]
    assert "reads too" in answer["forecast"]["lines"][1]
    writes = [head for head in heard if not head.startswith(b"GET ")]
    assert len(writes) == 1, "it only reads"
    assert writes[0].startswith(b"POST /v1/sys/capabilities-self ")


@pytest.mark.parametrize(
    ("path", "answer", "phrase"),
    [
        (
            "auth/token/lookup-self",
            page(
                {"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]},
                "403 Forbidden",
            ),
            "the server does not accept the token",
        ),
        (
            "sys/health",
            page(health(replication_dr_mode="secondary"), "472 x"),
            "a disaster recovery secondary",
        ),
        (
            "sys/leader",
            page(
                {
                    "ha_enabled": True,
                    "is_self": False,
                    "active_time": "0001-01-01T00:00:00Z",
                    "leader_address": "",
                    "leader_cluster_address": "",
                }
            ),
            "no node is active",
        ),
    ],
)
def test_a_no_go(preflight: Preflight, path: str, answer: bytes, phrase: str) -> None:
    with strange(responding(vault("http://127.0.0.1:1", **{path: answer}))) as host:
        done = preflight(f"http://{host}", TOKEN)
    assert done.code == 1
    assert phrase in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("path", "answer", "phrase"),
    [
        ("auth/token/lookup-self", data({}), "its uses or TTL are not in the answer"),
        ("auth/token/lookup-self", page([]), "no JSON came back (HTTP 200, `[]`)"),
        ("sys/capabilities-self", data({"other": ["root"]}), "the server's own word is missing"),
        ("sys/ha-status", data({}), "there are no nodes in the answer"),
        ("sys/ha-status", page({}, "500 Broken"), "`sys/ha-status`: HTTP 500"),
        ("sys/leader", page({"errors": ["x"]}, "500 Broken"), "`sys/leader` answers HTTP 500: x"),
        ("sys/leader", b"", "closed the connection without an answer"),
        (
            "sys/capabilities-self",
            data({"sys/step-down": ["root"]}),
            "the server and the policies do not agree",
        ),
    ],
)
def test_a_doubt(preflight: Preflight, path: str, answer: bytes, phrase: str) -> None:
    state = page(health(standby=True), "429 x")
    with (
        strange(responding({"/v1/sys/health": state})) as standby,
        strange(responding(vault(f"http://{standby}", **{path: answer}))) as host,
    ):
        done = preflight(f"http://{host}", TOKEN)
    assert done.code == 3
    assert phrase in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("product", "version", "dialect"),
    [
        (Product.OPENBAO, "2.7.2", "openbao-2.7"),
        (Product.UNKNOWN, "", "openbao-2.7"),
        (Product.VAULT, "1.9.1", "vault-1.11"),
        (Product.VAULT, "1.21.4+ent", "vault-1.21"),
        (Product.VAULT, "2.0.0", "vault-2.0"),
        (Product.VAULT, "?", "vault-2.0"),
    ],
)
def test_the_nearest_dialect(product: Product, version: str, dialect: str) -> None:
    assert dialect_of(Server("", NodeState(Role.ACTIVE, version), product)) == dialect
