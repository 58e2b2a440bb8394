"""From HTTP to operations (OpenBao 2.7.2, spec of the ACL, sections 5 and 9)."""

from __future__ import annotations

from typing import Any

import pytest

from policy import Operation, Request, UsageError, http_request
from policy.model import operation_request


@pytest.mark.parametrize(
    ("method", "target", "operation", "path"),
    [
        ("GET", "/v1/a/b", "read", "a/b"),
        ("get", "v1/a/b", "read", "a/b"),
        ("GET", "a/b", "read", "a/b"),
        ("GET", "/v1//v1/a", "read", "/v1/a"),
        ("LIST", "/v1/a", "list", "a"),
        ("SCAN", "/v1/a", "scan", "a"),
        ("DELETE", "/v1/a", "delete", "a"),
        ("PATCH", "/v1/a", "patch", "a"),
        ("POST", "/v1/a", "write", "a"),
        ("PUT", "/v1/a", "write", "a"),
        ("HEAD", "/v1/a", "header", "a"),
        ("HELP", "/v1/a", "help", "a"),
        ("GET", "/v1/a%2Fb%20c%ff", "read", "a/b c\udcff"),
        ("GET", "/v1/a%3Flist=true", "read", "a?list=true"),
    ],
)
def test_methods(method: str, target: str, operation: str, path: str) -> None:
    assert http_request(method, target) == Request(Operation(operation), path)


@pytest.mark.parametrize("value", ["1", "t", "T", "true", "TRUE", "True"])
def test_true_makes_a_list_or_a_scan(value: str) -> None:
    for name in ("list", "scan"):
        request = http_request("GET", f"/v1/a?{name}={value}&x=y")
        assert request.operation == name
        assert request.data == {name: value, "x": "y"}


@pytest.mark.parametrize("value", ["0", "f", "F", "false", "FALSE", "False", ""])
def test_false_leaves_a_read(value: str) -> None:
    request = http_request("GET", f"/v1/a?list={value}")
    assert request == Request(Operation.READ, "a", data={"list": value})


@pytest.mark.parametrize(
    "query", ["list=yes", "scan=2", "list=TrUe", "list=true&list=true", "list=true&scan=1"]
)
def test_what_the_server_answers_with_400(query: str) -> None:
    with pytest.raises(UsageError, match="400"):
        http_request("GET", f"/v1/a?{query}")


def test_list_is_nothing_special_elsewhere() -> None:
    assert http_request("DELETE", "/v1/a?list=true").operation == "delete"
    assert http_request("LIST", "/v1/a?list=nonsense").operation == "list"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "LIST"])
def test_help_by_query(method: str) -> None:
    assert http_request(method, "/v1/a?help=1").operation == "help"
    assert http_request(method, "/v1/a?help=").operation != "help"


@pytest.mark.parametrize(
    ("exists", "operation"), [(None, "write"), (True, "update"), (False, "create")]
)
def test_existence_decides_what_a_write_is(exists: bool | None, operation: str) -> None:
    for method in ("PUT", "POST"):
        assert http_request(method, "/v1/a", exists=exists).operation == operation
    assert http_request("PATCH", "/v1/a", exists=exists).operation == "patch"


def test_parameters_are_the_body_of_a_write_and_the_query_of_the_rest() -> None:
    body: dict[str, Any] = {"k": 1}
    assert http_request("POST", "/v1/a?q=1", data=body).data == body
    assert http_request("PATCH", "/v1/a?q=1", data=body).data == body
    assert http_request("POST", "/v1/a?q=1").data is None
    assert http_request("GET", "/v1/a?q=1", data=body).data == {"q": "1"}
    assert http_request("GET", "/v1/a", data=body).data is None
    assert http_request("GET", "/v1/a?q=1&q=2").data == {"q": None}


def test_namespace_and_wrapping_are_carried_over() -> None:
    request = http_request("GET", "/v1/a", namespace="ns1", wrap_ttl_seconds=60)
    assert (request.namespace, request.wrap_ttl_seconds) == ("ns1/", 60)


def test_an_unknown_method() -> None:
    with pytest.raises(UsageError, match=r"`OPTIONS`; known: DELETE, GET"):
        http_request("OPTIONS", "/v1/a")


@pytest.mark.parametrize("start", ["https://vault.example:8200", "http://127.0.0.1"])
def test_a_whole_address_counts_as_its_path(start: str) -> None:
    assert http_request("LIST", f"{start}/v1/a/b?after=x") == http_request(
        "LIST", "/v1/a/b?after=x"
    )


def test_a_method_in_small_letters_is_no_operation() -> None:
    with pytest.raises(UsageError, match=r"`post`; HTTP methods are written in capitals: `POST`"):
        operation_request("post", "a")
    assert operation_request("list", "a").operation == "list"
