"""From the parser's reductions to nodes: one method for each alternative of the grammars.

Lark calls a method with the children of the alternative it is named after, tokens included.
The methods hold no state, so one parser can serve many threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lark import Token, Transformer

from policy.source import Span
from policy.syntax.nodes import (
    Flaw,
    FlawKind,
    Item,
    Key,
    ListNode,
    Literal,
    LiteralKind,
    ObjectNode,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BrokenItem", "Builder", "OpenList", "Root"]

_LITERAL_KINDS = {
    "BOOL": LiteralKind.BOOL,
    "FLOAT": LiteralKind.FLOAT,
    "HEREDOC": LiteralKind.HEREDOC,
    "INTERPOLATION": LiteralKind.STRING,
    "NULL": LiteralKind.NULL,
    "NUMBER": LiteralKind.NUMBER,
    "STRING": LiteralKind.STRING,
}


class Root:
    """What `start` becomes: the top-level items, and what was dropped."""

    __slots__ = ("dangling", "flaws", "items")

    def __init__(
        self, items: Sequence[Item], flaws: tuple[Flaw, ...] = (), dangling: Key | None = None
    ) -> None:
        self.items = tuple(items)
        self.flaws = flaws
        self.dangling = dangling


class BrokenItem:
    """An item that breaks off: `span` covers what there is of it before the value."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span


class OpenList:
    """A list that still grows."""

    __slots__ = ("elements", "flaws", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.elements: list[Value] = []
        self.flaws: list[Flaw] = []


class Builder(Transformer[Token, Root]):
    """The callbacks for Lark's LALR parser."""

    # start

    def document(self, children: list[Any]) -> Root:
        first = children[0]
        if isinstance(first, ObjectNode):  # JSON
            return Root(first.items, first.flaws)
        return Root(first, _repeated(first), children[1] if len(children) > 1 else None)

    def dangling(self, children: list[Any]) -> Key:
        return children[0]  # type: ignore[no-any-return]  # Lark's children are untyped

    def rest(self, children: list[Any]) -> None:
        return None

    # items of an object

    def no_items(self, children: list[Any]) -> list[Item]:
        return []

    def add_item(self, children: list[Any]) -> list[Item]:
        items: list[Item] = children[0]
        items.append(children[1])
        return items

    def assignment(self, children: list[Any]) -> Item:
        key, equal, value = children
        return Item((key,), value, equal.start_pos)

    def block(self, children: list[Any]) -> Item:
        keys, body = children
        return Item(tuple(keys), body, -1)

    def first_member(self, children: list[Any]) -> list[Item]:
        return children

    def add_member(self, children: list[Any]) -> list[Item]:
        members: list[Item] = children[0]
        members.append(children[2])
        return members

    def member(self, children: list[Any]) -> Item:
        keys, colon, value = children
        return Item(tuple(keys), value, colon.start_pos)

    def first_key(self, children: list[Any]) -> list[Key]:
        return children

    def add_key(self, children: list[Any]) -> list[Key]:
        keys: list[Key] = children[0]
        keys.append(children[1])
        return keys

    def key(self, children: list[Token]) -> Key:
        token = children[0]
        return Key(token.value, token.start_pos or 0)

    # values

    def literal(self, children: list[Token]) -> Literal:
        token = children[0]
        return Literal(_LITERAL_KINDS[token.type], token.value, token.start_pos or 0)

    def body(self, children: list[Any]) -> ObjectNode:
        return _object(children, *_repeated(children[1]))

    def broken_body(self, children: list[Any]) -> ObjectNode:
        return _object(
            children, *_repeated(children[1]), Flaw(FlawKind.BROKEN_ITEM, children[2].span)
        )

    def object(self, children: list[Any]) -> ObjectNode:
        return _object(children)

    def broken_value(self, children: list[Any]) -> BrokenItem:
        key, equal = children[:2]
        return BrokenItem(Span(key.start, equal.end_pos))

    def lost_rest(self, children: list[Any]) -> ObjectNode:
        stray = children[2]
        if stray.type == "END":
            return _object(children)
        return _object(children, Flaw(FlawKind.LOST_REST, _span(stray)))

    def lost_member(self, children: list[Any]) -> ObjectNode:
        members = children[1]
        keys = children[3] if isinstance(members, list) else members
        return _object(children, Flaw(FlawKind.LOST_MEMBER, keys.span))

    def unfinished(self, children: list[Any]) -> BrokenItem:
        keys: list[Key] = children[0]
        return BrokenItem(Span(keys[0].start, keys[-1].span.end))

    unfinished_list = unfinished

    def new_list(self, children: list[Token]) -> OpenList:
        return OpenList(children[0].start_pos or 0)

    def list_comma(self, children: list[Any]) -> OpenList:
        return children[0]  # type: ignore[no-any-return]

    def add_element(self, children: list[Any]) -> OpenList:
        open_list: OpenList = children[0]
        open_list.elements.append(children[1])
        return open_list

    def lost_bool(self, children: list[Any]) -> OpenList:
        return _skipped(children, FlawKind.LOST_BOOL)

    def lost_bracket(self, children: list[Any]) -> OpenList:
        return _skipped(children, FlawKind.LOST_BRACKET)

    def list(self, children: list[Any]) -> ListNode:
        open_list: OpenList = children[0]
        span = Span(open_list.start, children[1].end_pos)
        return ListNode(tuple(open_list.elements), span, tuple(open_list.flaws))


def _object(children: Sequence[Any], *flaws: Flaw) -> ObjectNode:
    items = children[1]
    if children[-1].type == "END":
        start = children[0].start_pos
        flaws += (Flaw(FlawKind.UNCLOSED_OBJECT, Span(start, start + 1)),)
    return ObjectNode(
        tuple(items) if isinstance(items, list) else (),
        Span(children[0].start_pos, children[-1].end_pos),
        flaws,
    )


def _repeated(items: Sequence[Item]) -> tuple[Flaw, ...]:
    """HCL: the keys that are assigned again. The server compares them as they are written."""
    if len(items) < 2:
        return ()
    keys = [item.keys[0] for item in items if item.assign >= 0]
    if len({key.text for key in keys}) == len(keys):
        return ()
    seen: set[str] = set()
    again = []
    for key in keys:
        if key.text in seen:
            again.append(Flaw(FlawKind.REPEATED_ARGUMENT, key.span))
        seen.add(key.text)
    return tuple(again)


def _skipped(children: Sequence[Any], kind: FlawKind) -> OpenList:
    open_list: OpenList = children[0]
    open_list.flaws.append(Flaw(kind, _span(children[1])))
    return open_list


def _span(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0)
