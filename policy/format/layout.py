"""The layout: where lines break, how far they are indented, what is aligned with what.

It is the layout of the servers' own formatter to the byte, oddities included (OpenBao 2.7.2,
`bao policy fmt`); where a line below looks strange, the binary does that. Widths count bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.format.comments import attach
from policy.syntax import ListNode, Literal, LiteralKind, ObjectNode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.format.comments import Group
    from policy.syntax import Document, Item, Value

__all__ = ["MAX_DEPTH", "format_document"]

MAX_DEPTH = 100
"""How deep brackets may nest in a text that is formatted. The engine reads deeper ones, but a
hundred levels are more than any policy has a use for."""

_FIXED = "\ue123"
"""Marks a line that must not be indented, because its blanks mean something. No text that was
accepted holds this character: the servers' scanner refuses it, for this very use. It counts
as three bytes wherever widths are compared."""

_LINE_START = re.compile(r"^(?=[^\n])", re.MULTILINE)
_FIXED_LINE = re.compile(rf"^[^\n]*{_FIXED}", re.MULTILINE)


def format_document(document: Document) -> str:
    """The text of an HCL document in the servers' layout, with all its comments.

    Raises `PolicyError` when brackets nest deeper than `MAX_DEPTH`.
    """
    return _FIXED_LINE.sub("", _Layout(document).document()) + "\n"


class _Layout:
    """Lays out one document from its beginning to its end.

    `_done` is the offset up to which the text is laid out. A standalone comment is put out by the
    first list of items that reaches a place behind it.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._leading, self._trailing, self._standalone = attach(document)
        self._standalone_starts = [group[0].start for group in self._standalone]
        self._done = -1
        self._depth = 0

    def document(self) -> str:
        items = self._document.items
        out = []
        for at, item in enumerate(items):
            start = _start(item)
            out += [_lines(group) + "\n" for group in self._between(self._done, start)]
            self._done = start
            out.append(self._item(item))
            if at + 1 < len(items):
                out.append("\n" if self._huddle(item, items[at + 1]) else "\n\n")
        gap = "\n\n" if self._done >= 0 else ""
        end = len(self._document.source.text)
        out += [gap + _lines(group) for group in self._between(self._done, end)]
        return "".join(out)

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

    def _item(self, item: Item) -> str:
        above, behind = self._comments(item)
        keys = " ".join(key.text for key in item.keys)
        sign = " = " if item.assign >= 0 else " "
        return f"{above}{keys}{sign}{self._value(item.value)}{behind and ' ' + behind}"

    def _comments(self, item: Item) -> tuple[str, str]:
        """The comments of an item: lines above it, and what stands behind it. One that stood
        between a key and a value on two lines moves above."""
        start = _start(item)
        above = _lines(self._leading.get(start, ()))
        trailing = self._trailing.get(start, ())
        if self._line(item.value.span.start) == self._line(start):
            return above, _joined(trailing)
        return above + _lines(trailing), ""

    def _body(self, node: ObjectNode) -> str:
        """`{ … }`"""
        closing = node.span.end - 1
        items = node.items
        out = ["{"]
        commented = False
        at = 0
        while True:
            upcoming = _start(items[at]) if at < len(items) else closing
            for group in self._between(self._done, upcoming):
                if len(out) == 1:
                    out.append("\n")
                commented = commented or at > 0
                out.append(self._standing(group, between=at > 0))
                last_line = self._line(group[-1].start)
                if at < len(items) and self._line(upcoming) != last_line + 1:
                    out.append("\n")
            if at == len(items):
                break
            if len(out) == 1:
                out.append("\n")
            run = self._aligned_run(items, at)
            if at > 0 and not commented:
                out.append("\n")
            chosen = items[at : at + max(run, 1)]
            self._done = _start(chosen[-1])
            out.append(_indented(self._aligned(chosen) if run else self._item(chosen[0])))
            out.append("\n")
            at += len(chosen)
        self._done = closing
        return "".join([*out, "}"])

    def _standing(self, group: Group, *, between: bool) -> str:
        """A comment of its own in a body."""
        gap = "\n" if between else ""
        return "".join(f"{gap}{_indented(_fixed(comment.text))}" for comment in group) + "\n"

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
            line = self._line(_start(item))
            before = self._line(_start(items[at - 1])) if at else 0
            after = self._line(_start(items[at + 1])) if at + 1 < len(items) else 0
            if line + 1 == after:
                at += 1
            elif line - 1 == before:
                at += 1
                break
            else:
                break
        return at - first

    def _is_short(self, item: Item, done: int) -> tuple[bool, int]:
        """Whether an item takes one line, or two with a comment above; and where the layout would
        stand behind it."""
        value = item.value
        if self._comments(item)[1] == "" and _start(item) in self._trailing:
            # The binary aligns such an item, and loses the comment between its key and value.
            return False, done
        if isinstance(value, ObjectNode):
            end = value.span.end - 1
            if value.items or self._between(done, end):
                return False, end
            height, done = 1, end
        elif isinstance(value, ListNode):
            if not self._is_single_line(value):
                return False, done
            height = 1 + self._single_line(value).count("\n")
        else:
            height = 1 + _literal(value).count("\n")
        return height + "".join(self._comments(item)).count("\n") <= 2, done

    def _aligned(self, items: Sequence[Item]) -> str:
        """Short items with their values below each other, and the comments behind them too."""
        values = [self._value(item.value) for item in items]
        key_width = max(_width(item.keys[0].text) for item in items)
        value_width = max(map(_width, values))
        out = []
        for item, value in zip(items, values, strict=True):
            above, behind = self._comments(item)
            keys = "".join(_padded(key.text, key_width + 1) for key in item.keys)
            # An empty block with one key gets a sign, too: the server reads both alike.
            sign = "= " if len(item.keys) == 1 else ""
            end = _padded(value, value_width + 1) + behind if behind else value
            out.append(f"{above}{keys}{sign}{end}")
        return "\n".join(out)

    # Values

    def _value(self, value: Value) -> str:
        if isinstance(value, Literal):
            return _literal(value)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            line, column = self._document.source.position(value.span.start)
            raise PolicyError(
                f"{self._document.source.name}:{line}:{column}: brackets nest deeper than "
                f"{MAX_DEPTH} levels, more than the formatter follows"
            )
        if isinstance(value, ObjectNode):
            text = self._body(value)
        elif self._is_single_line(value):
            text = self._single_line(value)
        else:
            text = self._list(value)
        self._depth -= 1
        return text

    def _is_single_line(self, node: ListNode) -> bool:
        """Whether a list stays on one line: it began on one, and holds nothing that needs more."""
        line = self._line(node.span.start)
        return all(
            isinstance(element, Literal)
            and self._line(element.start) == line
            and (element.kind is not LiteralKind.HEREDOC or len(node.elements) == 1)
            and element.start not in self._trailing
            for element in node.elements
        )

    def _single_line(self, node: ListNode) -> str:
        parts = []
        for element in node.elements:
            assert isinstance(element, Literal)
            # The line break behind a heredoc is part of it.
            parts.append(_literal(element) + ("\n" if _is_heredoc(element) else ""))
        return f"[{', '.join(parts)}]"

    def _list(self, node: ListNode) -> str:
        """A list with one element a line."""
        width = max((_width(e.text) for e in node.elements if isinstance(e, Literal)), default=0)
        out = ["[\n"]
        blank = True
        last = node.elements[-1]
        for element in node.elements:
            start = element.span.start if isinstance(element, Literal) else -1
            above = self._leading.get(start, ())
            if above:
                out += ["" if blank else "\n", _indented(_lines(above))]
            value = self._value(element)
            out += [_indented(value), f"\n{_indented(',')}" if _is_heredoc(element) else ","]
            if behind := self._trailing.get(start):
                out.append(" " * max(1, 1 + width - _width(value)) + _joined(behind))
            out.append("\n")
            blank = bool(above) and element is not last
            if blank:
                out.append("\n")
        return "".join([*out, "]"])

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


def _literal(literal: Literal) -> str:
    text = literal.text
    if literal.kind is LiteralKind.HEREDOC:
        return _fixed(text.removesuffix("\n"))
    return _fixed(text) if literal.kind is LiteralKind.STRING else text


def _lines(comments: Group | tuple[()]) -> str:
    return "".join(f"{comment.text}\n" for comment in comments)


def _joined(comments: Group | tuple[()]) -> str:
    return "".join(comment.text for comment in comments)


def _indented(text: str) -> str:
    return _LINE_START.sub("  ", text)


def _fixed(text: str) -> str:
    """The text with a mark on every line but the first that is not empty."""
    first, line_break, rest = text.partition("\n")
    return first + line_break + _LINE_START.sub(_FIXED, rest)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
