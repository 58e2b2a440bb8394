"""The syntax of a plain block without the parser, so that most findings need not wait for it.

Nearly every block holds nothing but `capabilities`. One regular expression takes it apart; what it
does not take goes to the parser. A test holds both to the same trees.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.source import Span
from policy.syntax.nodes import Item, Key, ListNode, Literal, LiteralKind, ObjectNode

if TYPE_CHECKING:
    from policy.source import Source

__all__ = ["plain_item"]

_PLAIN = re.compile(
    r'(path)[ \t]+("[ !#%-\[\]-~]*+")[ \t\n]*(\{)[ \t\n]*(capabilities)[ \t]*(=)[ \t]*'
    r'(\[(?:[ \t\n]*"[a-z]+"[ \t\n]*(?:,|(?=\])))*+[ \t\n]*\])[ \t\n]*\}'
)
_WORD = re.compile(r'"[a-z]+"')


def plain_item(source: Source, span: Span) -> Item | None:
    """The item that takes up a span of an HCL text, if it is a plain block."""
    match = None if source.is_json else _PLAIN.fullmatch(source.text, *span)
    if match is None:
        return None
    word, path, brace, name, assign, words = range(1, 7)
    elements = tuple(
        Literal(LiteralKind.STRING, found[0], found.start())
        for found in _WORD.finditer(source.text, *match.span(words))
    )
    capabilities = Item(
        (Key(match[name], match.start(name)),),
        ListNode(elements, Span(*match.span(words))),
        match.start(assign),
    )
    body = ObjectNode((capabilities,), Span(match.start(brace), match.end()))
    keys = Key(match[word], match.start(word)), Key(match[path], match.start(path))
    return Item(keys, body, -1)
