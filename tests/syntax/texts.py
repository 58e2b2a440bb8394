"""Texts in, trees and findings out: what the tests of the syntax share."""

from __future__ import annotations

from policy.diagnostics import Diagnostic
from policy.model import DEFAULT_DIALECT, Dialect
from policy.source import Source
from policy.syntax import Document, Item, ListNode, Literal, ObjectNode, Parsed, Value, parse

__all__ = ["Shape", "accepted", "findings", "items_of", "parsed", "shape"]

Shape = str | list["Shape"] | dict[str, "Shape"]


def parsed(text: str | bytes, dialect: str = DEFAULT_DIALECT.name) -> Parsed:
    return parse(Source.of(text, "t"), Dialect.named(dialect))


def accepted(text: str | bytes, dialect: str = DEFAULT_DIALECT.name) -> Document:
    """The tree of a text whose syntax holds."""
    result = parsed(text, dialect)
    assert result.accepted, result.diagnostics
    return result.document


def findings(text: str | bytes, dialect: str = DEFAULT_DIALECT.name) -> tuple[Diagnostic, ...]:
    return parsed(text, dialect).diagnostics


def shape(value: Value) -> Shape:
    """A value without its places: literals as written, objects by their keys."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, ListNode):
        return [shape(element) for element in value.elements]
    assert isinstance(value, ObjectNode)
    return {_keys(item): shape(item.value) for item in value.items}


def _keys(item: Item) -> str:
    return " ".join(key.text for key in item.keys)


def items_of(text: str, dialect: str = DEFAULT_DIALECT.name) -> list[tuple[str, Shape]]:
    """Keys and value of every top-level item of a text whose syntax holds."""
    return [(_keys(item), shape(item.value)) for item in accepted(text, dialect).items]
