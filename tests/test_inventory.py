"""Files that describe tokens, mounts and requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy import Alias, Entity, Group, InventoryError, Request, Token, UsageError
from policy.inventory import read_mounts, read_request, read_token


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


# tokens


def test_a_whole_token() -> None:
    token = read_token(
        dumped(
            {
                "policies": ["ops"],
                "namespace": "team-a",
                "entity": {
                    "id": "e",
                    "name": "ann",
                    "metadata": {"k": "v"},
                    "policies": ["p"],
                    "aliases": [
                        {
                            "id": "a",
                            "name": "n",
                            "mount_accessor": "acc",
                            "metadata": {"x": "y"},
                            "custom_metadata": {"z": "w"},
                        }
                    ],
                },
                "groups": [
                    {"id": "g", "name": "m", "metadata": {}, "policies": ["q"], "namespace": "/b/"}
                ],
            }
        ),
        "token.json",
    )
    assert token == Token(
        ["ops"],
        Entity("e", "ann", {"k": "v"}, ("p",), (Alias("a", "n", "acc", {"x": "y"}, {"z": "w"}),)),
        [Group("g", "m", {}, ("q",), "b/")],
        "team-a/",
    )


def test_an_empty_token() -> None:
    assert read_token(b"{}", "token.json") == Token()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"policies": "root"}, "policies: Input should be a valid list"),
        ({"policies": [1]}, "policies.0: Input should be a valid string"),
        ({"polices": []}, "polices: Extra inputs are not permitted"),
        ({"entity": {"aliases": [{"name": "x"}]}}, "entity.aliases.0.mount_accessor: Field requ"),
        ({"entity": {"metadata": {"k": 1}}}, "entity.metadata.k: Input should be a valid string"),
        ({"groups": {}}, "groups: Input should be a valid list"),
        ([], "token.json: a JSON object was expected"),
        (None, "token.json: a JSON object was expected"),
        ({"entity": []}, "entity: a JSON object was expected"),
    ],
)
def test_what_does_not_hold_is_named(value: Any, words: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_token(dumped(value), "token.json")
    message = str(caught.value)
    assert message.startswith("token.json: ")
    assert words in message


def test_all_fields_that_do_not_hold_are_named_but_not_endlessly() -> None:
    with pytest.raises(InventoryError) as caught:
        read_token(dumped({"policies": 1, "groups": 2, "entity": 3}), "t")
    assert str(caught.value).count("; ") == 2
    with pytest.raises(InventoryError) as caught:
        read_token(dumped({"policies": [1] * 1000}), "t")
    assert str(caught.value).count("; ") == 7


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"{'a': 1}", b"[" * 5000, b"\0"])
def test_what_is_no_json(data: bytes) -> None:
    with pytest.raises(InventoryError, match=r"^t\.json: not JSON: "):
        read_token(data, "t.json")


# mounts


def test_paths_and_types() -> None:
    mounts = read_mounts(dumped({"pki_int/": "pki", "kv": "kv-v2", "auth/ldap": "ldap"}), "m")
    types = {mount.path: mount.type for mount in mounts.mounts}
    assert types["pki_int/"] == "pki"
    assert types["kv/"] == "kv-v2"
    assert types["auth/ldap/"] == "ldap"
    assert types["sys/"] == "system"


def test_what_secrets_list_prints() -> None:
    mounts = read_mounts(
        dumped(
            {
                "secret/": {"type": "kv", "options": {"version": "2"}, "accessor": "kv_1"},
                "old/": {"type": "kv", "options": {"version": "1"}},
                "older/": {"type": "kv", "options": None},
                "sys/": {"type": "system", "options": None},
                "cubbyhole/": {"type": "cubbyhole"},
            }
        ),
        "m",
    )
    types = {mount.path: mount.type for mount in mounts.mounts}
    assert types["secret/"] == "kv-v2"
    assert types["old/"] == types["older/"] == "kv-v1"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"x/": "pkk"}, "did you mean `pki`?"),
        ({"x/": 1}, "m: "),
        ({"x/": {"kind": "pki"}}, "type: Field required"),
        ({"a/": "pki", "a/b/": "pki"}, "lies inside"),
        ({"userpass/": "userpass"}, "its mount path is `auth/userpass/`"),
        ([], "m: a JSON object was expected"),
    ],
)
def test_mounts_that_do_not_hold(value: Any, words: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_mounts(dumped(value), "m")
    assert words in str(caught.value)


# requests


def asked(**fields: Any) -> Request:
    return read_request(dumped(fields), "line 1").request()


def test_by_operation() -> None:
    assert asked(operation="read", path="a") == Request("read", "a")  # type: ignore[arg-type]
    request = asked(
        operation="update", path="a", namespace="/ns1/", data={"k": [1]}, wrap_ttl_seconds=1.5, id=7
    )
    assert request.namespace == "ns1/"
    assert request.data == {"k": [1]}
    assert request.wrap_ttl_seconds == 1.5


@pytest.mark.parametrize(
    ("exists", "operation"), [(None, "write"), (True, "update"), (False, "create")]
)
def test_writes(exists: bool | None, operation: str) -> None:
    assert asked(operation="write", path="a", exists=exists).operation == operation
    assert asked(method="POST", target="/v1/a", exists=exists).operation == operation


def test_by_method() -> None:
    request = asked(method="GET", target="/v1/a?list=true", namespace="ns1")
    assert (request.operation, request.path, request.namespace) == ("list", "a", "ns1/")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"operation": "read"},
        {"path": "a"},
        {"method": "GET"},
        {"operation": "read", "target": "a"},
        {"operation": "read", "path": "a", "method": "GET", "target": "a"},
        {"operation": "read", "path": "a", "method": "GET"},
        {"method": "GET", "target": "a", "path": "a"},
    ],
)
def test_one_form_or_the_other(fields: dict[str, str]) -> None:
    with pytest.raises(InventoryError, match="give `operation` and `path`, or `method` and"):
        asked(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"operation": "read", "path": 1},
        {"operation": "read", "path": "a", "data": []},
        {"operation": "read", "path": "a", "exists": "yes"},
        {"operation": "read", "path": "a", "wrap_ttl_seconds": "60"},
        {"operation": "read", "path": "a", "wrap_ttl": 60},
        {"operation": "read", "path": "a", "id": 1.5},
        {"operation": "read", "path": "a", "id": True},
    ],
)
def test_fields_are_taken_as_they_are(fields: dict[str, Any]) -> None:
    with pytest.raises(InventoryError, match=r"^line 1: "):
        asked(**fields)


def test_words_that_no_server_knows() -> None:
    with pytest.raises(UsageError, match="unknown operation `fly`"):
        asked(operation="fly", path="a")
    with pytest.raises(UsageError, match="no operation for the method `FLY`"):
        asked(method="FLY", target="a")
