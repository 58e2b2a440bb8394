"""Finds the grammar files and makes the parsers, once a process each."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from lark import Lark

from policy.syntax.builder import Builder
from policy.syntax.scanner import HclScanner, JsonScanner

if TYPE_CHECKING:
    from lark.lexer import Lexer

__all__ = ["grammar_text", "hcl_parser", "json_parser"]


def grammar_text(name: str) -> str:
    """The text of `NAME.lark`: inside the installed package, else beside it in a checkout."""
    packaged = files("policy") / "_grammar" / f"{name}.lark"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = Path(__file__).parents[2] / "grammar" / f"{name}.lark"
    return checkout.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def hcl_parser() -> Lark:
    """The parser of the usual form."""
    return _parser("hcl", HclScanner)


@lru_cache(maxsize=1)
def json_parser() -> Lark:
    """The parser of the JSON form."""
    return _parser("json", JsonScanner)


def _parser(name: str, scanner: type[Lexer]) -> Lark:
    return Lark(
        grammar_text(name),
        parser="lalr",
        lexer=scanner,
        transformer=Builder(),
        keep_all_tokens=True,
        maybe_placeholders=False,
    )
