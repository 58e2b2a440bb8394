"""Finds the grammar files and makes the parsers, once a process each."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from lark import Lark
from lark.exceptions import UnexpectedToken

from policy.syntax.builder import Builder
from policy.syntax.scan import UnexpectedTokenError
from policy.syntax.scanner import HclScanner, JsonScanner

if TYPE_CHECKING:
    from policy.syntax.builder import Root
    from policy.syntax.scan import Scan

__all__ = ["grammar_text", "parse_scan"]


def grammar_text(name: str) -> str:
    """The text of `NAME.lark`: inside the installed package, else beside it in a checkout."""
    packaged = files("policy") / "_grammar" / f"{name}.lark"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = Path(__file__).parents[2] / "grammar" / f"{name}.lark"
    return checkout.read_text(encoding="utf-8")


def parse_scan(scan: Scan, *, is_json: bool) -> Root:
    """Parse what a scan covers. Raises `ScanError` or `UnexpectedTokenError` at the first error."""
    try:
        # Lark hands anything that is not a string to a custom lexer as it is.
        return _parser("json" if is_json else "hcl").parse(scan)  # type: ignore[return-value]
    except UnexpectedToken as error:
        expected = set(error.accepts or error.expected)
        stack = error.state.value_stack if error.state is not None else []
        raise UnexpectedTokenError(error.token, expected, list(stack)) from None


@lru_cache(maxsize=2)
def _parser(name: str) -> Lark:
    return Lark(
        grammar_text(name),
        parser="lalr",
        lexer=JsonScanner if name == "json" else HclScanner,
        transformer=Builder(),
        keep_all_tokens=True,
        maybe_placeholders=False,
    )
