"""Tree to text: prints a document so that parsing it again gives the same tree.

Comments and white space are not kept, and literals stand as they were written. What a server
drops (see `Flaw`) is not printed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.syntax.nodes import Document, Item, ListNode, Literal, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["print_document"]


def print_document(document: Document) -> str:
    """The text of a document, in the form it came in: HCL or JSON."""
    if document.source.is_json:
        printed = list(_run(["{", *_members(document.items), "}"]))
        closing = len(printed)
        while printed[closing - 1] == "}":
            closing -= 1
        # An exponent without digits would swallow a brace behind it. It can only be the last word
        # of a text, and the end of the text closes everything by itself.
        return "".join(printed[:closing] if _HUNGRY.search(printed[closing - 1]) else printed)
    parts: list[_Part] = list(_items(document.items))
    if document.dangling is not None:
        parts += [document.dangling.text, " ="]
    # A CR LF in the tree was CR CR LF in the text: of every CR LF there the CR is lost.
    return "".join(_run(parts)).replace("\r\n", "\r\r\n")


_HUNGRY = re.compile(r"[0-9.]\0?[eE][+-]?\Z")

# What is left to print: text, or a value that unfolds into more of both. A list of it stands for
# the recursion that deep nesting would not survive.
_Part = str | tuple[Value, bool]


def _run(parts: Iterable[_Part]) -> Iterable[str]:
    pending = list(parts)[::-1]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            yield part
        else:
            value, is_json = part
            pending += list(_value(value, is_json=is_json))[::-1]


def _value(value: Value, *, is_json: bool) -> Iterable[_Part]:
    if isinstance(value, Literal):
        yield value.text
    elif isinstance(value, ListNode):
        yield "["
        for at, element in enumerate(value.elements):
            if at:
                yield ", "
            yield element, is_json
        yield "]"
    else:
        yield "{"
        if is_json:
            yield from _members(value.items)
        elif value.items:
            yield "\n"
            yield from _items(value.items)
        yield "}"


def _items(items: Iterable[Item]) -> Iterable[_Part]:
    for item in items:
        yield " ".join(key.text for key in item.keys)
        yield " = " if item.assign >= 0 else " "
        yield item.value, False
        yield "\n"


def _members(items: Iterable[Item]) -> Iterable[_Part]:
    for at, item in enumerate(items):
        if at:
            yield ", "
        yield " ".join(key.text for key in item.keys)
        yield ": "
        yield item.value, True
