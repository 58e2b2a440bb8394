"""What random sequences once found: short ones, with what the real server said (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.testing.server import InProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def server() -> Iterator[InProcess]:
    with InProcess() as server:
        yield server


def _made(server: InProcess, body: dict[str, Any], path: str = "create") -> str:
    answer = server.post(f"/v1/auth/token/{path}", json=body)
    assert answer.status == 200, answer.body
    token: str = answer.json["auth"]["client_token"]
    return token


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (
            "auth/token/create",
            {"num_uses": 2.5},
            (
                "Field validation failed: error converting input for field \"num_uses\": '' cannot "
                "parse value as 'int': strconv.ParseInt: invalid syntax"
            ),
        ),
        (
            "auth/token/create",
            {"meta": ["a=b", "c"]},
            (
                'Field validation failed: error converting input for field "meta": invalid key '
                'pair at index 1 in field "meta"'
            ),
        ),
        (
            "auth/token/create",
            {"policies": [["a"], "b", {}]},
            (
                'Field validation failed: error converting input for field "policies": decoding '
                "failed due to the following error(s):\n\n'[0]' expected type 'string', got "
                "unconvertible type '[]interface {}'\n'[2]' expected type 'string', got "
                "unconvertible type 'map[string]interface {}'"
            ),
        ),
        (
            "identity/entity",
            {"policies": [{"a": "b"}]},
            (
                'Field validation failed: error converting input for field "policies": 1 error(s) '
                "decoding:\n\n* '[0]' expected type 'string', got unconvertible type "
                "'map[string]interface {}', value: 'map[a:b]'"
            ),
        ),
        # Where there is an existence check it comes first, and does not say what failed.
        (
            "auth/token/roles/r",
            {"period": "-1h"},
            "error converting input for field \"period\": cannot provide negative value '-3600'",
        ),
        ("auth/token/create", {"type": "batch"}, "batch tokens cannot be root tokens"),
        ("auth/token/create", {"lease": "-1h"}, "lease must be positive"),
        (
            "auth/token/create",
            {"entity_alias": "x"},
            "'entity_alias' is only allowed in combination with token role",
        ),
        ("identity/group", {"name": ""}, "empty group name"),
        ("sys/mounts/auth/x", {"type": "kv"}, 'cannot mount "auth/x/"'),
        ("sys/mounts/x", {"type": "token"}, 'mount type of "token" is not mountable'),
        ("sys/namespaces/a/b", {}, "namespace name cannot contain /"),
        (
            "sys/namespaces/sys",
            {},
            '"sys/" is a reserved path and cannot be used as a namespace name',
        ),
        (
            "sys/policies/acl/p",
            {"policy": "#", "cas_required": True},
            "check-and-set parameter required for this call",
        ),
        (
            "sys/policies/acl/root",
            {"policy": "x {"},
            "failed to parse policy: At 1:5: object expected closing RBRACE got: EOF",
        ),
        (
            "sys/policies/acl/p",
            {"policy": "a = [1"},
            (
                "failed to parse policy: At 1:9: error parsing list, expected comma or list end, "
                "got: EOF"
            ),
        ),
    ],
)
def test_refusals_in_the_words_of_the_server(
    server: InProcess, path: str, body: dict[str, Any], text: str
) -> None:
    answer = server.post(f"/v1/{path}", json=body)
    assert (answer.status, answer.json) == (400, {"errors": [text]})


def test_unknown_parameters_are_named_in_a_warning(server: InProcess) -> None:
    made = server.post("/v1/auth/token/create", json={"zz": 1, "a": 2})
    assert made.json["warnings"] == ["Endpoint ignored these unrecognized parameters: [a zz]"]
    # Where there is nothing else to say, there is no answer to put it in.
    assert server.post("/v1/auth/token/roles/r", json={"zz": 1}).status == 204
    listed = server.request("LIST", "/v1/identity/entity/id?x=1")
    assert (listed.status, listed.json["data"]) == (200, {})


def test_what_the_path_says_wins_over_the_body(server: InProcess) -> None:
    answer = server.post("/v1/identity/group/name/g", json={"name": [["odd"]]})
    assert answer.json["data"]["name"] == "g"
    assert answer.json["warnings"] == [
        (
            "Endpoint replaced the value of these parameters with the values captured from the "
            "endpoint's path: [name]"
        )
    ]


def test_a_policy_is_patched(server: InProcess) -> None:
    server.put("/v1/sys/policies/acl/p", json={"policy": 'path "a" {}', "ttl": "1h"})
    answer = server.request(
        "PATCH", "/v1/sys/policies/acl/p", json={"cas_required": True}, headers=PATCH
    )
    assert (answer.status, answer.json["data"]) == (200, None)
    found = server.get("/v1/sys/policies/acl/p").json["data"]
    assert (found["policy"], found["cas_required"], found["version"]) == ('path "a" {}', True, 2)
    assert "expiration" in found


def test_names_of_policies_are_in_lower_case_before_the_verdict(server: InProcess) -> None:
    text = 'path "sys/policies/acl/p" { capabilities = ["read"] }'
    server.put("/v1/sys/policies/acl/p", json={"policy": text})
    token = _made(server, {"policies": ["p"]})
    assert server.get("/v1/sys/policies/acl/P", token=token).status == 200
    asked = {"path": "sys/policies/acl/P"}
    assert server.post("/v1/sys/capabilities-self", json=asked).json["capabilities"] == ["root"]
    said = server.post("/v1/sys/capabilities-self", json=asked, token=token)
    assert said.json["capabilities"] == ["deny"]


def test_a_wrapping_token_is_asked_for_before_anything_else(server: InProcess) -> None:
    nobody = server.post("/v1/sys/wrapping/unwrap", token="")
    assert (nobody.status, nobody.json["errors"]) == (
        403,
        ["error validating wrapping token: token is empty"],
    )
    for body in ({"token": "nosuch"}, {}):
        unknown = server.post("/v1/sys/wrapping/unwrap", json=body, token="nosuch")
        assert unknown.status == 400


def test_a_role_has_its_own_period_and_use_limit(server: InProcess) -> None:
    role = {"token_period": "1h", "token_num_uses": 2}
    server.post("/v1/auth/token/roles/r", json=role)
    token = _made(server, {"policies": ["default"]}, "create/r")
    found = server.post("/v1/auth/token/lookup", json={"token": token}).json["data"]
    # The period of the role decides how long it lasts, and is no property of the token.
    assert "period" not in found
    assert (found["ttl"], found["num_uses"], found["role"]) == (3600, 2, "r")
    server.request("DELETE", "/v1/auth/token/roles/r")
    answer = server.post("/v1/auth/token/renew", json={"token": token})
    assert (answer.status, answer.json["errors"]) == (
        500,
        [
            (
                '1 error occurred:\n\t* failed to renew entry: original token role "r" could not '
                "be found, not renewing\n\n"
            )
        ],
    )


def test_a_login_is_not_renewed_after_its_policies_changed(server: InProcess) -> None:
    server.post("/v1/sys/auth/up", json={"type": "userpass"})
    user = {"password": "pw", "token_ttl": "900h"}
    server.post("/v1/auth/up/users/u", json=user)
    login = server.post("/v1/auth/up/login/u", json={"password": "pw"}, token="").json
    assert login["warnings"] == [
        'TTL of "900h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly'
    ]
    token = login["auth"]["client_token"]
    server.post("/v1/auth/up/users/u/policies", json={"policies": "new"})
    assert server.post("/v1/auth/token/renew-self", token=token).status == 500
    server.request("DELETE", "/v1/auth/up/users/u")
    assert server.post("/v1/auth/token/renew-self", token=token).status == 204


def test_versions_of_a_secret_are_forgotten_by_the_larger_limit(server: InProcess) -> None:
    server.post("/v1/sys/mounts/kv", json={"type": "kv-v2"})
    server.post("/v1/kv/config", json={"max_versions": 2})
    server.post("/v1/kv/metadata/a", json={"max_versions": 1})
    for number in range(4):
        server.post("/v1/kv/data/a", json={"data": {"n": number}})
    found = server.get("/v1/kv/metadata/a").json["data"]
    assert (sorted(found["versions"]), found["oldest_version"]) == (["3", "4"], 3)


def test_groups_keep_track_of_what_they_are_in(server: InProcess) -> None:
    one, two = (
        server.post("/v1/identity/group", json={"name": name}).json["data"]["id"] for name in "gh"
    )
    outer = {"member_group_ids": [two]}
    assert server.post(f"/v1/identity/group/id/{one}", json=outer).status == 204
    inner = server.get(f"/v1/identity/group/id/{two}").json["data"]
    assert (inner["parent_group_ids"], inner["modify_index"]) == ([one], 2)
    back = server.post(f"/v1/identity/group/id/{two}", json={"member_group_ids": [one]})
    assert back.json["errors"] == [f'cyclic relationship detected for member group ID "{one}"']


def test_names_of_users_are_in_lower_case_before_the_verdict(server: InProcess) -> None:
    server.post("/v1/sys/auth/up", json={"type": "userpass"})
    rules = 'path "auth/up/users/u1" { capabilities = ["create", "read"] }'
    server.request("PUT", "/v1/sys/policies/acl/p", json={"policy": rules})
    token = _made(server, {"policies": ["p"]})
    path = "/v1/auth/up/users/U1"
    assert server.post(path, json={"password": "pw"}, token=token).status == 204
    assert server.get(path, token=token).status == 200
    assert server.post(f"{path}/password", json={"password": "pw"}, token=token).status == 403
    wrapped = server.get(path, headers={"X-Vault-Wrap-TTL": "60"}).json["wrap_info"]
    assert wrapped["creation_path"] == "auth/up/users/u1"


def test_a_wrapping_token_that_unwraps_itself_is_not_in_the_body(server: InProcess) -> None:
    for body, status in (({}, 200), (None, 500)):
        info = server.post("/v1/sys/wrapping/wrap", json={}, headers={"X-Vault-Wrap-TTL": "60"})
        token = info.json["wrap_info"]["token"]
        given = {"token": token} if body is None else body
        answer = server.post("/v1/sys/wrapping/unwrap", json=given, token=token)
        assert answer.status == status, answer.body


def test_an_alias_that_cannot_move_is_changed_only_if_it_is_named(server: InProcess) -> None:
    server.post("/v1/sys/auth/up", json={"type": "userpass"})
    accessor = server.get("/v1/sys/auth").json["data"]["up/"]["accessor"]
    alias = {"name": "u", "mount_accessor": accessor}
    path = "/v1/identity/entity-alias"
    id_ = server.post(path, json=alias).json["data"]["id"]
    moved = {**alias, "canonical_id": "nowhere", "custom_metadata": {"a": "b"}}
    for target, kept in ((f"{path}/id/{id_}", {}), (path, {"a": "b"})):
        assert server.post(target, json=moved).status == 400
        assert server.get(f"{path}/id/{id_}").json["data"]["custom_metadata"] == kept


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("auth/token/renew-self", {}, 400, "token not found"),
        ("auth/token/renew", {"token": "T"}, 400, "token not found"),
        (
            "auth/token/renew-accessor",
            {"accessor": "A"},
            400,
            "1 error occurred:\n\t* invalid request\n\n",
        ),
        ("auth/token/revoke-orphan", {"token": "T"}, 400, "token to revoke not found"),
        ("auth/token/revoke-accessor", {"accessor": "A"}, 400, "token not found"),
    ],
)
def test_the_last_use_of_a_token_is_not_for_itself(
    server: InProcess, path: str, body: dict[str, str], status: int, text: str
) -> None:
    rules = 'path "*" { capabilities = ["update", "sudo"] }'
    server.request("PUT", "/v1/sys/policies/acl/all", json={"policy": rules})
    auth = server.post(
        "/v1/auth/token/create", json={"policies": ["all"], "num_uses": 1, "ttl": "1h"}
    ).json["auth"]
    known = {"T": auth["client_token"], "A": auth["accessor"]}
    given = {name: known[value] for name, value in body.items()}
    answer = server.post(f"/v1/{path}", json=given, token=auth["client_token"])
    assert (answer.status, answer.json["errors"]) == (status, [text])


def test_a_wrapping_token_is_called_what_the_caller_is_called(server: InProcess) -> None:
    server.post("/v1/sys/auth/up", json={"type": "userpass"})
    server.post("/v1/auth/up/users/u", json={"password": "pw"})
    caller = _made(server, {"display_name": "bob"})
    wrapping = {"X-Vault-Wrap-TTL": "60"}
    for path, body, name in (
        ("sys/wrapping/wrap", {}, "token-bob"),
        ("auth/up/login/u", {"password": "pw"}, "up-u"),
    ):
        info = server.post(f"/v1/{path}", json=body, token=caller, headers=wrapping).json
        token = info["wrap_info"]["token"]
        found = server.post("/v1/auth/token/lookup", json={"token": token}).json["data"]
        assert found["display_name"] == name


def test_a_group_is_looked_up_in_its_namespace(server: InProcess) -> None:
    server.post("/v1/sys/namespaces/team", json={})
    id_ = server.post("/v1/team/identity/group", json={"name": "g"}).json["data"]["id"]
    for namespace, status in (("", 204), ("team/", 200)):
        answer = server.post(f"/v1/{namespace}identity/lookup/group", json={"id": id_})
        assert answer.status == status
