"""Text and tree: the two forms of the policy language, read exactly as the servers read them."""

from policy.syntax.literals import DecodeError, decode_key, decode_text
from policy.syntax.nodes import (
    Comment,
    Document,
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
from policy.syntax.parser import Parsed, flaw_diagnostics, parse, parse_part
from policy.syntax.printer import print_document

__all__ = [
    "Comment",
    "DecodeError",
    "Document",
    "Flaw",
    "FlawKind",
    "Item",
    "Key",
    "ListNode",
    "Literal",
    "LiteralKind",
    "ObjectNode",
    "Parsed",
    "Value",
    "decode_key",
    "decode_text",
    "flaw_diagnostics",
    "parse",
    "parse_part",
    "print_document",
]
