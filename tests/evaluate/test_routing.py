"""Before any rule is looked at: the namespace, the path, and what the server refuses outright.
Seen by live comparison with OpenBao 2.7.2."""

from __future__ import annotations

import pytest

from policy.evaluate.routing import WRITES, Route, refusal, route, written
from policy.model import Operation, Request, byte_text


def routed(operation: str, path: str, namespace: str, token_namespace: str | None) -> Route:
    """Where a request goes on a server with the namespaces `ns1/`, `ns1/ns2/` and `é/`."""
    request = Request(operation, path, namespace)  # type: ignore[arg-type]  # words are welcome
    return route(request, ["ns1/ns2/", "ns1/", byte_text("é/")], token_namespace)


@pytest.mark.parametrize(
    ("operation", "path", "namespace", "expected"),
    [
        ("read", "a", "", ("", "a")),
        ("read", "/a", "", ("", "a")),
        ("read", "///a", "", ("", "a")),
        ("read", "", "", ("", "")),
        ("list", "a", "", ("", "a/")),
        ("list", "a/", "", ("", "a/")),
        ("scan", "", "", ("", "/")),
        ("read", "ns1/a", "", ("ns1/", "a")),
        ("read", "ns1/ns2/a", "", ("ns1/ns2/", "a")),
        ("read", "ns1/ns3/a", "", ("ns1/", "ns3/a")),
        ("read", "a", "ns1/", ("ns1/", "a")),
        ("read", "ns2/a", "ns1/", ("ns1/ns2/", "a")),
        ("read", "ns1", "", ("ns1/", "ns1")),
        ("read", "ns1/", "", ("ns1/", "")),
        ("list", "ns1", "", ("ns1/", "")),
        ("read", "ns2", "ns1/", ("ns1/ns2/", "ns1/ns2")),
        ("read", "/a", "ns1/", ("ns1/", "/a")),
        ("read", "é/a", "", ("é/", "a")),
        ("help", "ns1/a", "", ("ns1/", "a")),
        ("help", "/ns1/a", "", ("", "ns1/a")),
        ("read", "/ns1/a", "", ("ns1/", "a")),
        ("read", "a", "unknown/", ("unknown/", "a")),
    ],
)
def test_route(operation: str, path: str, namespace: str, expected: tuple[str, str]) -> None:
    found = routed(operation, path, namespace, None)
    assert found == tuple(map(byte_text, expected))
    assert found.full == found.namespace + found.path


@pytest.mark.parametrize(
    ("path", "namespace", "is_about_the_token"),
    [
        ("auth/token/lookup-self", "", True),
        ("auth/token/renew-self", "ns1/", True),
        ("ns1/auth/token/revoke-self", "", True),
        ("auth/token/lookup", "", True),
        ("auth/token/create", "", False),
        ("auth/token/lookup-self/x", "", False),
    ],
)
def test_requests_about_the_token_itself(
    path: str, namespace: str, is_about_the_token: bool
) -> None:
    here = routed("update", path, namespace, None)
    there = routed("update", path, namespace, "ns1/ns2/")
    assert there.path == here.path
    assert there.namespace == ("ns1/ns2/" if is_about_the_token else here.namespace)


def test_a_lookup_that_names_a_token_is_about_that_one() -> None:
    request = Request(Operation.UPDATE, "auth/token/lookup", "ns1/", {"token": "s.x"})
    assert route(request, [], "") == ("ns1/", "auth/token/lookup")


@pytest.mark.parametrize(
    ("operation", "path", "namespace", "words"),
    [
        ("read", "a", "", None),
        ("read", "a//b", "", "redirected"),
        ("read", "a/./b", "", "redirected"),
        ("read", "a/../b", "", "redirected"),
        ("read", "a/..", "", "redirected"),
        ("read", "a/.b", "", None),
        ("read", "../a", "", "redirected"),
        ("read", ".a", "", None),
        ("read", "sys", "", "redirected to `sys/`"),
        ("read", "a/...", "", None),
        ("read", "/a", "ns1/", "redirected"),
        ("help", "a//b", "", None),
        ("help", "a/../b", "", "redirected"),
        ("help", "/a", "ns1/", None),
        ("read", "a\nb", "", "unprintable"),
        ("help", "a\x1b", "", "unprintable"),
        ("read", byte_text("a\u202eb"), "", "unprintable"),
        ("read", byte_text("é\udcff"), "", None),
        ("read", "a/", "", None),
        ("update", "a/", "", "ends in a slash"),
        ("patch", "a/", "", "ends in a slash"),
        ("write", "a/", "", "ends in a slash"),
        ("delete", "a/", "", None),
        ("read", "sys/seal", "", "only PUT and POST"),
        ("delete", "sys/step-down", "", "only PUT and POST"),
        ("update", "sys/step-down", "", None),
        ("help", "sys/step-down", "", None),
        ("list", "sys/step-down/", "", None),
        ("list", "sys/health/", "", "405"),
        ("delete", "sys/leader", "", "405"),
        ("read", "sys/leader", "", None),
        ("update", "sys/init", "", None),
    ],
)
def test_refusal(operation: str, path: str, namespace: str, words: str | None) -> None:
    found = refusal(Operation(operation), path, namespace)
    assert (found is None) == (words is None)
    assert (words or "") in (found or "")
    # The quick way of the ACL hands in plain words.
    assert refusal(operation, path, namespace) == found


def test_a_write_to_the_bare_name_of_a_mount() -> None:
    for operation in Operation:
        changed = operation in WRITES and operation is not Operation.PATCH
        assert written(operation, "kv", {"kv"}) == ("kv/" if changed else "kv")
        assert written(operation, "kv/a", {"kv"}) == "kv/a"
