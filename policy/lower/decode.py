"""Values of the tree as the server's decoder takes them: loosely, and by the type that is wanted.

The rules were recorded on OpenBao 2.7.2 (`type-*`, `form-*`, `parameters`, `json-type-*`). One
attribute may occur several times in a block: lists grow, scalars keep the last value, and where
any type will do the first occurrence fixes it for the later ones.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from policy.lower.scalars import parse_float, parse_integer
from policy.model import ObjectList
from policy.syntax import (
    DecodeError,
    Item,
    Key,
    ListNode,
    Literal,
    LiteralKind,
    ObjectNode,
    Value,
    decode_key,
    decode_text,
)

if TYPE_CHECKING:
    from policy.model import ParameterValue
    from policy.source import Span

__all__ = ["Decoder", "Rejected", "describe"]


class Rejected(Exception):
    """A value the server refuses. `message` is one phrase; `span` is where it stands."""

    def __init__(self, span: Span, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.span = span
        self.message = message
        self.help = help_text


_TEXTS = (LiteralKind.STRING, LiteralKind.HEREDOC)


def describe(value: Value) -> str:
    """What a value is, in words for a message."""
    if isinstance(value, ListNode):
        return "a list"
    if isinstance(value, ObjectNode):
        return "an object"
    return {LiteralKind.BOOL: "a boolean", LiteralKind.NULL: "null"}.get(
        value.kind, f"a {value.kind}"
    )


class Decoder:
    """Decodes the values of one text, HCL or JSON."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json

    def key(self, key: Key) -> str:
        """The text of a key. Raises `Rejected` where the server would drop the connection."""
        try:
            return decode_key(key, is_json=self.is_json)
        except DecodeError as error:
            raise Rejected(key.span, f"{error}: the server drops the connection") from None

    def text(self, literal: Literal) -> str:
        """The value of a string or heredoc; JSON's `null` is the empty string everywhere."""
        if literal.kind is LiteralKind.NULL:
            return ""
        try:
            return decode_text(literal, is_json=self.is_json)
        except DecodeError as error:
            raise Rejected(literal.span, f"{error}: the server drops the connection") from None

    def string(self, value: Value, what: str) -> str:
        """A string; a NUMBER counts as its source text."""
        if isinstance(value, Literal):
            if value.kind is LiteralKind.NUMBER:
                return value.text
            if value.kind in _TEXTS or value.kind is LiteralKind.NULL:
                return self.text(value)
        raise Rejected(value.span, f"{what} must be a string, not {describe(value)}")

    def strings(self, value: Value, what: str) -> list[str]:
        """A list of strings. An empty object counts as an empty list."""
        if isinstance(value, ListNode):
            return [self.string(element, f"an element of {what}") for element in value.elements]
        if isinstance(value, ObjectNode) and not value.items:
            return []
        text = value.text if isinstance(value, Literal) and value.kind in _TEXTS else None
        raise Rejected(
            value.span,
            f"{what} must be a list of strings, not {describe(value)}",
            f"write `[{text}]`" if text is not None and "\n" not in text else None,
        )

    def integer(self, value: Value, what: str) -> int:
        """A 64-bit integer, as a NUMBER or as a string in Go's notation."""
        if isinstance(value, Literal):
            if value.kind is LiteralKind.NUMBER:
                return self._integer(value.text, value.span)
            if value.kind in (LiteralKind.STRING, LiteralKind.NULL):
                return self._integer(self.text(value), value.span)
        raise Rejected(value.span, f"{what} must be an integer, not {describe(value)}")

    def boolean(self, value: Value, what: str) -> bool:
        """A boolean; neither `"true"` nor a number will do."""
        if isinstance(value, Literal) and value.kind is LiteralKind.BOOL:
            return value.text == "true"
        raise Rejected(value.span, f"{what} must be true or false, not {describe(value)}")

    def anything(self, value: Value, old: ParameterValue | None = None) -> ParameterValue:
        """A value of any type; `old` is that of an earlier occurrence, which fixes the type."""
        return _run(self._any(value, old, in_list=False))

    def parameter_values(
        self, value: Value, old: list[ParameterValue], what: str
    ) -> list[ParameterValue]:
        """The values of one parameter, joined to those of an earlier occurrence.

        An object counts as a list of one map.
        """
        if isinstance(value, Literal):
            raise Rejected(
                value.span,
                f"the values of {what} must be a list, not {describe(value)}",
                f"write `[{value.text}]`" if "\n" not in value.text else None,
            )
        result = _run(self._list(value, list(old)))
        assert isinstance(result, list)
        return result

    # The functions below call each other through `_run`, not by recursion: a text may nest
    # deeper than Python's stack.

    def _any(self, value: Value, old: ParameterValue | None, *, in_list: bool) -> _Steps:
        if old is not None:
            return (yield from self._like(value, old))
        if isinstance(value, ListNode):
            return (yield self._list(value, []))
        if isinstance(value, ObjectNode):
            if in_list:
                return (yield self._map(value.items, {}))
            return (yield self._list(value, ObjectList()))
        match value.kind:
            case LiteralKind.BOOL:
                return value.text == "true"
            case LiteralKind.FLOAT:
                return self._float(value)
            case LiteralKind.NUMBER:
                return self._integer(value.text, value.span)
            case _:
                return self.text(value)

    def _like(self, value: Value, old: ParameterValue) -> _Steps:
        """A later occurrence, decoded as the type that the first one fixed."""
        what = "a repeated value"
        if isinstance(old, bool):
            return self.boolean(value, what)
        if isinstance(old, int):
            return self.integer(value, what)
        if isinstance(old, float):
            if isinstance(value, Literal) and value.kind in (LiteralKind.FLOAT, LiteralKind.NUMBER):
                return self._float(value)
            raise Rejected(value.span, f"{what} must be a number, not {describe(value)}")
        if isinstance(old, str):
            return self.string(value, what)
        assert isinstance(old, list)  # an object that may occur again is a list of one
        if isinstance(value, Literal):
            raise Rejected(value.span, f"{what} must be a list, not {describe(value)}")
        return (yield self._list(value, old))

    def _list(self, value: ListNode | ObjectNode, into: list[ParameterValue]) -> _Steps:
        elements = value.elements if isinstance(value, ListNode) else (value,)
        for element in elements:
            if isinstance(into, ObjectList):
                if not isinstance(element, ObjectNode):
                    raise Rejected(
                        element.span, f"this list takes only objects, not {describe(element)}"
                    )
                into.append((yield self._map(element.items, {})))
            else:
                into.append((yield self._any(element, None, in_list=True)))
        return into

    def _map(self, items: tuple[Item, ...], into: dict[str, ParameterValue]) -> _Steps:
        done: set[str] = set()
        for item in items:
            name = self.key(item.keys[0])
            if name in done:
                continue
            old = into.get(name)
            if len(item.keys) == 1:
                into[name] = yield self._any(item.value, old, in_list=False)
                continue
            # A block with labels: all items of that name (in any case), the labels as keys.
            done.add(name)
            found = old if old is not None else ObjectList()
            if not isinstance(found, ObjectList):
                raise Rejected(item.span, f"`{name}` is a block here and something else before")
            for other in items:
                if self.key(other.keys[0]).casefold() == name.casefold():
                    if len(other.keys) == 1:
                        raise Rejected(other.span, f"`{name}` is also a block with a label")
                    inner = Item(other.keys[1:], other.value, other.assign)
                    found.append((yield self._map((inner,), {})))
            into[name] = found
        return into

    def _integer(self, text: str, span: Span) -> int:
        try:
            return parse_integer(text)
        except ValueError as error:
            raise Rejected(span, str(error)) from None

    def _float(self, literal: Literal) -> float:
        try:
            return parse_float(literal.text)
        except ValueError as error:
            raise Rejected(literal.span, str(error)) from None


_Steps = Generator["_Steps", "ParameterValue", "ParameterValue"]


def _run(steps: _Steps) -> ParameterValue:
    """Run a chain of decoding steps, keeping the stack on the heap."""
    stack = [steps]
    result: ParameterValue | None = None
    while stack:
        try:
            # The first `send` into a generator must be None.
            stack.append(stack[-1].send(result))  # type: ignore[arg-type]
            result = None
        except StopIteration as stop:
            stack.pop()
            result = stop.value
    assert result is not None
    return result
