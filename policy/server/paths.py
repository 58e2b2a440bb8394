"""Request targets as the server's HTTP library reads them (Go's `net/url` and `net/http`).

What is checked is what is served: the same decoded path goes to the evaluator and to the handler.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

__all__ = ["Target", "clean_path", "parse_query"]

_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED_ALREADY: Final = re.compile(r"[A-Za-z0-9_.~!$&'()*+,;=:@\[\]/%-]*")
_MAX_REMEMBERED: Final = 256
"""Targets up to this many bytes are read once; there is no need to keep what nobody repeats."""


class Target(NamedTuple):
    """A request target, and everything that only hangs on it."""

    path: str
    """The decoded path; bytes that are not UTF-8 are lone surrogates."""
    escaped: str
    """The path with its escapes, as it was sent if it was sent well; cleaned as it stands."""
    mux_path: str
    """The decoded path, in which an encoded slash stays encoded: it is no special path."""
    query: str
    is_malformed: bool
    has_control_character: bool
    """Whether the decoded path holds a character that no path may hold."""
    clean: str
    """The escaped path without empty, `.` and `..` segments: where a client is sent."""

    @classmethod
    def of(cls, raw_path: bytes, query: bytes) -> Target:
        """The target of a request line."""
        if len(raw_path) + len(query) > _MAX_REMEMBERED:
            return _read(raw_path, query)
        return _remembered(raw_path, query)

    @property
    def inner(self) -> str:
        """The decoded path as policies name it, without `/v1/`."""
        return self.path.removeprefix("/v1/")


def _read(raw_path: bytes, query: bytes) -> Target:
    raw = raw_path.decode("utf-8", "surrogateescape")
    path = escaped = mux_path = raw
    is_plain = _ESCAPED_ALREADY.fullmatch(raw) is not None
    if "%" in raw or not is_plain:
        path = unquote(raw, errors="surrogateescape")
        if not is_plain:
            escaped = quote(path.encode("utf-8", "surrogateescape"), safe="/$&+,:;=@~-_.")
        kept = escaped.replace("%2f", "%252F").replace("%2F", "%252F")
        mux_path = unquote(kept, errors="surrogateescape")
    return Target(
        path,
        escaped,
        mux_path,
        query.decode("latin-1"),
        is_malformed=_BROKEN_ESCAPE.search(raw) is not None,
        has_control_character=not path.isprintable() and any(map(_is_control, path)),
        clean=clean_path(escaped),
    )


_remembered = lru_cache(maxsize=1024)(_read)


def _is_control(char: str) -> bool:
    return char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029"


def clean_path(path: str) -> str:
    """The path without empty, `.` and `..` segments; a final slash is kept."""
    if "//" not in path and "/." not in path:
        return path
    kept: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    clean = "/" + "/".join(kept)
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def parse_query(query: str) -> dict[str, list[str]]:
    """Every value of every query parameter, in order. What is not well-formed is left out."""
    found: dict[str, list[str]] = {}
    for pair in query.split("&") if query else ():
        if pair and ";" not in pair and not _BROKEN_ESCAPE.search(pair):
            name, _, value = pair.partition("=")
            found.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return found
