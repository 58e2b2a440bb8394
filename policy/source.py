"""Policy text with a name, and the way from offsets to lines and columns.

Bytes that are not UTF-8 are kept as lone surrogates (Python's `surrogateescape`), so that a text
with a stray byte in a place the server never looks at still parses, and every other place can
point at the byte.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from policy.errors import SourceError

__all__ = ["MAX_SOURCE_BYTES", "UNICODE_SPACE", "Position", "Source", "Span", "printable"]

MAX_SOURCE_BYTES = 32 * 1024 * 1024
"""The largest policy text that is read, in bytes: the largest request body a server accepts
(OpenBao 2.7.2, status 413 above it)."""

UNICODE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""White space as Go's `unicode.IsSpace` sees it; `str.strip()` would also take U+001C to U+001F."""


def printable(text: str, keep: str = "") -> str:
    """Text for people that cannot rewrite a terminal or forge a line, whatever a policy or path
    holds: what is not printable, bytes that are not UTF-8 among it, is replaced, character by
    character, but for those to `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else "\N{REPLACEMENT CHARACTER}" for c in text)


class Span(NamedTuple):
    """A half-open range of character offsets into the text of one source."""

    start: int
    end: int


class Position(NamedTuple):
    """A place for people: line and column, both counted from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """One policy text and the name it goes by in messages (a file, or `<stdin>`)."""

    name: str
    text: str
    is_normal: bool = False
    """Whether line breaks have been dealt with; see `normalized`."""

    @classmethod
    def of(cls, text: str | bytes, name: str = "<policy>") -> Source:
        """Make a source from text or raw bytes.

        Raises `SourceError` when it is larger than `MAX_SOURCE_BYTES`.
        """
        # A character is one to four bytes: only a text in between has to be measured exactly.
        if len(text) > MAX_SOURCE_BYTES or (
            isinstance(text, str)
            and len(text) * 4 > MAX_SOURCE_BYTES
            and len(text.encode("utf-8", "surrogatepass")) > MAX_SOURCE_BYTES
        ):
            raise SourceError(
                f"{name}: larger than {MAX_SOURCE_BYTES // 1024 // 1024} MiB, "
                "the most a server accepts in one request"
            )
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        return cls(name, text)

    @property
    def is_json(self) -> bool:
        """Whether the server reads the text as JSON: its first character that is not Unicode
        white space is `{` (OpenBao 2.7.2; spec of the policy language, section 2)."""
        return self.text.lstrip(UNICODE_SPACE)[:1] == "{"

    @cached_property
    def normalized(self) -> Source:
        """The text as the scanner sees it: in HCL every CR LF is LF, in JSON nothing changes.

        Spans count characters of this text, so lines stay true and columns nearly so. Done once:
        CR CR LF becomes CR LF, and stays that.
        """
        if self.is_normal or self.is_json or "\r\n" not in self.text:
            return self
        return Source(self.name, self.text.replace("\r\n", "\n"), is_normal=True)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> Position:
        """Line and column of a character offset; one past the end is allowed."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its line break."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]
