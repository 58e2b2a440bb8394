"""Which comment belongs to what: above a thing, behind it, or to nothing.

The layout moves a comment together with the thing it belongs to. To whom it belongs is decided
while the server's parser asks for one token after the other, and the answer sometimes surprises:
a comment behind a comma, for instance, belongs to the item that follows. So the tree is walked in
the order of its tokens here, with the same two memories, one for a comment that ends on the line
above a token and one for a comment that ends a line (OpenBao 2.7.2, `bao policy fmt`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from policy.format.steps import run
from policy.syntax import ListNode, Literal, ObjectNode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.format.steps import Steps
    from policy.syntax import Comment, Document, Item, Value

__all__ = ["Comments", "Group", "attach"]

Group = tuple["Comment", ...]
"""Comments on lines that follow each other, or on one line."""

_COMMA = re.compile(",")


class Comments(NamedTuple):
    """All comments of a document. Owners are named by the offset at which they begin: an item by
    that of its first key, a literal in a list by its own."""

    leading: dict[int, Group]
    trailing: dict[int, Group]
    standalone: tuple[Group, ...]


def attach(document: Document) -> Comments:
    """Give every comment to its owner."""
    if not document.comments:
        return Comments({}, {}, ())
    walk = _Walk(document)
    run(walk.document())
    owned = {group[0].start for owner in (walk.leading, walk.trailing) for group in owner.values()}
    return Comments(
        walk.leading,
        walk.trailing,
        tuple(group for group in walk.groups if group[0].start not in owned),
    )


class _Walk:
    """One walk over a document, token by token."""

    def __init__(self, document: Document) -> None:
        self.leading: dict[int, Group] = {}
        self.trailing: dict[int, Group] = {}
        self.groups: list[Group] = []
        self._document = document
        self._bare = _without_comments(document)
        self._comments = document.comments
        self._next = 0
        self._token = -1
        self._above: Group | None = None
        self._behind: Group | None = None

    def document(self) -> Steps:
        document, end = self._document, len(self._bare)
        dangling = document.dangling
        yield self._items(document.items, end if dangling is None else dangling.start)
        if dangling is not None:
            self._read(self._bare.index("=", dangling.span.end))
            self._read(end)

    # The tokens of each kind of node

    def _items(self, items: Sequence[Item], end: int) -> Steps:
        self._read(items[0].keys[0].start if items else end)
        for at, item in enumerate(items):
            following = items[at + 1].keys[0].start if at + 1 < len(items) else end
            yield self._item(item, following)

    def _item(self, item: Item, following: int) -> Steps:
        start = item.keys[0].start
        for key in item.keys:
            self._read(key.start)
        value = item.value.span
        self._read(item.assign if item.assign >= 0 else value.start)
        if self._above is not None:
            self.leading[start], self._above = self._above, None
        yield self._value(item.value)
        self._give_behind(start)
        comma = self._bare.find(",", value.end, following)
        self._read(following if comma < 0 else comma)
        if self._line(value.start) == self._line(start):
            self._give_behind(start)
        self._read(following)

    def _value(self, value: Value) -> Steps:
        self._read(value.span.start)
        if isinstance(value, ObjectNode):
            yield self._items(value.items, value.span.end - 1)
        elif isinstance(value, ListNode):
            yield self._list(value)

    def _list(self, node: ListNode) -> Steps:
        offset = node.span.start + 1
        latest: Value | None = None
        for element in node.elements:
            self._commas(latest, offset, element.span.start)
            yield self._value(element)
            if isinstance(element, Literal) and self._above is not None:
                self.leading[element.start], self._above = self._above, None
            latest, offset = element, element.span.end
        closing = node.span.end - 1
        self._commas(latest, offset, closing)
        self._read(closing)

    def _commas(self, latest: Value | None, start: int, end: int) -> None:
        """The commas between two elements: behind each one, a comment that ends the line belongs
        to the literal before it."""
        offsets = [match.start() for match in _COMMA.finditer(self._bare, start, end)]
        for at, comma in enumerate(offsets):
            self._read(comma)
            self._read(offsets[at + 1] if at + 1 < len(offsets) else end)
            if isinstance(latest, Literal):
                self._give_behind(latest.start)

    def _give_behind(self, owner: int) -> None:
        """Give the comment that ended a line, if there is one, to what begins at an offset."""
        if self._behind is not None:
            self.trailing[owner], self._behind = self._behind, None

    # The comments before each token

    def _read(self, token: int) -> None:
        """Go on to the token at this offset, over the comments before it."""
        if token <= self._token:
            return
        line_before = self._line(self._token) if self._token >= 0 else 0
        self._token = token
        if not self._comment_before(token):
            return
        if self._line(self._comments[self._next].start) == line_before:
            end = self._group(token, 0)
            upcoming = self._comments[self._next].start if self._comment_before(token) else token
            if self._line(upcoming) != end:
                self._behind = self.groups[-1]
        end = -1
        while self._comment_before(token):
            end = self._group(token, 1)
        if end + 1 == self._line(token) and self._bare[token : token + 1] not in ("}", "]"):
            self._above = self.groups[-1]

    def _comment_before(self, token: int) -> bool:
        return self._next < len(self._comments) and self._comments[self._next].start < token

    def _group(self, token: int, gap: int) -> int:
        """Collect comments that begin at most `gap` lines below the one before. Returns the last
        line of the group."""
        first = self._next
        end = self._line(self._comments[first].start)
        while self._comment_before(token):
            comment = self._comments[self._next]
            line = self._line(comment.start)
            if line > end + gap:
                break
            end = line + comment.text.count("\n")
            self._next += 1
        self.groups.append(self._comments[first : self._next])
        return end

    def _line(self, offset: int) -> int:
        return self._document.source.position(offset).line


def _without_comments(document: Document) -> str:
    """The text with blanks for comments, so that punctuation can be found in it."""
    text = document.source.text
    parts = []
    offset = 0
    for comment in document.comments:
        parts += [text[offset : comment.start], " " * len(comment.text)]
        offset = comment.start + len(comment.text)
    return "".join([*parts, text[offset:]])
