"""Request bodies as the server's JSON decoder reads them, with its words for what is wrong.

Source: OpenBao 2.7.2. Well-formed bodies take the fast way; only a body that orjson refuses is
read character by character, to say what the server says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from policy.server.answers import Refused
from policy.server.go_text import quoted, quoted_char

__all__ = ["decode_object", "decode_struct"]

_MAX_STRINGS: Final = 1000
_MAX_DEPTH: Final = 10_000
_MAX_SCANNED_BYTES: Final = 1024 * 1024
"""What is read character by character, at about a second a megabyte, while nobody else is served.
A larger body that orjson refuses is refused without the server's words."""
_TOO_MANY_STRINGS: Final = (
    "refused JSON input due to high complexity: exceeded maximum number of strings"
)
_PREFIX: Final = "failed to decode JSON input: "
_BLANKS: Final = " \t\r\n"
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?"
)
_HALF_PAIR: Final = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB]\w\w(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB]\w\w)\\u[dD][c-fC-F]\w\w)"
)
_HEX: Final = "0123456789abcdefABCDEF"
_VALUE: Final = "looking for beginning of value"
_IN_NUMBER: Final = "in numeric literal"
_GO_TYPES: Final = {str: "string", bool: "bool", int: "int", list: "[]string"}
_KINDS: Final = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def decode_object(body: bytes, into: str = "map[string]interface {}") -> dict[str, Any]:
    """The object a body holds; empty for an empty one, blanks or `null`.

    Raises `Refused` (400) with the server's words for everything else; `into` is what the server
    wants to make of it.
    """
    if not body.strip(b" \t\r\n"):
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        if len(body) > _MAX_SCANNED_BYTES:
            raise Refused(400, _PREFIX + "larger than the mock reads closely") from None
        value = _Scanner(body.decode("utf-8", "surrogateescape")).document()
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = _KINDS[type(value)]
        raise Refused(400, f"{_PREFIX}json: cannot unmarshal {kind} into Go value of type {into}")
    if body.count(b'"') > 2 * _MAX_STRINGS and _strings(value) > _MAX_STRINGS:
        raise Refused(400, _TOO_MANY_STRINGS)
    return value


def decode_struct(body: bytes, name: str, fields: Mapping[str, type]) -> dict[str, Any]:
    """The same for the few paths that have a structure of their own, in which every field has a
    type and nothing is converted. Raises `Refused`."""
    value = decode_object(body, f"http.{name}")
    for field, wanted in fields.items():
        given = value.get(field)
        if given is not None and type(given) is not wanted:
            kind = _KINDS.get(type(given), "object")
            number = f" {given}" if wanted is int and type(given) is float else ""
            raise Refused(
                400,
                f"{_PREFIX}json: cannot unmarshal {kind}{number} into Go struct field "
                f"{name}.{field} of type {_GO_TYPES[wanted]}",
            )
    return value


