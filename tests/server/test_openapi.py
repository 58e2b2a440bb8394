"""The OpenAPI document says what the mock serves, all of it, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from policy.server import mount_types
from policy.server.openapi import PAGES, document
from policy.testing.server import InProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.testing.server import Response

METHODS = ("get", "post", "put", "patch", "delete")
# These would end what the others need; the transcripts have them.
ENDS_IT = {"/sys/seal", "/sys/step-down", "/auth/token/revoke-self", "/sys/unseal"}
Operation = tuple[str, str, dict[str, Any]]
DOCUMENT = document()
OPERATIONS: list[Operation] = [
    (path, method, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


@pytest.fixture
def server() -> Iterator[InProcess]:
    with InProcess() as mock:
        assert mock.post("/v1/sys/auth/userpass", json={"type": "userpass"}).status == 204
        assert mock.post("/v1/sys/mounts/kv", json={"type": "kv"}).status == 204
        assert mock.post("/v1/sys/mounts/secret", json={"type": "kv-v2"}).status == 204
        yield mock


def test_every_kind_of_mount_and_every_page_is_in_it(server: InProcess) -> None:
    [door] = {id(app._door): app._door for app in server.mock.applications}.values()
    assert set(PAGES) == {*door._pages, "sys/step-down"}
    # `generic` is an old name of `kv`.
    kinds = set(mount_types._BY_TYPE) - {"generic"} | {"kv2"}
    beginnings = {
        *("/sys/", "/identity/", "/auth/token/", "/cubbyhole/"),
        *("/auth/userpass/", "/kv/", "/secret/"),
    }
    assert len(kinds) == len(beginnings)
    for beginning in beginnings:
        assert any(path.startswith(beginning) for path in DOCUMENT["paths"]), beginning
    assert len(OPERATIONS) > 100


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_method_is_there_if_the_document_has_it(server: InProcess, path: str) -> None:
    for method in METHODS:
        operation = DOCUMENT["paths"][path].get(method)
        target = _target(path, {}, operation or {})
        answer = server.request(method.upper(), target, body=b"{}", **_kind(method))
        if operation is None:
            # What stands at `{path}` may itself be the path of another route.
            # And a wrapping token is asked for before anything else.
            is_wrapping = path.startswith("/sys/wrapping/")
            assert answer.status in (404, 405) or is_wrapping, (method, target)
        else:
            assert answer.status != 405, (method, target)
            assert b"unsupported path" not in answer.body
        if path in ENDS_IT:
            break


WORDS = ("a", "b/c", "root", "default", "x y", "ä", "%", "..", "//", "a" * 300, "{}", "")
VALUES: tuple[Any, ...] = (
    *WORDS,
    *(None, True, False, 0, -1, 1e300, 2**70, [], ["a"], [["a"]], {}, {"a": 1}, {"a": {"b": []}}),
    *("1h", "-1s", "99999999999h", "true", "root,default", ["root"], 'path "a" {}'),
)
FIELDS = [
    *("accessor", "allowed_policies", "canonical_id", "cas", "custom_metadata", "data"),
    *("disabled", "expiration", "explicit_max_ttl", "id", "increment", "max_versions"),
    *("member_entity_ids", "meta", "metadata", "mount_accessor", "name", "no_parent", "num_uses"),
    *("options", "password", "path", "paths", "period", "policies", "policy", "renewable"),
    *("token", "ttl", "type", "version", "versions"),
]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_sent_the_answer_is_of_the_documented_shape(
    server: InProcess, seed: int
) -> None:
    random = Random(seed)
    seen: Counter[int] = Counter()
    chosen = [operation for operation in OPERATIONS if operation[0] not in ENDS_IT]
    for _ in range(1_500):
        path, method, operation = random.choice(chosen)
        names = {
            name: random.choice(WORDS) for name in ("path", "name", "id", "role_name", "username")
        }
        body = {
            field: random.choice(VALUES)
            for field in random.sample(FIELDS, random.randrange(len(FIELDS) // 2))
        }
        token = None if random.random() < 0.9 else random.choice(("", "wrong", "ä"))
        answer = server.request(
            method.upper(),
            _target(path, names, operation),
            body=json.dumps(body).encode() if method not in ("get", "delete") else b"",
            token=token,
            **_kind(method),
        )
        seen[answer.status] += 1
        _must_fit(answer, operation)
    # It is not all refused, or all the same.
    assert seen[200] > 50
    assert seen[204] > 50
    assert seen[400] > 50
    assert server.get("/v1/sys/health").status == 200


def _target(path: str, names: dict[str, str], operation: dict[str, Any]) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "list" and parameter["required"]:
            path += "?list=true"
    for name in ("path", "name", "id", "role_name", "username"):
        path = path.replace(f"{{{name}}}", quote(names.get(name, "some"), safe="/"))
    assert "{" not in path
    return f"/v1{path}"


def _kind(method: str) -> dict[str, Any]:
    if method != "patch":
        return {}
    return {"headers": {"Content-Type": "application/merge-patch+json"}}


def _must_fit(answer: Response, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    status = str(answer.status)
    described = responses.get(status) or responses.get(f"{status[0]}XX") or responses.get("default")
    assert described is not None, status
    if answer.status == 500:
        assert answer.json != {"errors": ["internal error"]}
    content = described.get("content", {}).get("application/json")
    if content is None:
        assert answer.status != 204 or answer.body == b""
        return
    assert answer.headers["Content-Type"] == "application/json"
    _must_match(answer.json, content["schema"])


_KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}


def _must_match(value: Any, schema: dict[str, Any]) -> None:
    """As much of JSON Schema as the document uses."""
    if value is None and schema.get("nullable"):
        return
    assert isinstance(value, _KINDS[schema["type"]]), (value, schema)
    if schema["type"] == "object":
        for name in schema.get("required", ()):
            assert name in value
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                _must_match(value[name], inner)
    elif schema["type"] == "array":
        for item in value:
            _must_match(item, schema["items"])


def test_it_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "policy.server.openapi"], capture_output=True, check=True
    )
    assert json.loads(done.stdout) == DOCUMENT
