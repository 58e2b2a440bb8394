"""What a literal means: strings, escapes, heredocs.

The server decodes a string only when something looks at its value, so these functions are called
late, and a string that nobody looks at may hold anything the scanner lets through. All of it was
recorded on OpenBao 2.7.2 (`string-escape`, `interpolation`, `heredoc`, `json-string`).
"""

from __future__ import annotations

import re

from policy.syntax.nodes import Key, Literal, LiteralKind

__all__ = ["DecodeError", "decode_heredoc", "decode_key", "decode_string", "decode_text"]


class DecodeError(ValueError):
    """A string the server fails on: it drops the connection without an answer."""


_SIMPLE = {
    "a": b"\a",
    "b": b"\b",
    "f": b"\f",
    "n": b"\n",
    "r": b"\r",
    "t": b"\t",
    "v": b"\v",
    "\\": b"\\",
    '"': b'"',
}
_ESCAPE = re.compile(
    r'\\(?:([abfnrtv\\"])|([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))'
)
_ESCAPE_OR_OPENING = re.compile(rf"{_ESCAPE.pattern}|\$\{{")


def decode_key(key: Key, *, is_json: bool = False) -> str:
    """The text of a key: a bare word, or a string decoded. Raises `DecodeError`."""
    return decode_string(key.text, is_json=is_json) if key.text.startswith('"') else key.text


def decode_string(raw: str, *, is_json: bool = False) -> str:
    """The value of a string in double quotes. Raises `DecodeError`.

    Bytes that are not UTF-8 (from `\\xHH`, `\\ooo`) become lone surrogates.
    """
    inner = raw[1:-1]
    if "\\" not in inner and "${" not in inner:
        return inner
    if is_json or "${" not in inner:
        return _unescape(inner, is_json=is_json)
    return _decode_interpolated(inner)


def _decode_interpolated(inner: str) -> str:
    """HCL: text inside `${ }` stays as it is, escapes and all."""
    parts = []
    offset = 0
    while (opening := _opening(inner, offset)) >= 0:
        end = _region_end(inner, opening)
        region = inner[opening:end]
        if "\N{REPLACEMENT CHARACTER}" in region:
            raise DecodeError("a U+FFFD character inside `${…}`")
        parts += [_unescape(inner[offset:opening], is_json=False), region]
        offset = end
    parts.append(_unescape(inner[offset:], is_json=False))
    # Bytes on both sides of a region could not join into one character, but those of one side can.
    return "".join(parts)


def _opening(inner: str, offset: int) -> int:
    """The next `${` from `offset` on whose dollar is no part of an escape, or -1."""
    while (match := _ESCAPE_OR_OPENING.search(inner, offset)) is not None:
        if match[0] == "${":
            return match.start()
        offset = match.end()
    return -1


def _region_end(inner: str, opening: int) -> int:
    depth = 0
    for at in range(opening + 1, len(inner)):
        if inner[at] == "{":
            depth += 1
        elif inner[at] == "}":
            depth -= 1
            if depth == 0:
                return at + 1
    raise AssertionError("the scanner has seen the end of every region")


def _unescape(text: str, *, is_json: bool) -> str:
    if "\\" not in text:
        return text
    out = bytearray()
    offset = 0
    for match in _ESCAPE.finditer(text):
        out += text[offset : match.start()].encode("utf-8", "surrogateescape")
        offset = match.end()
        simple, octal, byte, short, long = match.groups()
        if simple is not None:
            out += _SIMPLE[simple]
        elif byte is not None:
            out.append(int(byte, 16))
        elif octal is not None:
            value = int(octal, 8)
            if value > 0xFF:
                raise DecodeError(f"the octal escape `{match[0]}` is larger than one byte")
            out.append(value)
        else:
            out += _character(match[0], int(short or long, 16), is_json=is_json)
    out += text[offset:].encode("utf-8", "surrogateescape")
    return out.decode("utf-8", "surrogateescape")


def _character(escape: str, value: int, *, is_json: bool) -> bytes:
    if 0xD800 <= value <= 0xDFFF:
        if is_json:
            raise DecodeError(f"`{escape}` is half of a surrogate pair")
        return "\N{REPLACEMENT CHARACTER}".encode()
    if value <= 0x10FFFF:
        return chr(value).encode()
    if is_json or value <= 0x7FFFFFFF:
        raise DecodeError(f"`{escape}` is no Unicode character")
    # The server's number is signed there: only its low byte is written.
    return bytes([value & 0xFF])


_HEREDOC = re.compile(r"<<(-?)(\w+)\n")


def decode_heredoc(raw: str) -> str:
    """The value of a heredoc token (which ends in the line break behind the closing anchor).

    With `<<-`, the white space before the closing anchor is taken off every line if every line
    starts with it; if not, only blanks at the very end are taken off.
    """
    match = _HEREDOC.match(raw)
    assert match is not None  # the scanner's terminal begins like this
    dash, anchor = match.groups()
    # The server cuts a fixed length off the end: the anchor and one line break. A CR behind the
    # anchor therefore shifts the cut into it.
    value = raw[match.end() : len(raw) - len(anchor) - 1]
    if not dash:
        return value
    lines = value.split("\n")
    indent = lines[-1]
    if all(line.startswith(indent) for line in lines):
        return "\n".join(line[len(indent) :] for line in [*lines[:-1], indent])
    return value[:-1].rstrip(" \t")


def decode_text(literal: Literal, *, is_json: bool) -> str:
    """The value of a STRING or HEREDOC literal. Raises `DecodeError`."""
    if literal.kind is LiteralKind.HEREDOC:
        return decode_heredoc(literal.text)
    return decode_string(literal.text, is_json=is_json)
