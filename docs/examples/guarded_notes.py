"""A small web application behind policies: notes that some may read and some may write.

    python docs/examples/guarded_notes.py 8300
    curl -H 'Authorization: Bearer ann-token' -X PUT -d hello http://127.0.0.1:8300/notes/ann/first

A file in `policies/` that changes is in use some seconds later; a broken one changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from policy import Entity, Operation, Token
from policy.middleware import Gate, LivePolicies, PolicyMiddleware, prometheus_text

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

POLICIES = LivePolicies(Path(__file__).parent / "policies")
GATE = Gate(POLICIES, list_queries=True)
NOTES: dict[str, bytes] = {}


def hashed(token: str) -> str:
    """What a token is looked up by, so that a program that stores tokens stores none."""
    return hashlib.sha256(token.encode()).hexdigest()


# Yours come from a database, a session, or `auth/token/lookup` of a server.
PEOPLE = {
    hashed("ann-token"): Token(["reader", "writer"], Entity("1", "ann")),
    hashed("bob-token"): Token(["reader"], Entity("2", "bob")),
}


def resolve(token: str) -> Token | None:
    """Who stands behind a token, or None."""
    return PEOPLE.get(hashed(token))


def exists(scope: Scope) -> bool:
    """Whether a write meets a note: then it is an update, otherwise a create."""
    return scope["path"] in NOTES


async def notes(scope: Scope, receive: Receive, send: Send) -> None:
    """The application itself. It checks nothing: whatever comes here is allowed."""
    method, path = scope["method"], scope["path"]
    if path == "/metrics":
        await answer(send, 200, prometheus_text(GATE, POLICIES).encode())
    elif scope["policy"].operation is Operation.LIST:
        await answer(send, 200, json.dumps(sorted(NOTES)).encode())
    elif method in ("PUT", "POST"):
        NOTES[path] = await body(receive)
        await answer(send, 204)
    elif path not in NOTES:
        await answer(send, 404)
    elif method == "DELETE":
        del NOTES[path]
        await answer(send, 204)
    else:
        await answer(send, 200, NOTES[path])


async def body(receive: Receive) -> bytes:
    """A whole request body."""
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def answer(send: Send, status: int, content: bytes = b"") -> None:
    """Send an answer."""
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": content})


application = PolicyMiddleware(notes, GATE, resolve, exists=exists)

if __name__ == "__main__":
    import uvicorn

    logging.basicConfig(level=logging.INFO)
    with POLICIES.watched(seconds=2):
        uvicorn.run(application, port=int(sys.argv[1]), lifespan="off", log_config=None)
