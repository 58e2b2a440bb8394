"""The layout: where lines break, how far they are indented, what is aligned with what.

It is the layout of the servers' own formatter to the byte, oddities included (OpenBao 2.7.2,
`bao policy fmt`); where a line below looks strange, the binary does that. One thing is
different: it loses a comment here and there, and this keeps them all. Widths count bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from policy.format.comments import attach
from policy.format.page import Page, fixed, padded, width
from policy.format.steps import run
from policy.syntax import ListNode, Literal, LiteralKind, ObjectNode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.format.comments import Group
    from policy.format.steps import Steps
    from policy.syntax import Document, Item, Value

__all__ = ["format_document"]


def format_document(document: Document) -> str:
    """The text of an HCL document in the servers' layout, with all its comments."""
    layout = _Layout(document)
    run(layout.document())
    return layout.page.text() + "\n"


class _Layout:
    """Lays out one document from its beginning to its end.

    `_done` is the offset up to which the text is laid out. A standalone comment is put out by the
    first list of items that reaches a place behind it.
    """

    def __init__(self, document: Document) -> None:
        self.page = Page()
        self._document = document
        self._leading, self._trailing, self._standalone = attach(document)
        self._standalone_starts = [group[0].start for group in self._standalone]
        self._done = -1

    def document(self) -> Steps:
        write = self.page.write
        items = self._document.items
        for at, item in enumerate(items):
            start = _start(item)
            for group in self._between(self._done, start):
                write(_lines(group), "\n")
            self._done = start
            yield self._item(item)
            if at + 1 < len(items):
                write("\n" if self._huddle(item, items[at + 1]) else "\n\n")
        gap = "\n\n" if self._done >= 0 else ""
        for group in self._between(self._done, len(self._document.source.text)):
            write(gap, _lines(group))

    def _huddle(self, item: Item, following: Item) -> bool:
        """Whether no blank line parts two items: both are empty blocks, on lines that follow
        each other."""
        return (
            self._line(_start(following)) == self._line(_start(item)) + 1
            and self._is_empty_block(item)
            and self._is_empty_block(following)
        )

    def _is_empty_block(self, item: Item) -> bool:
        return (
            item.assign < 0
            and isinstance(item.value, ObjectNode)
            and not item.value.items
            and _start(item) not in self._leading
        )

    # Items

    def _item(self, item: Item) -> Steps:
        above, behind = self._comments(item)
        keys = " ".join(key.text for key in item.keys)
        self.page.write(above, keys, " = " if item.assign >= 0 else " ")
        yield self._value(item.value)
        if behind:
            self.page.write(" ", behind)

    def _comments(self, item: Item) -> tuple[str, str]:
        """The comments of an item: lines above it, and what stands behind it. One that stood
        between a key and a value on two lines moves above, and so does one behind a heredoc,
        where the binary makes a text of it that cannot be read again."""
        start = _start(item)
        above = _lines(self._leading.get(start, ()))
        trailing = self._trailing.get(start, ())
        if self._is_split(item) or _is_heredoc(item.value):
            return above + _lines(trailing), ""
        return above, _joined(trailing)

    def _is_split(self, item: Item) -> bool:
        """Whether an item's value begins on another line than its key."""
        return self._line(item.value.span.start) != self._line(_start(item))

    def _body(self, node: ObjectNode) -> Steps:
        """`{ … }`"""
        write = self.page.write
        items = node.items
        closing = node.span.end - 1
        write("{")
        opened = commented = False
        at = 0
        while True:
            upcoming = _start(items[at]) if at < len(items) else closing
            standing = self._between(self._done, upcoming)
            if not opened and (items or standing):
                write("\n")
                opened = True
            self.page.indent += 1
            for group in standing:
                commented = commented or at > 0
                write(_standing(group, is_first=at == 0), "\n")
                if at < len(items) and self._line(upcoming) != self._line(group[-1].start) + 1:
                    write("\n")
            if at < len(items):
                count = self._aligned_run(items, at)
                if at and not commented:
                    write("\n")
                chosen = items[at : at + max(count, 1)]
                self._done = _start(chosen[-1])
                if count:
                    write(self._aligned(chosen))
                else:
                    yield self._item(chosen[0])
                write("\n")
            self.page.indent -= 1
            if at == len(items):
                break
            at += len(chosen)
        self._done = closing
        write("}")

    def _aligned_run(self, items: Sequence[Item], first: int) -> int:
        """How many items from `first` on are aligned with each other: those on lines that follow
        each other, as long as each is short."""
        if len(items) == 1:
            return 0
        done = self._done
        at = first
        while at < len(items):
            item = items[at]
            is_short, done = self._is_short(item, done)
            if not is_short:
                break
            start = _start(item)
            line = self._line(start)
            following = _start(items[at + 1]) if at + 1 < len(items) else -1
            is_followed = following >= 0 and self._line(following) == line + 1
            if not is_followed and not (at and self._line(_start(items[at - 1])) == line - 1):
                break
            at += 1
            # The binary goes on over a standalone comment inside an item, and loses it.
            if not is_followed or self._between(start, following):
                break
        return at - first

    def _is_short(self, item: Item, done: int) -> tuple[bool, int]:
        """Whether an item takes one line, or two with a comment above; and where the layout would
        stand behind it."""
        value = item.value
        if _start(item) in self._trailing and self._is_split(item):
            # The binary aligns such an item and loses the comment between its key and value.
            return False, done
        if isinstance(value, ObjectNode):
            done, before = value.span.end - 1, done
            if value.items or self._between(before, done):
                return False, done
        elif isinstance(value, ListNode) and not self._is_single_line(value):
            return False, done
        text = "".join([*self._comments(item), _short(value)])
        return text.count("\n") <= 1, done

    def _aligned(self, items: Sequence[Item]) -> str:
        """Short items with their values below each other, and the comments behind them too."""
        values = [_short(item.value) for item in items]
        key_width = max(width(item.keys[0].text) for item in items)
        value_width = max(map(width, values))
        out = []
        for item, value in zip(items, values, strict=True):
            above, behind = self._comments(item)
            keys = "".join(padded(key.text, key_width + 1) for key in item.keys)
            # An empty block with one key gets a sign, too: the server reads both alike.
            sign = "= " if len(item.keys) == 1 else ""
            end = padded(value, value_width + 1) + behind if behind else value
            out.append(f"{above}{keys}{sign}{end}")
        return "\n".join(out)

    # Values

    def _value(self, value: Value) -> Steps:
        if isinstance(value, ObjectNode):
            yield self._body(value)
        elif isinstance(value, ListNode) and not self._is_single_line(value):
            yield self._list(value)
        else:
            self.page.write(_short(value))

    def _is_single_line(self, node: ListNode) -> bool:
        """Whether a list stays on one line: it began on one, and holds nothing that needs more."""
        line = self._line(node.span.start)
        return all(
            isinstance(element, Literal)
            and self._line(element.start) == line
            and (element.kind is not LiteralKind.HEREDOC or len(node.elements) == 1)
            and element.start not in self._trailing
            # The binary forgets to ask this, and loses the comment.
            and element.start not in self._leading
            for element in node.elements
        )

    def _list(self, node: ListNode) -> Steps:
        """A list with one element a line."""
        write = self.page.write
        widest = max((width(e.text) for e in node.elements if isinstance(e, Literal)), default=0)
        write("[\n")
        self.page.indent += 1
        is_parted = True
        for at, element in enumerate(node.elements):
            start = element.start if isinstance(element, Literal) else -1
            above = self._leading.get(start, ())
            if above and not is_parted:
                write("\n")
            write(_lines(above))
            yield self._value(element)
            write("\n," if _is_heredoc(element) else ",")
            if behind := self._trailing.get(start):
                # Further lines of such a comment stand as deep as the list.
                self.page.indent -= 1
                write(padded("", 1 + widest - width(_short(element))) or " ", _joined(behind))
                self.page.indent += 1
            write("\n")
            is_parted = bool(above) and at + 1 < len(node.elements)
            if is_parted:
                write("\n")
        self.page.indent -= 1
        write("]")

    # Places

    def _between(self, start: int, end: int) -> Sequence[Group]:
        """The standalone comments behind one offset and before another."""
        starts = self._standalone_starts
        return self._standalone[bisect_right(starts, start) : bisect_right(starts, end - 1)]

    def _line(self, offset: int) -> int:
        return self._document.source.position(offset).line


