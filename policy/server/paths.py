"""Request targets as the server's HTTP library reads them (Go's `net/url` and `net/http`).

What is checked is what is served: the same decoded path goes to the evaluator and to the handler.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

__all__ = ["Target", "clean_path", "parse_query"]

_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED_ALREADY: Final = re.compile(r"[A-Za-z0-9_.~!$&'()*+,;=:@\[\]/%-]*")


class Target(NamedTuple):
    """A request target."""

    path: str
    """The decoded path; bytes that are not UTF-8 are lone surrogates."""
    escaped: str
    """The path with its escapes, as it was sent if it was sent well; cleaned as it stands."""
    mux_path: str
    """The decoded path, in which an encoded slash stays encoded: it is no special path."""
    query: str
    is_malformed: bool

    @classmethod
    def of(cls, raw_path: bytes, query: bytes) -> Target:
        """The target of a request line."""
        raw = raw_path.decode("utf-8", "surrogateescape")
        query_text = query.decode("latin-1")
        if "%" not in raw and _ESCAPED_ALREADY.fullmatch(raw):
            return cls(raw, raw, raw, query_text, False)
        path = unquote(raw, errors="surrogateescape")
        escaped = raw
        if not _ESCAPED_ALREADY.fullmatch(raw):
            escaped = quote(path.encode("utf-8", "surrogateescape"), safe="/$&+,:;=@~-_.")
        kept = escaped.replace("%2f", "%252F").replace("%2F", "%252F")
        mux_path = unquote(kept, errors="surrogateescape")
        return cls(path, escaped, mux_path, query_text, _BROKEN_ESCAPE.search(raw) is not None)

    @property
    def has_control_character(self) -> bool:
        """Whether the decoded path holds a character that no path may hold."""
        return not self.path.isprintable() and any(
            char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029" for char in self.path
        )


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
