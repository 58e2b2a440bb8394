"""What is checked is what is served: whatever a target looks like, a secret that is read, listed or
changed is one that the policies allow, asked anew by the path where it really lies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import policy
from policy import ACL, Operation, PolicySet, Request, Token
from policy.testing.server import InProcess
from tests.properties.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy import Decision
    from policy.testing.server import Response

DIALECT = "openbao-2.7"
RULES = """
path "kv/*" { capabilities = ["read", "list"] }
path "kv/open/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "kv/closed" { capabilities = ["deny"] }
path "kv/closed/*" { capabilities = ["deny"] }
path "kv/+/secret" { capabilities = ["deny"] }
path "kv/open/secret" { capabilities = ["deny"] }
path "kv/open/secret/x" { capabilities = ["update"] }
path "ns/kv/open/*" { capabilities = ["create", "update", "read", "list"] }
"""
NAMES = ("open", "open/x", "open/secret", "open/secret/x", "closed", "closed/x", "a/secret", "x")


class World:
    """A mock with secrets that know where they lie, and a token that may see some of them."""

    def __init__(self, server: InProcess) -> None:
        self.server = server
        self.core = server.mock.core
        server.put("/v1/sys/namespaces/ns")
        server.put("/v1/sys/policies/acl/p", json={"policy": RULES})
        self.mounts: dict[str, str] = {}
        for namespace in ("", "ns/"):
            assert server.put(f"/v1/{namespace}sys/mounts/kv", json={"type": "kv"}).status == 204
            for name in NAMES:
                body = {"where": f"{namespace}kv/{name}"}
                assert server.put(f"/v1/{namespace}kv/{name}", json=body).status == 204
            found = self.core.mounts.find("kv/x", namespace)
            assert found is not None
            self.mounts[found[0].uuid] = f"{namespace}kv/"
        made = server.put("/v1/auth/token/create", json={"policies": ["p"]})
        self.token: str = made.json["auth"]["client_token"]
        own = PolicySet([policy.parse(RULES, "p", dialect=DIALECT)], DIALECT)
        self.acl = own.acl(Token(["p", "default"]), namespaces=["ns/"])

    def secrets(self) -> dict[str, Any]:
        """All secrets, by the path where they lie."""
        found = {}
        for key, record in self.core.storage.scan("data/"):
            _, mount, name = key.split("/", 2)
            found[self.mounts[mount] + name] = record
        return found

    def allows(self, path: str, *operations: str) -> bool:
        return any(self.acl.decide(Request(Operation(o), path)).allowed for o in operations)

    def ask(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        return self.server.request(
            method, target, token=self.token, headers=headers, json={"where": "changed"}
        )


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with InProcess() as server:
        yield World(server)


@contextmanager
def _overheard() -> Iterator[list[Decision]]:
    """Every decision that is made meanwhile."""
    heard: list[Decision] = []
    decide = ACL.decide

    def listening(acl: ACL, request: Request) -> Decision:
        heard.append(decide(acl, request))
        return heard[-1]

    def allows(
        acl: ACL,
        operation: str,
        path: str,
        *,
        data: Mapping[str, Any] | None = None,
        wrap_ttl_seconds: float | None = None,
    ) -> bool:
        return acl.decide(Request(Operation(operation), path, "", data, wrap_ttl_seconds)).allowed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ACL, "decide", listening)
        patch.setattr(ACL, "allows", allows)
        yield heard


def _check(world: World, method: str, target: str, headers: Mapping[str, str]) -> Response:
    """Ask once, and hold what happened against the policies. Returns the answer."""
    before = world.secrets()
    with _overheard() as heard:
        answer = world.ask(method, target, headers)
    after = world.secrets()
    try:
        for path in before.keys() | after.keys():
            if path not in after:
                assert world.allows(path, "delete"), (target, path)
            elif before.get(path) is not after[path]:
                operation = "update" if path in before else "create"
                assert world.allows(path, operation), (target, path)
        data = (answer.json or {}).get("data") if answer.body and answer.status == 200 else None
        if data and "where" in data:
            assert world.allows(data["where"], "read"), (target, data)
        if data and "keys" in data:
            listed = [decision for decision in heard if decision.allowed]
            assert len(listed) == 1
            assert set(data["keys"]) == _below(before, listed[0].path), target
            assert world.allows(listed[0].path, "list", "scan"), target
        # Nothing was served by more than one decision, and nothing without one.
        assert len(heard) <= 1
        if data is not None or before.keys() != after.keys():
            assert [decision.allowed for decision in heard] == [True]
    finally:
        _restore(world, before, after)
    return answer


def _below(secrets: Mapping[str, object], folder: str) -> set[str]:
    inside = [path.removeprefix(folder) for path in secrets if path.startswith(folder)]
    return {name.partition("/")[0] + ("/" if "/" in name else "") for name in inside}


def _restore(world: World, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    uuids = {path: uuid for uuid, path in world.mounts.items()}
    for path in before.keys() | after.keys():
        if before.get(path) is not after.get(path):
            mount = next(m for m in sorted(uuids, key=len, reverse=True) if path.startswith(m))
            key = f"data/{uuids[mount]}/{path.removeprefix(mount)}"
            world.core.write({key: before.get(path)})


PIECES = st.sampled_from(
    [
        *("kv", "open", "closed", "secret", "x", "a", "ns", "sys", "mounts", "/", "/", "/", "/"),
        *("%2F", "%2f", "//", "/./", "/../", "..", ".", "%2e", "%2E%2e", "%5c", "\\", "%5C..%5C"),
        *("%", "%zz", "%00", "%252F", "%252e", "%6f", "%c3%a9", "%ff", "*", "+", ";", ":", "@"),
        *("?list=true", "?x=/kv/open/x", "#", " ", "~", "é"),
    ]
)
START = st.sampled_from(["/v1/", "/v1/kv/", "/v1/kv/open/", "/v1/ns/kv/", "/v1//kv/", "/", "//"])
TARGETS = st.tuples(START, st.lists(PIECES, max_size=8).map("".join)).map("".join)
HEADERS = st.sampled_from([{}, {}, {"X-Vault-Namespace": "ns"}, {"X-Vault-Namespace": "ns/kv"}])


@examples(700)
@given(st.sampled_from(["GET", "PUT", "POST", "DELETE", "LIST"]), TARGETS, HEADERS)
@example("GET", "/v1/kv/closed%2Fx", {})
@example("GET", "/v1/kv/open/%2e%2e/closed/x", {})
@example("GET", "/v1/kv/open/../closed/x", {})
@example("GET", "/v1/kv/%63losed/x", {})
@example("PUT", "/v1/kv/open%2Fsecret", {})
@example("LIST", "/v1/kv//open", {})
@example("GET", "/v1/kv/closed", {"X-Vault-Namespace": "ns"})
@example("PUT", "/v1/ns%2Fkv/open/x", {})
@example("PUT", "/v1/kv/open/x", {"X-Vault-Namespace": "ns"})
def test_whatever_is_served_is_allowed(
    world: World, method: str, target: str, headers: dict[str, str]
) -> None:
    for _ in range(3):
        answer = _check(world, method, target, headers)
        # A client follows, and is judged anew.
        target = answer.headers.get("Location", "")
        if answer.status != 307 or not target.startswith("/"):
            break


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/v1/kv/open/x", 200),
        ("GET", "/v1/kv/%6fpen/x", 200),
        ("GET", "/v1/kv/open%2Fx", 200),
        ("GET", "/v1/%6bv/x", 200),
        ("PUT", "/v1/kv/open%2fnew", 204),
        ("PUT", "/v1/ns/kv/open/new", 204),
        ("DELETE", "/v1/kv/ope%6e/x", 204),
        ("LIST", "/v1/kv/open", 200),
        ("GET", "/v1/kv/?list=true", 200),
        ("GET", "/v1/kv/closed", 403),
        ("GET", "/v1/kv/c%6Cosed/x", 403),
        ("GET", "/v1/kv/open/secret", 403),
        ("PUT", "/v1/kv/open%2Fsecret", 403),
        ("LIST", "/v1/kv/closed", 403),
        ("GET", "/v1/kv/open/../closed/x", 307),
        ("GET", "/v1/kv/open/%2e%2e/closed/x", 400),
    ],
)
def test_odd_spellings_are_served_too(world: World, method: str, target: str, status: int) -> None:
    """So that the test above has something to look at."""
    assert _check(world, method, target, {}).status == status
