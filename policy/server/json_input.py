"""Request bodies as the server's JSON decoder reads them, with its words for what is wrong.

Source: OpenBao 2.7.2. Well-formed bodies take the fast way; only a body that orjson refuses is
read character by character, to say what the server says.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from policy.server.answers import Refused

__all__ = ["decode_object"]

_MAX_STRINGS: Final = 1000
_PREFIX: Final = "failed to decode JSON input: "
_BLANKS: Final = " \t\r\n"
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_KINDS: Final = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def decode_object(body: bytes) -> dict[str, Any]:
    """The object a body holds; empty for an empty one, blanks or `null`.

    Raises `Refused` (400) with the server's words for everything else.
    """
    if not body.strip(b" \t\r\n"):
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _Scanner(body.decode("utf-8", "replace")).document()
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = _KINDS[type(value)]
        raise Refused(
            400,
            f"{_PREFIX}json: cannot unmarshal {kind} into Go value of type "
            "map[string]interface {}",
        )
    if body.count(b'"') > 2 * _MAX_STRINGS and _strings(value) > _MAX_STRINGS:
        raise Refused(
            400,
            "refused JSON input due to high complexity: exceeded maximum number of strings",
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
    """Finds the place at which Go's decoder stops, and its words for it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> Any:
        """The first value; what follows has to look like the beginning of another one."""
        self._value()
        end = self.at
        self._blanks()
        if self.at < len(self.text):
            char = self.text[self.at]
            if char not in '{["-tfn' and not char.isdigit():
                raise self._invalid("looking for beginning of value")
        try:
            return orjson.loads(self.text[:end].encode())
        except orjson.JSONDecodeError:
            # It is fine for the server: a lone surrogate, or a number beyond every range.
            raise Refused(400, _PREFIX + "unsupported value") from None

    def _value(self) -> None:
        """Skip one value, however deep, without recursion."""
        closing: list[str] = []
        while True:
            self._scalar_or_opening(closing)
            while closing and self._after_value(closing):
                pass
            if not closing:
                return

    def _scalar_or_opening(self, closing: list[str]) -> None:
        """Read one scalar, or go into a list or object up to its first value."""
        while True:
            char = self._next()
            if char == "[":
                self.at += 1
                closing.append("]")
                if self._peek() == "]":
                    return
            elif char == "{":
                self.at += 1
                closing.append("}")
                if self._peek() == "}":
                    return
                self._key()
            else:
                self._scalar(char)
                return

    def _after_value(self, closing: list[str]) -> bool:
        """Behind a value: True when the list or object around it ends, too."""
        char = self._next()
        if char == closing[-1]:
            self.at += 1
            closing.pop()
            return True
        if char != ",":
            where = "array element" if closing[-1] == "]" else "object key:value pair"
            raise self._invalid(f"after {where}")
        self.at += 1
        if closing[-1] == "}":
            self._key()
        return False

    def _key(self) -> None:
        if self._next() != '"':
            raise self._invalid("looking for beginning of value")
        self._string()
        if self._next() != ":":
            raise self._invalid("after object key")
        self.at += 1

    def _scalar(self, char: str) -> None:
        if char == '"':
            self._string()
        elif char in "tfn":
            self._literal({"t": "true", "f": "false", "n": "null"}[char])
        elif char == "-" or (char.isascii() and char.isdigit()):
            self._number()
        else:
            raise self._invalid("looking for beginning of value")

    def _string(self) -> None:
        self.at += 1
        while True:
            char = self._char()
            if char == '"':
                self.at += 1
                return
            if char == "\\":
                self.at += 1
                escape = self._char()
                if escape == "u":
                    for _ in range(4):
                        self.at += 1
                        if self._char() not in "0123456789abcdefABCDEF":
                            raise self._invalid("in \\u hexadecimal character escape")
                elif escape not in '"\\/bfnrt':
                    raise self._invalid("in string escape code")
            elif char < " ":
                raise self._invalid("in string literal")
            self.at += 1

    def _literal(self, word: str) -> None:
        for wanted in word:
            if self._char() != wanted:
                raise self._invalid(f"in literal {word} (expecting {_quoted(wanted)})")
            self.at += 1

    def _number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            self.at += 1
            self._char()
            raise self._invalid("in numeric literal")
        self.at = match.end()
        rest = self.text[self.at : self.at + 1]
        if rest == ".":
            self.at += 1
            self._char()
            raise self._invalid("after decimal point in numeric literal")
        if rest in ("e", "E"):
            self.at += 1
            if self._char() in "+-":
                self.at += 1
                self._char()
            raise self._invalid("in exponent of numeric literal")

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _BLANKS:
            self.at += 1

    def _peek(self) -> str:
        self._blanks()
        return self.text[self.at : self.at + 1]

    def _next(self) -> str:
        self._blanks()
        return self._char()

    def _char(self) -> str:
        if self.at >= len(self.text):
            raise Refused(400, _PREFIX + "unexpected EOF")
        return self.text[self.at]

    def _invalid(self, where: str) -> Refused:
        return Refused(400, f"{_PREFIX}invalid character {_quoted(self.text[self.at])} {where}")


def _quoted(char: str) -> str:
    """A character as Go quotes it."""
    if char == "'":
        return r"'\''"
    if char == "\\":
        return r"'\\'"
    short = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}.get(char)
    if short is not None:
        return f"'\\{short}'"
    if char.isprintable() and char != "\ufeff":
        return f"'{char}'"
    code = ord(char)
    if code < 0x80:
        return f"'\\x{code:02x}'"
    return f"'\\u{code:04x}'" if code <= 0xFFFF else f"'\\U{code:08x}'"
