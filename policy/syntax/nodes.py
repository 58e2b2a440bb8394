"""The syntax tree: what was written, in order, with its place; nothing is decoded or judged.

HCL and JSON give the same nodes. Nodes are named tuples: cheap to make by the hundred thousand,
and never changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from policy.source import Source, Span

__all__ = [
    "Comment",
    "Document",
    "Flaw",
    "FlawKind",
    "Item",
    "Key",
    "ListNode",
    "Literal",
    "LiteralKind",
    "ObjectNode",
    "Value",
    "flaws",
]


class LiteralKind(StrEnum):
    """What a literal is by its looks."""

    NUMBER = "number"
    FLOAT = "float"
    BOOL = "boolean"
    STRING = "string"
    HEREDOC = "heredoc"
    NULL = "null"


class FlawKind(StrEnum):
    """Text that some server accepts without an error although it says nothing, or drops."""

    LOST_BOOL = "lost-boolean"
    """JSON: a boolean in a list is skipped."""
    LOST_BRACKET = "lost-bracket"
    """JSON: an inner `[` is skipped, and the first `]` ends the whole list."""
    LOST_MEMBER = "lost-member"
    """JSON: a member that breaks off is dropped."""
    LOST_REST = "lost-rest"
    """JSON: something else than a comma after a member ends the object; what follows is lost."""
    UNCLOSED_OBJECT = "unclosed-object"
    """JSON: the text ends, or a NUL stands, where an object should be closed."""
    BROKEN_ITEM = "broken-item"
    """HCL: an item that breaks off before `}`. An error, except for Vault before 2024."""
    SWALLOWED = "swallowed-text"
    """HCL: a number that takes the next character with it, or a `${` that takes lines."""
    REPEATED_ARGUMENT = "repeated-argument"
    """HCL: a key is assigned again in one object. An error for Vault from 1.21."""


class Flaw(NamedTuple):
    """One such place."""

    kind: FlawKind
    span: Span


class Literal(NamedTuple):
    """A scalar as it stands in the text, quotes and all."""

    kind: LiteralKind
    text: str
    start: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + len(self.text))


class Key(NamedTuple):
    """A word or string in front of a value, as it stands in the text."""

    text: str
    start: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + len(self.text))


class ListNode(NamedTuple):
    """`[ … ]`"""

    elements: tuple[Value, ...]
    span: Span
    flaws: tuple[Flaw, ...] = ()


class ObjectNode(NamedTuple):
    """`{ … }`, as the value of an assignment or the body of a block."""

    items: tuple[Item, ...]
    span: Span
    flaws: tuple[Flaw, ...] = ()


Value = Literal | ListNode | ObjectNode


class Item(NamedTuple):
    """Keys and a value. `assign` is the offset of the `=` or `:`, or -1 for a block."""

    keys: tuple[Key, ...]
    value: Value
    assign: int

    @property
    def span(self) -> Span:
        return Span(self.keys[0].start, self.value.span.end)


class Comment(NamedTuple):
    """A comment, its marks included."""

    text: str
    start: int


class Document(NamedTuple):
    """One parsed text. `dangling` is the key of a final `key =`, which the server drops."""

    source: Source
    items: tuple[Item, ...]
    flaws: tuple[Flaw, ...] = ()
    comments: tuple[Comment, ...] = ()
    dangling: Key | None = None


def flaws(document: Document) -> Iterator[Flaw]:
    """All flaws of a document. Walks without recursion: a text may nest as deep as it likes."""
    yield from document.flaws
    pending: list[Value] = [item.value for item in document.items]
    while pending:
        node = pending.pop()
        if isinstance(node, ObjectNode):
            yield from node.flaws
            pending += [item.value for item in node.items]
        elif isinstance(node, ListNode):
            yield from node.flaws
            pending += [element for element in node.elements if not isinstance(element, Literal)]
