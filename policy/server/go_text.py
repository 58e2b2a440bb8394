"""Texts as Go quotes them in error messages."""

from __future__ import annotations

__all__ = ["escaped", "quoted", "quoted_char"]

_SHORT = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}


def quoted(text: str) -> str:
    """A text in double quotes, as `%q` prints it."""
    return '"' + "".join(map(escaped, text)) + '"'


def quoted_char(char: str) -> str:
    """A character in single quotes."""
    if char == "'":
        return r"'\''"
    return f"'{char if char == chr(34) else escaped(char)}'"


def escaped(char: str) -> str:
    """One character inside quotes. A byte that is not UTF-8 is a lone surrogate here."""
    if char in '\\"':
        return "\\" + char
    if char in _SHORT:
        return "\\" + _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
