"""The page that is written on: text with indentation, and lines that must not have any."""

from __future__ import annotations

import re

__all__ = ["Page", "fixed", "padded", "width"]

_FIXED = "\ue123"
"""Marks a line that keeps its blanks, because they mean something. No accepted text holds this
character: the servers' scanner refuses it, for this very use. It counts as three bytes wherever
widths are compared, as it does there."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_LINE_START = re.compile(r"^(?=[^\n])", re.MULTILINE)


class Page:
    """Text that grows. Every line that is not empty is indented by two blanks a level, as many
    levels as `indent` says when the line begins."""

    def __init__(self) -> None:
        self.indent = 0
        self._parts: list[str] = []
        self._at_start = True

    def write(self, *texts: str) -> None:
        """Add text, with line breaks where they are meant."""
        for text in texts:
            for line in _LINE.findall(text):
                if self._at_start and line != "\n":
                    self._parts.append("" if line.startswith(_FIXED) else "  " * self.indent)
                self._parts.append(line.removeprefix(_FIXED))
                self._at_start = line.endswith("\n")

    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)


def fixed(text: str) -> str:
    """The text with all its lines but the first kept from indentation."""
    first, line_break, rest = text.partition("\n")
    return first + line_break + _LINE_START.sub(_FIXED, rest) if line_break else text


def padded(text: str, columns: int) -> str:
    """The text with blanks behind it up to a width."""
    return text + " " * (columns - width(text))


def width(text: str) -> int:
    """The width of a text: its bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
