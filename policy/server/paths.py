"""Request targets: what path a client means, and whether it is the clean form of it.

What is checked is what is served: the same decoded path goes to the evaluator and to the handler.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

__all__ = ["Target", "clean_path", "parse_query"]


class Target(NamedTuple):
    """A request target."""

    path: str
    """The decoded path; bytes that are not UTF-8 are lone surrogates."""
    mux_path: str
    """The same, but an encoded slash stays encoded: it takes part in no special path."""
    raw_path: str
    query: str

    @classmethod
    def of(cls, raw_path: bytes, query: bytes) -> Target:
        """The target of a request line."""
        raw = raw_path.decode("latin-1")
        path = _decode(raw) if "%" in raw or not raw.isascii() else raw
        mux = path
        if "%2f" in raw.lower():
            mux = _decode(raw.replace("%2f", "%252F").replace("%2F", "%252F"))
        return cls(path, mux, raw, query.decode("latin-1"))

    @property
    def has_control_character(self) -> bool:
        """Whether the decoded path holds a character that no path may hold."""
        return not self.path.isprintable() and any(
            char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029" for char in self.path
        )


def _decode(raw: str) -> str:
    return unquote(
        raw.encode("latin-1").decode("utf-8", "surrogateescape"),
        errors="surrogateescape",
    )


def clean_path(path: str) -> str:
    """The path without empty, `.` and `..` segments; a final slash is kept."""
    if "//" not in path and "/." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    clean = "/" + "/".join(kept)
    if parts[-1] in ("", ".", "..") and path.endswith("/") and clean != "/":
        clean += "/"
    return clean


def parse_query(query: str) -> dict[str, list[str]]:
    """Every value of every query parameter, in order."""
    found: dict[str, list[str]] = {}
    if query:
        for name, value in parse_qsl(query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
    return found
