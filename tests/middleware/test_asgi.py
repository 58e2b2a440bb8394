"""The middleware: who asks, every way it fails closed, and what passes untouched."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

import policy
from policy import PolicySet, Token
from policy.middleware import Gate, PolicyMiddleware
from tests.middleware.calling import Called, Recorder, call

if TYPE_CHECKING:
    from collections.abc import MutableMapping

SECRET = "s.VerySecretTokenOfAnn"
TEXT = """
path "a/*" { capabilities = ["read", "update"] }
path "open" { capabilities = ["read"] }
"""


def people(token: str) -> Token | None:
    return Token(["p"]) if token == SECRET else None


class Guarded:
    """An application behind the middleware, and a way to ask it."""

    def __init__(self, resolve: Any = people, **options: Any) -> None:
        self.recorder = Recorder()
        self.gate = Gate(PolicySet([policy.parse(TEXT, "p")]))
        self.application = PolicyMiddleware(self.recorder, self.gate, resolve, **options)

    def ask(self, method: str = "GET", path: str = "/a/b", **options: Any) -> Called:
        return asyncio.run(call(self.application, method, path, **options))


@pytest.mark.parametrize(
    "headers",
    [
        {"x-vault-token": SECRET},
        {"X-Vault-Token": f" {SECRET} "},
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": f"bearer  {SECRET}"},
        {"x-vault-token": SECRET, "authorization": f"Bearer {SECRET}"},
        [("authorization", "Basic eDp5"), ("authorization", f"Bearer {SECRET}")],
    ],
)
def test_a_token_comes_in_either_header(headers: Any) -> None:
    guarded = Guarded()
    called = guarded.ask(headers=headers)
    assert (called.status, called.body) == (200, b"served")
    assert guarded.recorder.scopes[0]["policy"].allowed


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({}, 403, "no-subject"),
        ({"x-vault-token": ""}, 403, "no-subject"),
        ({"x-vault-token": "wrong"}, 403, "no-subject"),
        ({"x-vault-token": SECRET + "x"}, 403, "no-subject"),
        ({"authorization": SECRET}, 403, "no-subject"),
        ({"authorization": "Bearer"}, 403, "no-subject"),
        ({"authorization": f"Basic {SECRET}"}, 403, "no-subject"),
        ({"x-vault-token": SECRET, "authorization": "Bearer other"}, 400, "several-tokens"),
        ([("x-vault-token", SECRET), ("x-vault-token", "other")], 400, "several-tokens"),
        ({"x-vault-token": SECRET, "x-vault-namespace": "ns1"}, 400, "namespace"),
    ],
)
def test_who_is_not_known_is_refused(headers: Any, status: int, reason: str) -> None:
    guarded = Guarded()
    called = guarded.ask(headers=headers)
    assert called.status == status
    assert guarded.recorder.scopes == []
    assert dict(guarded.gate.decisions) == {("deny", reason): 1}
    assert SECRET.encode() not in called.body


def test_without_a_token_somebody_may_be_anonymous() -> None:
    asked: list[str] = []
    guarded = Guarded(asked.append, anonymous=Token(["p"]))
    assert guarded.ask(path="/open").status == 200
    assert asked == []
    # An unknown token is not nobody: it stays unknown.
    assert guarded.ask(path="/open", token="wrong").status == 403
    assert asked == ["wrong"]


async def _fails_later(_: str) -> Token:
    raise LookupError(f"no row for {SECRET}")


def _fails(_: str) -> Token:
    raise RuntimeError(f"cannot look up {SECRET}")


@pytest.mark.parametrize(
    "resolve", [_fails, _fails_later, lambda _: ["p"], lambda _: "root", lambda _: True]
)
def test_a_resolver_that_fails_is_no_permission(
    resolve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    guarded = Guarded(resolve)
    called = guarded.ask(token=SECRET)
    assert (called.status, called.body) == (500, b'{"errors":["internal error"]}\n')
    assert guarded.recorder.scopes == []
    assert dict(guarded.gate.decisions) == {("deny", "failed"): 1}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "Error at " in caplog.text
    assert SECRET not in caplog.text


def test_an_engine_or_existence_check_that_fails_is_no_permission(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> bool:
        raise OSError("gone")

    guarded = Guarded(exists=fails)
    assert guarded.ask("PUT", token=SECRET).status == 500
    monkeypatch.setattr(policy.ACL, "decide", fails)
    assert guarded.ask(token=SECRET).status == 500
    assert guarded.recorder.scopes == []


def test_a_cancelled_request_is_cancelled() -> None:
    async def resolve(_: str) -> Token:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        Guarded(resolve).ask(token=SECRET)


@pytest.mark.parametrize(
    ("method", "path", "raw_path", "status"),
    [
        ("GET", "/b", b"/b", 403),
        ("DELETE", "/a/b", b"/a/b", 403),
        ("PUT", "/a/b", b"/a/b", 403),
        ("OPTIONS", "/a/b", b"/a/b", 405),
        ("FOO", "/a/b", b"/a/b", 405),
        ("GET", "/a//b", b"/a//b", 400),
        ("GET", "/a/../b", b"/a/../b", 400),
        ("GET", "/a/b", b"/a%2Fb", 400),
        ("GET", "/a/b", b"/other", 400),
    ],
)
def test_what_is_not_allowed_does_not_reach_the_application(
    method: str, path: str, raw_path: bytes, status: int
) -> None:
    guarded = Guarded()
    called = guarded.ask(method, path, raw_path=raw_path, token=SECRET)
    assert called.status == status
    assert called.body.startswith(b'{"errors":["')
    assert guarded.recorder.scopes == []
    head = dict(called.messages[0]["headers"])
    assert head[b"content-length"] == str(len(called.body)).encode()


def test_an_answer_to_head_has_no_body() -> None:
    called = Guarded().ask("HEAD", "/b", token=SECRET)
    assert (called.status, called.body) == (403, b"")


def test_an_existence_check_is_asked_for_writes_alone() -> None:
    asked: list[str] = []

    async def exists(scope: MutableMapping[str, Any]) -> bool:
        asked.append(scope["path"])
        return asked[-1] == "/a/there"

    guarded = Guarded(exists=exists)
    assert guarded.ask("PUT", "/a/there", token=SECRET).status == 200
    assert guarded.ask("POST", "/a/new", token=SECRET).status == 403
    guarded.ask("GET", "/a/there", token=SECRET)
    guarded.ask("PUT", "/a/there", token="wrong")
    assert asked == ["/a/there", "/a/new"]


def test_bodies_and_answers_stream_through() -> None:
    order: list[str] = []

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})

    application = PolicyMiddleware(echo, Guarded().gate, people, exists=lambda _: True)

    async def run() -> None:
        pieces = iter([(b"one", True), (b"two", True), (b"", False)])

        async def receive() -> dict[str, Any]:
            body, more = next(pieces)
            order.append(f"< {body!r}")
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: Any) -> None:
            order.append(f"> {message.get('body')!r}")

        scope = {
            "type": "http",
            "method": "PUT",
            "path": "/a/b",
            "query_string": b"",
            "headers": [(b"x-vault-token", SECRET.encode())],
        }
        await application(scope, receive, send)

    asyncio.run(run())
    assert order == [
        "> None", "< b'one'", "> b'one'", "< b'two'", "> b'two'", "< b''", "> b''",
    ]  # fmt: skip


def test_an_error_of_the_application_is_its_own() -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    guarded = PolicyMiddleware(broken, Guarded().gate, people)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(call(guarded, path="/a/b", token=SECRET))


def test_a_socket_is_opened_by_read_and_update() -> None:
    guarded = Guarded()
    assert guarded.ask(path="/a/b", kind="websocket", token=SECRET).messages == [
        {"type": "websocket.accept"}
    ]
    for path, token in (("/open", SECRET), ("/a/b", ""), ("/a//b", SECRET)):
        refused = guarded.ask(path=path, kind="websocket", token=token)
        assert refused.messages == [{"type": "websocket.close", "code": 1008}]
    broken = Guarded(_fails)
    refused = broken.ask(path="/a/b", kind="websocket", token=SECRET)
    assert refused.messages == [{"type": "websocket.close", "code": 1011}]
    assert guarded.recorder.paths == ["/a/b"]
    assert broken.recorder.paths == []


def test_a_lifespan_passes_and_nothing_else_does() -> None:
    guarded = Guarded()

    async def run(kind: str) -> None:
        await guarded.application({"type": kind, "path": ""}, None, None)  # type: ignore[arg-type]  # never called

    asyncio.run(run("lifespan"))
    assert [scope["type"] for scope in guarded.recorder.scopes] == ["lifespan"]
    with pytest.raises(ValueError, match="cannot guard `webtransport`"):
        asyncio.run(run("webtransport"))
    assert len(guarded.recorder.scopes) == 1
