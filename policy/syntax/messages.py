"""Words for syntax errors: what stands where, what was wanted, and a hint where one is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lark import Token

from policy.diagnostics import Diagnostic, Label, Severity
from policy.source import Source, Span
from policy.syntax.builder import BrokenItem, OpenList
from policy.syntax.nodes import Key

if TYPE_CHECKING:
    from policy.syntax.scan import Scan, UnexpectedTokenError

__all__ = ["scan_error", "token_error"]

_ESCAPE = re.compile(r'\\(?:[abfnrtv\\"]|[0-7]{3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})')
_PUNCTUATION = {
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "PERIOD": "`.`",
}
_SCALARS = {"NUMBER", "FLOAT", "BOOL", "STRING", "HEREDOC", "NULL"}


def scan_error(source: Source, offset: int) -> Diagnostic:
    """Why the text at `offset` is no token."""
    text = source.text
    char = text[offset]
    code = "illegal-character"
    span = Span(offset, offset + 1)
    help_text = None
    if char == '"':
        return _string_error(source, offset)
    if char == "\0":
        message = "a NUL character"
        help_text = "is this file UTF-16? save it as UTF-8"
    elif "\ud800" <= char <= "\udfff":
        message = "bytes that are not UTF-8"
        code = "invalid-utf-8"
        help_text = "save the file as UTF-8"
    elif source.is_json and (char == "#" or text.startswith(("//", "/*"), offset)):
        message = "JSON has no comments"
    elif text.startswith("/*", offset):
        message = "a comment that is not closed"
        code = "unterminated-comment"
        help_text = "close it with `*/`"
        span = Span(offset, offset + 2)
    elif char == "/" and not source.is_json:
        message = "a lone `/`"
        help_text = "a comment begins with `#` or `//`; a path must stand in double quotes"
    elif char == "<" and not source.is_json:
        return _heredoc_error(source, offset)
    elif char.isdigit() or (char in "-." and text[offset + 1 : offset + 2].isdigit()):
        message = "a number that does not hold"
        code = "malformed-number"
        help_text = (
            "a leading zero is not allowed"
            if source.is_json
            else "a leading zero makes it octal, `0x` hexadecimal"
        )
        span = Span(offset, offset + len(_WORD.match(text, offset)[0]))  # type: ignore[index]
    elif char in "“”„‟«»":
        message = f"`{char}` is no quote here"
        help_text = 'use the plain double quote `"`'
    elif char in "'`\u2018\u2019":
        message = f"`{char}` quotes nothing"
        help_text = "strings stand in double quotes"
    elif char == "\ufeff":
        message = "a byte-order mark"
        help_text = "save the file as UTF-8 without a byte-order mark"
    elif char == ":" and not source.is_json:
        message = "`:` is no assignment in HCL"
        help_text = "use `=`"
    elif char == ";":
        message = "`;` separates nothing"
        help_text = "use a line break, or nothing at all"
    elif source.is_json and char.isalpha():
        word = _WORD.match(text, offset)
        span = Span(offset, word.end() if word else offset + 1)
        message = f"`{text[span.start : span.end]}` is no JSON value"
        help_text = "strings stand in double quotes"
    else:
        name = char if char.isprintable() else f"U+{ord(char):04X}"
        message = f"`{name}` has no meaning here"
    return Diagnostic(code, Severity.ERROR, message, source, span, help=help_text)


_WORD = re.compile(r"[-\w.]+")


def _string_error(source: Source, offset: int) -> Diagnostic:
    """A string that does not end, or holds a bad escape or character."""
    text = source.text
    at = offset + 1
    depth = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            escape = _ESCAPE.match(text, at)
            if escape is None:
                shown = text[at : at + 2].rstrip("\n")
                return Diagnostic(
                    "illegal-escape",
                    Severity.ERROR,
                    f"`{shown}` is no escape",
                    source,
                    Span(at, at + len(shown)),
                    help="write `\\\\` for a backslash",
                )
            at = escape.end()
            continue
        if char == "\0" or char == "\ue123" or "\ud800" <= char <= "\udfff":
            return scan_error(source, at)
        if char == "\n" and depth == 0:
            break
        if not source.is_json:
            if depth == 0 and text.startswith("${", at):
                depth = 1
                at += 2
                continue
            depth += (depth > 0 and char == "{") - (depth > 0 and char == "}")
        at += 1
    in_region = depth > 0
    line, column = source.position(offset)
    line_end = offset - column + 1 + len(source.line(line))
    return Diagnostic(
        "unterminated-string",
        Severity.ERROR,
        "a `${` that is not closed" if in_region else "a string that does not end on its line",
        source,
        Span(offset, min(at, line_end)),
        help="close it with `}`" if in_region else "close it with a double quote",
    )


def _heredoc_error(source: Source, offset: int) -> Diagnostic:
    line = source.text[offset : source.text.find("\n", offset) + 1] or source.text[offset:]
    anchor = re.match(r"<<-?(\w+)\n", line)
    if not line.startswith("<<"):
        message, help_text = "a lone `<`", "a heredoc begins with `<<` and a word"
    elif anchor is None:
        message = "`<<` without a plain word directly behind it, alone on its line"
        help_text = "write `<<EOT` and a line break"
    else:
        message = f"a heredoc that is not closed by a line `{anchor[1]}`"
        help_text = "the closing word stands alone on a line that ends in a line break"
    return Diagnostic(
        "malformed-heredoc",
        Severity.ERROR,
        message,
        source,
        Span(offset, offset + max(1, len(line.rstrip("\n")))),
        help=help_text,
    )


def token_error(source: Source, scan: Scan, error: UnexpectedTokenError) -> Diagnostic:
    """Why a token cannot stand where it stands."""
    token = error.token
    if token.type == "ILLEGAL":
        return scan_error(source, token.start_pos or 0)
    return _TokenError(source, scan, token, error.expected, error.stack).diagnostic()


class _TokenError:
    def __init__(
        self, source: Source, scan: Scan, token: Token, expected: set[str], stack: list[object]
    ) -> None:
        self.source = source
        self.scan = scan
        self.token = token
        self.expected = expected
        self.stack = stack

    def diagnostic(self) -> Diagnostic:
        broken = self._broken_item()
        if broken is not None:
            # The `}` behind it was taken in the hope of a second one.
            words = self.source.text[broken.start : broken.end]
            return self._error("broken-item", f"`{words}` breaks off before `}}`", broken)
        if self.token.type in ("$END", "END"):
            return self._end_of_text()
        span = Span(self.token.start_pos or 0, self.token.end_pos or 0)
        name = self._name()
        previous = self._previous_key()
        wanted = self.expected
        if previous and "LBRACE" in wanted and "EQUAL" not in wanted:
            if self.token.type == "EQUAL" and self._followed_by_brace(span.end):
                return self._error(
                    "block-with-assignment",
                    "a block with a label takes no `=`",
                    span,
                    "delete the `=`",
                )
            return self._error("missing-body", f"{name} where the `{{` of a block should be", span)
        if previous and "EQUAL" in wanted:
            return self._error(
                "missing-value",
                f"`{previous}` is followed by {name}, not by `=` and a value or by `{{`",
                span,
                "use `=` instead of `:`" if self.token.type == "COLON" else None,
            )
        if "COLON" in wanted and "NUMBER" not in wanted:
            return self._error("missing-colon", f"{name} where a `:` should be", span)
        if "RSQB" in wanted and "NUMBER" not in wanted:
            return self._error(
                "missing-comma",
                f"{name} where a comma or the `]` of the list should be",
                span,
                "put a comma between the elements" if self.token.type in _SCALARS else None,
            )
        if "NUMBER" in wanted:
            return self._error(
                "not-a-value",
                f"{name} is not a value",
                span,
                "put it in double quotes" if self.token.type == "IDENT" else None,
            )
        return self._error("missing-key", f"{name} where a key should be", span)

    def _name(self) -> str:
        kind, text = self.token.type, str(self.token)
        shown = text if len(text) <= 40 else text[:37] + "…"
        return _PUNCTUATION.get(kind) or f"`{shown.splitlines()[0] if shown else ''}`"

    def _previous_key(self) -> str | None:
        """The key just read, if the last thing on the parser's stack is one."""
        last = self.stack[-1] if self.stack else None
        if isinstance(last, list) and last:
            last = last[-1]
        if isinstance(last, Key):
            return last.text
        if isinstance(last, Token) and last.type in ("IDENT", "STRING", "INTERPOLATION"):
            return str(last)
        return None

    def _followed_by_brace(self, offset: int) -> bool:
        return self.source.text[offset:].lstrip(" \t\r\n").startswith("{")

    def _broken_item(self) -> Span | None:
        for value in self.stack[-2:]:
            if isinstance(value, BrokenItem):
                return value.span
        return None

    def _end_of_text(self) -> Diagnostic:
        opening = _innermost_open(self.stack)
        # Point at the last thing that was written, not behind it.
        last = max(self.scan.start, len(self.source.text[: self.scan.end].rstrip()) - 1)
        labels: tuple[Label, ...] = ()
        message = "the text ends in the middle of an item"
        if opening is not None:
            closing, start = opening
            labels = (Label(Span(start, start + 1), "opened here"),)
            message = f"the text ends before the closing `{closing}`"
            labels += tuple(
                Label(flaw.span, "this swallows text, perhaps what would close it")
                for flaw in self.scan.flaws[-1:]
                if flaw.span.start > start
            )
        return Diagnostic(
            "unexpected-end", Severity.ERROR, message, self.source, Span(last, last + 1), labels
        )

    def _error(
        self, code: str, message: str, span: Span, help_text: str | None = None
    ) -> Diagnostic:
        return Diagnostic(code, Severity.ERROR, message, self.source, span, help=help_text)


def _innermost_open(stack: list[object]) -> tuple[str, int] | None:
    """The closing bracket that is missing most, and where its opening one stands."""
    for value in reversed(stack):
        if isinstance(value, OpenList):
            return "]", value.start
        if isinstance(value, Token) and value.type == "LSQB":
            return "]", value.start_pos or 0
        if isinstance(value, Token) and value.type == "LBRACE":
            return "}", value.start_pos or 0
    return None
