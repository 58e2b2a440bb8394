"""The scanner: drives the terminals of a grammar over a text, for Lark's parser.

Lark's own lexers could not do three things: extend an INTERPOLATION to its closing quote, which
takes counting braces; tell letters and digits of Unicode from other numerals; and, in JSON, go on
after the text has ended or become illegal, which the server forgives behind the outermost object.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from lark import Token
from lark.lexer import Lexer

from policy.source import Span
from policy.syntax.nodes import Comment, Flaw, FlawKind
from policy.syntax.scan import MAX_NESTING, NestingError, Scan, ScanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark.common import LexerConf
    from lark.lexer import LexerState
    from lark.parsers.lalr_parser_state import ParserState

__all__ = ["HclScanner", "JsonScanner"]

_NESTING = {"LBRACE": 1, "LSQB": 1, "RBRACE": -1, "RSQB": -1}


class _Scanner(Lexer):
    """Joins the terminals of a grammar, by priority, into one regular expression."""

    __future_interface__ = 2

    def __init__(self, lexer_conf: LexerConf) -> None:
        terminals = sorted(lexer_conf.terminals, key=lambda t: -t.priority)
        spaces = next(t.pattern.to_regexp() for t in terminals if t.name == "WS")
        tokens = "|".join(
            f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in terminals if t.name != "WS"
        )
        self._match = re.compile(f"(?:{spaces})?(?:{tokens})").match
        self._spaces = re.compile(f"(?:{spaces})?").match

    def _end(self, text: str, offset: int, end: int) -> int:
        """Where the white space from `offset` on ends."""
        match = self._spaces(text, offset, end)
        assert match is not None  # it matches the empty string
        return match.end()


class HclScanner(_Scanner):
    """Scans HCL; raises `ScanError` where no terminal matches."""

    def lex(self, lexer_state: LexerState, parser_state: ParserState[int]) -> Iterator[Token]:
        scan: Scan = lexer_state.text  # type: ignore[assignment]  # ours, passed through by Lark
        text, offset, end = scan.text, scan.start, scan.end
        match_at = self._match
        depth = 0
        while (match := match_at(text, offset, end)) is not None:
            kind = match.lastgroup or ""
            start, offset = match.span(kind)
            depth += _NESTING.get(kind, 0)
            if depth > MAX_NESTING:
                raise NestingError(start)
            if kind == "LINE_COMMENT" or kind == "BLOCK_COMMENT":
                scan.comments.append(Comment(text[start:offset], start))
                continue
            if kind == "INTERPOLATION":
                offset = _interpolation_end(text, start, offset)
            value = text[start:offset]
            if (kind == "INTERPOLATION" and "\n" in value) or (
                kind == "FLOAT" and value[-1] not in "0123456789."
            ):
                scan.flaws.append(Flaw(FlawKind.SWALLOWED, Span(start, offset)))
            if not value.isascii():
                _check_letters(kind, match, start)
            yield Token(kind, value, start, end_pos=offset)
        offset = self._end(text, offset, end)
        if offset < end:
            raise ScanError(offset)


class JsonScanner(_Scanner):
    """Scans JSON. What is no token is handed on as ILLEGAL, with all that follows it."""

    def lex(self, lexer_state: LexerState, parser_state: ParserState[int]) -> Iterator[Token]:
        scan: Scan = lexer_state.text  # type: ignore[assignment]
        text, offset, end = scan.text, scan.start, scan.end
        match_at = self._match
        braces = depth = 0
        while (match := match_at(text, offset, end)) is not None:
            kind = match.lastgroup or ""
            start, offset = match.span(kind)
            if kind == "LBRACE":
                braces += 1
                depth += 1
                if depth > MAX_NESTING:
                    raise NestingError(start)
            elif kind == "RBRACE":
                depth -= 1
            yield Token(kind, text[start:offset], start, end_pos=offset)
        offset = self._end(text, offset, end)
        if offset < end:
            yield Token("ILLEGAL", text[offset : offset + 1], offset, end_pos=offset + 1)
            return
        for _ in range(braces):
            yield Token("END", "", offset, end_pos=offset)


# Possessive, because a text may be long: a repetition that could be taken back costs memory.
_INSIDE = re.compile(
    r'[^{}\\\0\ue123\ud800-\udfff]*+(?:\\(?:[abfnrtv\\"]|[0-7]{3}|x[0-9A-Fa-f]{2}'
    r"|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})[^{}\\\0\ue123\ud800-\udfff]*+)*+"
)
_OUTSIDE = re.compile(
    r'(?:[^"\\\n$\0\ue123\ud800-\udfff]++|\\(?:[abfnrtv\\"]|[0-7]{3}|x[0-9A-Fa-f]{2}'
    r"|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})|\$(?!\{))*+"
)


def _interpolation_end(text: str, start: int, offset: int) -> int:
    """The end of a string that begins at `start` and whose first `${` ends at `offset`.

    Inside `${ }` only braces count: quotes and line breaks are ordinary, escapes must hold.
    """
    braces = 1
    while True:
        match = (_INSIDE if braces else _OUTSIDE).match(text, offset)
        assert match is not None  # both match the empty string
        offset = match.end()
        if braces:
            char = text[offset : offset + 1]
            if char == "{":
                braces += 1
            elif char == "}":
                braces -= 1
            else:
                raise ScanError(start)
            offset += 1
        elif text.startswith('"', offset):
            return offset + 1
        elif text.startswith("${", offset):
            braces = 1
            offset += 2
        else:
            raise ScanError(start)


def _check_letters(kind: str, match: re.Match[str], start: int) -> None:
    """`\\w` also takes numerals that are neither letter nor digit: the server does not."""
    if kind == "IDENT":
        word = match[kind]
    elif kind == "HEREDOC":
        word = match["anchor"] or match["indented"]
        start = match.start("anchor") if match["anchor"] else match.start("indented")
    else:
        return
    for at, char in enumerate(word):
        if not char.isascii():
            category = unicodedata.category(char)
            if not (category.startswith("L") or (category == "Nd" and (at or kind != "IDENT"))):
                raise ScanError(start + at)
