"""Path patterns: exact, prefix (`a/*`) and segment (`a/+/b`) ones, and which of two wins.

Paths are compared byte by byte on the server. Here every pattern and path is held as *byte text*:
a string with one character for each UTF-8 byte. For ASCII, which is nearly every path, that is
the path itself; for the rest it makes lengths, order and prefixes those of the server.

Patterns (and rules) are named tuples: they are made by the hundred thousand, and looked up by hash.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Pattern", "PatternKind", "byte_text", "plain_text"]


_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def byte_text(path: str) -> str:
    """The path as byte text. Undecodable bytes travel as lone surrogates (`surrogateescape`); any
    other surrogate stands for no byte, and counts as U+FFFD."""
    if path.isascii():
        return path
    try:
        return path.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:
        return byte_text(_NO_BYTE.sub("\N{REPLACEMENT CHARACTER}", path))


def plain_text(text: str) -> str:
    """The way back from byte text, for people."""
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


class PatternKind(StrEnum):
    """How a pattern matches."""

    EXACT = "exact"
    PREFIX = "prefix"
    SEGMENT = "segment"


class Pattern(NamedTuple):
    """The compiled form of a rule's path.

    `text` is byte text without the final `*`; `is_open` tells whether there was one (always for
    a prefix pattern, never for an exact one). Two rules have the same pattern, and are merged,
    exactly when these values are equal.
    """

    kind: PatternKind
    text: str
    is_open: bool

    @classmethod
    def compile(cls, path: str, namespace: str = "") -> Pattern:
        """Compile a path as written in a policy of `namespace` (empty, or ending in a slash).

        Raises `ValueError` when `+*` occurs, which the server refuses.
        Source: OpenBao 2.7.2, recorded as `path-pattern-*` and `plus-*`.
        """
        text = byte_text(namespace + path.removeprefix("/"))
        if "+" in text:
            if "+*" in text:
                raise ValueError("invalid use of wildcards: `+*` is forbidden")
            if text == "+" or text.startswith("+/") or "/+" in text:
                # The server does not ask here whether `+` is the whole segment.
                if text.endswith("*"):
                    return cls(PatternKind.SEGMENT, text[:-1], True)
                return cls(PatternKind.SEGMENT, text, False)
        if text.endswith("*"):
            return cls(PatternKind.PREFIX, text[:-1], True)
        return cls(PatternKind.EXACT, text, False)

    @property
    def first_wildcard(self) -> int:
        """Byte offset of the first wildcard, ranking step 1. For a segment pattern that is the
        first `+` *character*, even where it is literal."""
        return self.text.index("+") if self.kind is PatternKind.SEGMENT else len(self.text)

    @property
    def plus_segments(self) -> int:
        """How many segments are exactly `+`, ranking step 3."""
        return self.text.split("/").count("+") if self.kind is PatternKind.SEGMENT else 0

    @property
    def rank(self) -> tuple[int, bool, int, int, str]:
        """Of two wildcard patterns that match a path, the one with the larger rank wins.

        The steps: later first wildcard, no final `*`, fewer `+` segments, longer, larger by
        bytes (OpenBao 2.7.2 and Vault; spec of the ACL, section 3.2).
        """
        return (
            self.first_wildcard,
            not self.is_open,
            -self.plus_segments,
            len(self.text),
            self.text,
        )

    def matches(self, path: str) -> bool:
        """Whether the pattern matches `path` (byte text, leading slashes removed).

        The plain definition, one pattern at a time. The index of an ACL answers the same
        question for all patterns at once.
        """
        if self.kind is PatternKind.EXACT:
            return path == self.text
        if self.kind is PatternKind.PREFIX:
            return path.startswith(self.text)
        wanted, given = self.text.split("/"), path.split("/")
        if self.is_open:
            last = len(wanted) - 1
            return (
                len(given) >= len(wanted)
                and all(w in ("+", g) for w, g in zip(wanted[:last], given[:last], strict=True))
                and (wanted[last] == "+" or given[last].startswith(wanted[last]))
            )
        return len(given) == len(wanted) and all(
            w in ("+", g) for w, g in zip(wanted, given, strict=True)
        )

    def __str__(self) -> str:
        return plain_text(self.text) + ("*" if self.is_open else "")