def _strings(value: object) -> int:
    """How many strings a value holds, keys included."""
    count, pending = 0, [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            count += 1
        elif isinstance(item, dict):
            count += len(item)
            pending += item.values()
        elif isinstance(item, list):
            pending += item
    return count


class _Scanner:
    """Reads a body token by token, to find the place where the server's decoder stops.

    The whole body has to be a row of JSON values; only the first one counts.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.closing: list[str] = []
        """The closing brackets that are still to come, innermost last."""
        self.counts: list[int] = []
        """How many tokens the list or object around each of them has so far."""
        self.end = 0
        """Where the first value ends."""
        self.strings = 0

    def document(self) -> Any:
        """The first value. Raises `Refused` where the body is no row of values."""
        while self._token():
            if not self.closing and not self.end:
                self.end = self.at
        first = self.text[: self.end].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        try:
            # Half a surrogate pair, which orjson refuses, stands for an unknown character.
            return orjson.loads(_HALF_PAIR.sub(r"\1\\ufffd", first))
        except orjson.JSONDecodeError:
            raise Refused(400, _PREFIX + "nested deeper than the mock reads") from None

    def _token(self) -> bool:
        """Read one token with the delimiter before it; False at the end of the text."""
        self._blanks()
        if self._is_over():
            return False
        start = self.at
        char, delimiter = self._char(), ""
        if char in ",:":
            delimiter = char
            self.at += 1
            self._blanks()
            # At the end of the text any value could follow.
            char = self.text[self.at : self.at + 1] or '"'
        wanted = self._wanted(char)
        if delimiter != wanted:
            self.at = start
            raise self._invalid(self._place(wanted))
        if self._is_over():
            return False
        self._lex(self._char())
        return True

    def _is_over(self) -> bool:
        """Whether the text ends here, between two tokens, and the first value is complete."""
        return self.at >= len(self.text) and (self.end > 0 or not self.closing)

    def _wanted(self, char: str) -> str:
        """The delimiter that has to stand before a token that begins with `char`."""
        if not self.closing:
            return ""
        is_object, count = self.closing[-1] == "}", self.counts[-1]
        if is_object and count % 2:
            return ":"
        return "," if count and char not in "}]" else ""

    def _place(self, wanted: str) -> str:
        if wanted == ":":
            return "after object key"
        if wanted == ",":
            return (
                f"after {'object key:value pair' if self.closing[-1] == '}' else 'array element'}"
            )
        return _VALUE

    def _lex(self, char: str) -> None:
        start = self.at
        if char in "{[":
            self._count(char)
            self.at += 1
            if len(self.closing) >= _MAX_DEPTH:
                raise Refused(400, _PREFIX + "exceeded max depth")
            self.closing.append("}" if char == "{" else "]")
            self.counts.append(0)
            return
        if char in "}]":
            if not self.closing:
                raise self._invalid(_VALUE)
            if self.closing[-1] != char:
                raise self._invalid(self._place("," if self.counts[-1] else ""))
            if char == "}" and self.counts[-1] % 2:
                raise Refused(400, _PREFIX + "missing value after object key")
            self.at += 1
            self.closing.pop()
            self.counts.pop()
            return
        if char == '"':
            self._string()
            self.strings += 1
            if self.strings > _MAX_STRINGS:
                raise Refused(400, _TOO_MANY_STRINGS)
        elif char in "tfn":
            self._literal({"t": "true", "f": "false", "n": "null"}[char])
        elif char == "-" or (char.isascii() and char.isdigit()):
            self._number()
        else:
            raise self._invalid(_VALUE)
        self._count(self.text[start])

    def _count(self, first: str) -> None:
        """Count a token of the list or object around it. The name of a member is a string."""
        if self.closing:
            if self.closing[-1] == "}" and self.counts[-1] % 2 == 0 and first != '"':
                raise Refused(400, _PREFIX + "object member name must be a string")
            self.counts[-1] += 1

    def _string(self) -> None:
        self.at += 1
        while True:
            char = self._char()
            if char == '"':
                self.at += 1
                return
            if char == "\\":
                self._escape()
            elif char < " ":
                raise self._invalid("in string")
            else:
                self.at += 1

    def _escape(self) -> None:
        kind, length = self._char(1), 2
        if kind == "u":
            length = 6
            is_good = all(self._char(ahead) in _HEX for ahead in range(2, length))
        else:
            is_good = kind in '"\\/bfnrt'
        if is_good:
            self.at += length
            return
        rest = self.text[self.at : self.at + length].encode("utf-8", "surrogateescape")
        shown = rest[:length].decode("utf-8", "surrogateescape")
        is_plain = shown.isprintable() and "`" not in shown and " " not in shown
        named = f"`{shown}`" if is_plain else quoted(shown)
        raise Refused(400, f"{_PREFIX}invalid escape sequence {named} in string")

    def _literal(self, word: str) -> None:
        for wanted in word:
            if self._char() != wanted:
                raise self._invalid(f"in literal {word} (expecting {quoted_char(wanted)})")
            self.at += 1

    def _number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            self.at += 1
            self._char()
            raise self._invalid(_IN_NUMBER)
        self.at = match.end()
        if abs(float(match[0])) == float("inf"):
            raise Refused(
                400,
                f"{_PREFIX}json: cannot unmarshal number {match[0]} into Go value of type float64",
            )
        rest = self.text[self.at : self.at + 1]
        if (rest == "." and not match["fraction"] and not match["exponent"]) or (
            rest in ("e", "E") and not match["exponent"]
        ):
            self.at += 1
            if rest != "." and self._char() in "+-":
                self.at += 1
            self._char()
            raise self._invalid(_IN_NUMBER)

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _BLANKS:
            self.at += 1

    def _char(self, ahead: int = 0) -> str:
        if self.at + ahead >= len(self.text):
            raise Refused(400, _PREFIX + "unexpected EOF")
        return self.text[self.at + ahead]

    def _invalid(self, where: str) -> Refused:
        return Refused(400, f"{_PREFIX}invalid character {quoted_char(self.text[self.at])} {where}")
