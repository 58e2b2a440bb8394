"""What goes back to a client: status, headers, body; and the ways in which a request is refused."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

__all__ = [
    "DROP",
    "STANDARD_HEADERS",
    "Answer",
    "Refused",
    "Reply",
    "dump",
    "envelope",
    "errors",
    "new_uuid",
]

STANDARD_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Type": "application/json",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
DROP: Final = 0
"""The status that stands for a connection which is closed without an answer."""


@dataclass(slots=True)
class Answer:
    """One HTTP answer, ready to be sent."""

    status: int
    body: bytes
    headers: dict[str, str]

    @classmethod
    def json(cls, status: int, value: object) -> Answer:
        """A JSON body, with the headers nearly every answer has."""
        return cls(status, dump(value), dict(STANDARD_HEADERS))

    @classmethod
    def empty(cls, status: int, *, content_type: bool = True) -> Answer:
        """No body. Even then most answers name a content type."""
        answer = cls(status, b"", dict(STANDARD_HEADERS))
        if not content_type:
            del answer.headers["Content-Type"]
        return answer


def dump(value: object) -> bytes:
    """JSON as the server writes it: no spaces, `<`, `>` and `&` escaped, a final line break."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # A path may hold bytes that are not UTF-8 (lone surrogates here): each is written as
        # U+FFFD.
        loose = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        text = re.sub("[\ud800-\udfff]", "\ufffd", loose).encode()
    if b"<" in text or b">" in text or b"&" in text:
        text = text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    return text + b"\n"


def new_uuid() -> str:
    """A random UUID, as text. Quicker than the library's, and there is one in every answer.

    It names a request; nothing is guarded by it.
    """
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def errors(status: int, *texts: str) -> Answer:
    """An error answer with zero or one text."""
    return Answer.json(status, {"errors": list(texts)})


class Refused(Exception):
    """A request ends here with an error answer. Raised by handlers, turned into an answer once.

    The server has two shapes: the bare text, and, for what a handler returns as an error rather
    than as an error response, a list of one (`1 error occurred: …`).
    """

    def __init__(self, status: int, *texts: str) -> None:
        super().__init__(*texts)
        self.status = status
        self.texts = texts

    @classmethod
    def listed(cls, status: int, text: str) -> Refused:
        """The shape of a list of one."""
        return cls(status, f"1 error occurred:\n\t* {text}\n\n")

    @classmethod
    def no_token(cls) -> Refused:
        """Nobody is known by this token, or there is none."""
        return cls(403, "permission denied")

    @classmethod
    def not_allowed(cls) -> Refused:
        """The policies of the token do not allow it."""
        return cls.listed(403, "permission denied")

    @classmethod
    def unsupported_path(cls) -> Refused:
        """The mount has no such path."""
        return cls.listed(404, "unsupported path")

    @classmethod
    def unsupported_operation(cls) -> Refused:
        """The path has no such operation."""
        return cls.listed(405, "unsupported operation")

    @classmethod
    def not_found(cls) -> Refused:
        """A read or list finds nothing."""
        return cls(404)

    def answer(self) -> Answer:
        return errors(self.status, *self.texts)


@dataclass(slots=True)
class Reply:
    """What a routed handler says. One that has nothing to say returns None, which becomes 204."""

    data: Mapping[str, Any] | None = None
    auth: Mapping[str, Any] | None = None
    warnings: list[str] | None = None
    wrap_info: Mapping[str, Any] | None = None
    wrap_ttl_seconds: float = 0
    """For how long it has to be wrapped, whatever the request says."""
    wrap_path: str = ""
    """The path that the wrapping token will name; empty for that of the request."""
    raw: bytes | None = None
    """A body that is sent as it is, instead of the envelope."""
    status: int = 200
    lease_duration: int = 0
    """In seconds."""
    is_unwrapped: bool = False
    """Whether it is an answer that was kept under a wrapping token."""


def envelope(reply: Reply, *, repeat_data: bool = False) -> dict[str, Any]:
    """The common shape of a routed answer.

    Some paths repeat the keys of `data` at the top, where the envelope's own keys win.
    """
    data = None if reply.data is None else dict(sorted(reply.data.items()))
    wrapped = reply.wrap_info is not None
    body: dict[str, Any] = dict(data) if repeat_data and data is not None and not wrapped else {}
    body |= {
        "request_id": "" if wrapped else new_uuid(),
        "lease_id": "",
        "renewable": False,
        "lease_duration": reply.lease_duration,
        "data": None if wrapped else data,
        "wrap_info": reply.wrap_info,
        "warnings": reply.warnings,
        "auth": None if wrapped else reply.auth,
    }
    return body
