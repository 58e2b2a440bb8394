"""Tokens, wrapping, identity and secrets beyond what the transcripts tell."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from policy.errors import InventoryError, UsageError
from policy.server import Mock, Options
from policy.server.preload import read_tokens
from policy.testing.server import InProcess, Response

SECRET = "s.0123456789abcdefghijABCD"


def _token(server: InProcess, parent: str | None = None, **fields: Any) -> str:
    answer = server.post("/v1/auth/token/create", json=fields, token=parent)
    assert answer.status == 200, answer.body
    text: str = answer.json["auth"]["client_token"]
    return text


def _lookup(server: InProcess, token: str) -> Response:
    return server.get("/v1/auth/token/lookup-self", token=token)


def test_a_token_expires_and_its_children_with_it() -> None:
    with InProcess(root_token=SECRET) as server:
        parent = _token(server, policies=["root"], ttl="1h")
        child = _token(server, parent, policies=["default"], ttl="2h")
        batch = _token(server, parent, policies=["default"], type="batch", ttl="2h")
        server.clock.advance(3599)
        assert [_lookup(server, t).status for t in (parent, child, batch)] == [200, 200, 200]
        server.clock.advance(2)
        assert [_lookup(server, t).status for t in (parent, batch)] == [403, 403]


def test_revoking_a_parent_revokes_all_descendants_but_no_orphan() -> None:
    with InProcess() as server:
        parent = _token(server, policies=["root"])
        child = _token(server, parent, policies=["root"])
        grandchild = _token(server, child, policies=["default"])
        orphan = _token(server, parent, policies=["default"], no_parent=True)
        batch = _token(server, child, policies=["default"], type="batch")
        assert server.post("/v1/auth/token/revoke", json={"token": parent}).status == 204
        assert [_lookup(server, t).status for t in (parent, child, grandchild, batch)] == [403] * 4
        assert _lookup(server, orphan).status == 200


def test_revoke_orphan_leaves_the_children() -> None:
    with InProcess() as server:
        parent = _token(server, policies=["root"])
        child = _token(server, parent, policies=["default"])
        assert server.post("/v1/auth/token/revoke-orphan", json={"token": parent}).status == 204
        assert _lookup(server, parent).status == 403
        assert _lookup(server, child).json["data"]["orphan"] is True


def test_no_token_is_stored_as_it_is() -> None:
    with InProcess(root_token=SECRET) as server:
        made = _token(server, policies=["default"])
        kept = repr([server.mock.core.storage.scan(f"{a}/") for a in ("token", "accessor", "core")])
        assert SECRET not in kept
        assert made not in kept
        assert server.mock.unseal_key not in kept


def test_no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[dict[str, Any]] = []
    with InProcess(root_token=SECRET) as server:
        server.mock = Mock(Options(root_token=SECRET), clock=server.clock, log=lines.append)
        server.get("/v1/auth/token/lookup-self")
        server.post(f"/v1/auth/token/lookup/{SECRET}")
        server.put("/v1/sys/policies/acl/x", json={"policy": "garbage"})
    assert [line["status"] for line in lines] == [200, 404, 400]
    assert lines[1]["path"] == "/v1/auth/token/lookup/…"
    assert SECRET not in repr(lines) + caplog.text + repr(Options(root_token=SECRET))


def test_memory_does_not_grow_with_expired_tokens() -> None:
    with InProcess() as server:
        for _ in range(30):
            for _ in range(100):
                _token(server, policies=["default"], ttl="1m")
            server.clock.advance(120)
        assert len(server.mock.core.storage.scan("token/")) <= 1001
        assert len(server.mock.core.storage.scan("accessor/")) <= 1001


def test_a_wrapped_answer_is_read_once() -> None:
    with InProcess() as server:
        headers = {"X-Vault-Wrap-TTL": "60"}
        path = "/v1/sys/policies/acl/default"
        info = server.get(path, headers=headers).json["wrap_info"]
        assert info["creation_path"] == "sys/policies/acl/default"
        asked = server.put("/v1/sys/wrapping/lookup", json={"token": info["token"]}, token="").json
        assert asked["data"]["creation_ttl"] == 60
        answer = server.put("/v1/sys/wrapping/unwrap", token=info["token"])
        assert answer.json["data"]["name"] == "default"
        again = server.put("/v1/sys/wrapping/unwrap", json={"token": info["token"]})
        assert (again.status, b"not valid" in again.body) == (400, True)


def test_a_wrapped_answer_expires() -> None:
    with InProcess() as server:
        headers = {"X-Vault-Wrap-TTL": "60"}
        made = server.post("/v1/auth/token/create", json={"policies": ["x"]}, headers=headers)
        token = made.json["wrap_info"]["token"]
        server.clock.advance(61)
        assert server.put("/v1/sys/wrapping/unwrap", json={"token": token}).status == 400


def test_policies_of_an_entity_and_its_groups_count_at_once() -> None:
    allow = 'path "sys/step-down" { capabilities = ["update", "sudo"] }'
    with InProcess(policies={"sd": allow}) as server:
        server.post("/v1/sys/auth/up", json={"type": "userpass"})
        server.post("/v1/auth/up/users/ann", json={"password": "pw"})
        login = server.post("/v1/auth/up/login/ann", json={"password": "pw"}, token="").json["auth"]
        token, entity = login["client_token"], login["entity_id"]
        assert server.put("/v1/sys/step-down", token=token).status == 403
        inner = {"name": "g", "member_entity_ids": [entity]}
        group = server.post("/v1/identity/group", json=inner).json["data"]["id"]
        outer = {"name": "o", "member_group_ids": [group], "policies": ["sd"]}
        server.post("/v1/identity/group", json=outer)
        shown = _lookup(server, token).json["data"]
        assert (shown["policies"], shown["identity_policies"]) == (["default"], ["sd"])
        assert server.put("/v1/sys/step-down", token=token).status == 204


def test_a_template_is_filled_with_the_identity() -> None:
    text = 'path "cubbyhole/{{identity.entity.name}}/*" { capabilities = ["create"] }'
    with InProcess(policies={"own": text}) as server:
        server.post("/v1/sys/auth/up", json={"type": "userpass"})
        user = {"password": "pw", "token_policies": "own", "token_no_default_policy": True}
        server.post("/v1/auth/up/users/ann", json=user)
        login = server.post("/v1/auth/up/login/ann", json={"password": "pw"}, token="").json["auth"]
        token, entity = login["client_token"], login["entity_id"]
        server.post(f"/v1/identity/entity/id/{entity}", json={"name": "ann"})
        assert server.put("/v1/cubbyhole/ann/x", json={"a": 1}, token=token).status == 204
        assert server.put("/v1/cubbyhole/bob/x", json={"a": 1}, token=token).status == 403


def test_create_and_update_are_told_apart_by_what_exists() -> None:
    create = 'path "kv/*" { capabilities = ["create"] }'
    update = 'path "kv/*" { capabilities = ["update"] }'
    with InProcess(policies={"c": create, "u": update}) as server:
        server.post("/v1/sys/mounts/kv", json={"type": "kv"})
        creator = _token(server, policies=["c"])
        updater = _token(server, policies=["u"])
        assert server.put("/v1/kv/a", json={"v": 1}, token=updater).status == 403
        assert server.put("/v1/kv/a", json={"v": 1}, token=creator).status == 204
        assert server.put("/v1/kv/a", json={"v": 2}, token=creator).status == 403
        assert server.put("/v1/kv/a", json={"v": 2}, token=updater).status == 204


def test_a_cubbyhole_is_its_tokens_alone() -> None:
    with InProcess() as server:
        one, other = _token(server, policies=["default"]), _token(server, policies=["default"])
        server.put("/v1/cubbyhole/x", json={"a": 1}, token=one)
        assert server.get("/v1/cubbyhole/x", token=one).json["data"] == {"a": 1}
        assert server.get("/v1/cubbyhole/x", token=other).status == 404
        server.post("/v1/auth/token/revoke", json={"token": one})
        assert server.mock.core.storage.scan("cubbyhole/") == []


def test_a_role_gives_no_root_to_those_who_are_not() -> None:
    make = 'path "auth/token/create/*" { capabilities = ["create", "update"] }'
    with InProcess(policies={"make": make}) as server:
        for name, allowed in (("r", ["root"]), ("free", []), ("p", ["make", "other"])):
            server.post(f"/v1/auth/token/roles/{name}", json={"allowed_policies": allowed})
        maker = _token(server, policies=["make"])

        def made(role: str, *policies: str) -> Response:
            body = {"policies": list(policies)}
            return server.post(f"/v1/auth/token/create/{role}", json=body, token=maker)

        assert made("r", "root").status == 400
        assert made("r").status == 400
        assert made("free", "other").status == 400
        assert made("free").json["auth"]["policies"] == ["default", "make"]
        assert made("p", "other").json["auth"]["policies"] == ["default", "other"]
        assert made("p", "root").status == 400


@pytest.mark.parametrize("depth", [10, 300, 900, 1000, 5000])
def test_deep_data_breaks_nothing(depth: int) -> None:
    body = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    with InProcess() as server:
        assert server.put("/v1/cubbyhole/x", body=body).status in (204, 400)
        assert server.get("/v1/cubbyhole/x").status in (200, 404, 500)
        assert server.post("/v1/sys/capabilities-self", body=body).status == 400
        wrong = b'{"paths":' + b'[{"a":' * depth + b"1" + b"}]" * depth + b"}"
        assert server.post("/v1/sys/capabilities-self", body=wrong).status in (400, 500)
        assert server.get("/v1/sys/health").status == 200


def test_a_standby_leaves_wrapping_to_the_active_node() -> None:
    with InProcess(nodes=2) as server:
        headers = {"X-Vault-Wrap-TTL": "60"}
        path = "/v1/sys/policies/acl/default"
        assert "wrap_info" in server.get(path, headers=headers, node=1).json
        server.put("/v1/sys/step-down")
        server.clock.advance(0.52)
        assert server.get(path, headers=headers, node=1).status == 500
        assert server.get(path, node=1).status == 200


def test_an_expired_policy_is_as_good_as_missing() -> None:
    allow = 'path "kv/*" { capabilities = ["list"] }'
    with InProcess() as server:
        server.put("/v1/sys/policies/acl/p", json={"policy": allow, "ttl": "1m"})
        token = _token(server, policies=["p"])
        assert server.request("LIST", "/v1/kv/", token=token).status == 404
        server.clock.advance(61)
        assert server.request("LIST", "/v1/kv/", token=token).status == 403
        assert server.get("/v1/sys/policies/acl/p").status == 404


def test_preset_tokens_work_and_their_file_is_checked() -> None:
    tokens = read_tokens(b'[{"id": "ops", "policies": ["P"], "num_uses": 1, "ttl": "5m"}]', "t")
    assert "ops" not in repr(tokens)
    allow = 'path "sys/step-down" { capabilities = ["update", "sudo"] }'
    with InProcess(policies={"p": allow}, tokens=tokens) as server:
        assert server.put("/v1/sys/step-down", token="ops").status == 204
        assert server.put("/v1/sys/step-down", token="ops").status == 500
    for text in (
        b"[",
        b"{}",
        b'[{"policies": []}]',
        b'[{"id": "hush", "ttl": "x"}]',
        b'[{"a": 1}]',
    ):
        with pytest.raises(InventoryError) as caught:
            read_tokens(text, "t")
        assert "hush" not in str(caught.value)


def test_options_that_make_no_sense_are_refused() -> None:
    for options in (
        {"nodes": 0},
        {"nodes": 2, "is_dev": True},
        {"state": "asleep"},
        {"unseal_key": "xyz"},
        {"unseal_key": "00"},
        {"state": "uninitialized", "root_token": "x"},
    ):
        with pytest.raises(UsageError):
            Options(**options)