def _start(item: Item) -> int:
    return item.keys[0].start


def _is_heredoc(value: Value) -> bool:
    return isinstance(value, Literal) and value.kind is LiteralKind.HEREDOC


def _short(value: Value) -> str:
    """A literal, an empty object, or a list that stays on one line."""
    if isinstance(value, ObjectNode):
        return "{}"
    if isinstance(value, ListNode):
        # The closing anchor of a heredoc needs a line to itself.
        elements = (_short(e) + ("\n" if _is_heredoc(e) else "") for e in value.elements)
        return f"[{', '.join(elements)}]"
    if value.kind is LiteralKind.HEREDOC:
        return fixed(value.text.removesuffix("\n"))
    return fixed(value.text) if value.kind is LiteralKind.STRING else value.text


def _standing(group: Group, *, is_first: bool) -> str:
    """A standalone comment in a body. At its beginning all lines of it become one, unless that
    would let something out of the comment."""
    parts: list[str] = []
    is_open = False  # whether the line so far ends in a comment that only its end closes
    for comment in group:
        if not is_first or (is_open and "\n" in comment.text):
            parts.append("\n")
            is_open = False
        elif parts:
            parts.append("  ")
        parts.append(fixed(comment.text))
        is_open = is_open or not comment.text.startswith("/*")
    return "".join(parts)


def _lines(comments: Group | tuple[()]) -> str:
    return "".join(f"{comment.text}\n" for comment in comments)


def _joined(comments: Group | tuple[()]) -> str:
    return "".join(comment.text for comment in comments)
