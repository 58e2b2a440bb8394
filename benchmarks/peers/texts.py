"""The other readers of policy text: python-hcl2, and our grammar run by Lark alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lark import Token, Tree

__all__ = ["Granted", "hcl2_granted", "hcl2_reader", "lark_granted", "lark_reader"]

Granted = list[tuple[str, frozenset[str]]]
"""What a text says: paths as written, and the capabilities of each."""


def hcl2_reader() -> Callable[[str], dict[str, list[dict[str, dict[str, list[str]]]]]]:
    """`hcl2.loads`, which makes dictionaries."""
    loads: Callable[[str], dict[str, list[dict[str, dict[str, list[str]]]]]]
    loads = import_module("hcl2").loads
    return loads


def hcl2_granted(text: str) -> Granted:
    """What python-hcl2 understands. It leaves the quotes where they are."""
    return [
        (path.strip('"'), frozenset(word.strip('"') for word in body["capabilities"]))
        for block in hcl2_reader()(text)["path"]
        for path, body in block.items()
    ]


def lark_reader() -> Callable[[str], Tree[Token]]:
    """The ordinary way to use a grammar: Lark's LALR parser with its own lexer (the contextual
    one, its default and its fastest), and a tree as the result."""
    from lark import Lark

    from policy.syntax.grammar import grammar_text

    return Lark(grammar_text("hcl"), parser="lalr", lexer="contextual").parse


def lark_granted(tree: Tree[Token]) -> Granted:
    """What is in the tree of a plain text, where every string is a path or a capability."""
    found = []
    for block in tree.find_data("block"):
        path, *words = (token.strip('"') for token in _strings(block))
        found.append((path, frozenset(words)))
    return found


def _strings(tree: Tree[Token]) -> Iterator[Token]:
    from lark import Token

    for child in tree.children:
        if not isinstance(child, Token):
            yield from _strings(child)
        elif child.type == "STRING":
            yield child
