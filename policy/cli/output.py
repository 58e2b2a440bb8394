"""Writing to a terminal, a file or a pipe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from policy import source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Output", "json_line", "printable"]

_STYLES = {
    "ALLOW": "1;32",
    "DENY": "1;31",
    "UNDETERMINED": "1;33",
    "error": "1;31",
    "warning": "1;33",
}


def printable(text: str) -> str:
    """Text without control characters, which a hostile policy could use to rewrite the screen,
    and without bytes that are not UTF-8."""
    return source.printable(text, keep="\n")


def json_line(value: object, *, pretty: bool = False) -> bytes:
    """A value as JSON and a line break, in UTF-8 whatever the terminal takes. Bytes that are not
    UTF-8 (a path may hold some) become U+FFFD."""
    import orjson

    option = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if pretty else 0)
    try:
        return orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:
        return orjson.dumps(_encodable(value), option=option)


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encodable(inner) for inner in value]
    return value


class Output:
    """Standard output and standard error. Colour only where somebody looks at it."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.out = out
        self.err = err
        is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self._colour = out.isatty() and not is_plain

    def line(self, text: str = "") -> None:
        """One or more lines for a person. The first word is coloured if it is a verdict."""
        text = printable(text)
        word = text.partition(" ")[0]
        if self._colour and word in _STYLES:
            text = f"\x1b[{_STYLES[word]}m{word}\x1b[0m{text[len(word) :]}"
        print(text, file=self.out)

    def json(self, value: Mapping[str, object] | Sequence[object], *, pretty: bool) -> None:
        """A value for a program: indented, or on one line."""
        self.out.flush()
        self.out.buffer.write(json_line(value, pretty=pretty))

    def problem(self, text: str) -> None:
        """Something that kept the command from answering, on standard error."""
        print(f"sudopath: {printable(text)}", file=self.err)

    def note(self, text: str) -> None:
        """Something to know beside the answer, on standard error."""
        print(printable(text), file=self.err)
