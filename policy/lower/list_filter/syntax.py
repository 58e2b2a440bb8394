"""Text to nodes: the part of Go's template language that list filters are written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from policy.lower.list_filter.functions import FUNCTIONS
from policy.lower.list_filter.values import Value, undetermined
from policy.lower.scalars import parse_float, parse_integer
from policy.source import printable

__all__ = [
    "Branch",
    "Node",
    "Operand",
    "Pipeline",
    "Token",
    "as_bytes",
    "named",
    "parse",
    "tokens_of",
]

_MAX_DEPTH = 50  # parentheses and branches inside one another

_SPACE = " \t\r\n"
_END_OF_WORD = r"(?=[ \t\r\n.,|:()]|\}\}|\Z)"
_LEFT_TRIM = re.compile(r"-[ \t\r\n]")
_COMMENT_END = re.compile(r"\*/(?:[ \t\r\n]-)?\}\}")
_TOKEN = re.compile(
    rf"""(?P<close>(?:[ \t\r\n]+-)?\}}\}})
    | (?P<space>[ \t\r\n]+)
    | (?P<declare>:=)
    | (?P<assign>=)
    | (?P<pipe>\|)
    | (?P<left>\()
    | (?P<right>\))
    | (?P<string>"(?:\\[^\n]|[^"\\\n])*")
    | (?P<raw>`[^`]*`)
    | (?P<rune>'(?:\\[^\n]|[^'\\\n])*')
    | (?P<number>[+-]?
        (?: 0[xX][0-9a-fA-F_]+ | 0[oO][0-7_]+ | 0[bB][01_]+
          | (?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)? )(?!\w))
    | (?P<dot>\.{_END_OF_WORD})
    | (?P<field>\.\w+{_END_OF_WORD})
    | (?P<variable>\$\w*{_END_OF_WORD})
    | (?P<word>\w+{_END_OF_WORD})
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
# Kinds that can begin an operand; a command cannot begin with one of the others.
_OPERANDS = frozenset(
    {"dot", "field", "left", "number", "raw", "rune", "string", "variable", "word"}
)


class Token(NamedTuple):
    kind: str
    text: str


_EOF = Token("end of text", "")


def tokens_of(text: str) -> list[Token]:
    """Literal text, and the parts of each action between `open` and `close`."""
    tokens: list[Token] = []
    position, trim = 0, False
    while True:
        start = text.find("{{", position)
        literal = text[position : start if start >= 0 else None]
        if trim:
            literal = literal.lstrip(_SPACE)
        position, marked = start + 2, _LEFT_TRIM.match(text, start + 2) is not None
        if start >= 0 and marked:
            literal, position = literal.rstrip(_SPACE), position + 2
        if literal:
            tokens.append(Token("text", literal))
        if start < 0:
            return tokens
        if text.startswith("/*", position):
            close = text.find("*/", position + 2)
            end = _COMMENT_END.match(text, close) if close >= 0 else None
            if end is None:
                raise ValueError("the template has a comment that is not closed by `*/}}`")
        else:
            tokens.append(Token("open", "{{"))
            end = _action(text, position, tokens)
        position, trim = end.end(), end[0].endswith("-}}")


def _action(text: str, position: int, tokens: list[Token]) -> re.Match[str]:
    """Append the tokens of one action; give the match of its end."""
    depth = 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        depth += (kind == "left") - (kind == "right")
        if depth < 0 or (depth and kind == "close"):
            raise ValueError("the template has unbalanced parentheses")
        tokens.append(Token(kind, match[0]))
        if kind == "close":
            return match
        position = match.end()
    raise ValueError("the template has an action that is not closed by `}}`")


@dataclass(frozen=True, slots=True)
class Operand:
    """A value: where it starts (`kind`), and the fields that are followed from there."""

    kind: str  # constant, nil, dot, variable, call, pipeline
    value: Value = None
    name: str = ""
    pipeline: Pipeline | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    commands: tuple[tuple[Operand, ...], ...]
    variable: str = ""
    declares: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, or `with`, which makes its value the dot."""

    condition: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    moves_dot: bool


Node = bytes | Pipeline | Branch


def parse(tokens: list[Token]) -> tuple[Node, ...]:
    """The nodes of a template. Raises `ValueError` when it does not parse."""
    return _Parser(tokens).template()


class _Parser:
    """Recursive descent, with the lookahead and the scopes of Go's `text/template/parse`."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.next = 0
        self.depth = 0
        self.variables = ["$"]

    def template(self) -> tuple[Node, ...]:
        nodes, end = self.nodes()
        if end is not _EOF:
            raise ValueError(f"the template has a `{{{{{end.text}}}}}` that ends nothing")
        return nodes

    def nodes(self) -> tuple[tuple[Node, ...], Token]:
        """Everything up to `end`, `else` or the end of the text, which is given as well."""
        nodes: list[Node] = []
        while (token := self.take()) is not _EOF:
            if token.kind == "text":
                nodes.append(as_bytes(token.text))
                continue
            word = self.peek(skip_space=True)
            if word.kind == "word" and word.text in _KEYWORDS:
                self.take()
                if word.text in ("if", "with"):
                    nodes.append(self.branch(word.text))
                    continue
                if word.text in ("end", "else"):
                    if word.text == "end":
                        self.expect_close()
                    return tuple(nodes), word
                if word.text in ("break", "continue"):
                    raise ValueError(f"the template has a `{word.text}` outside of a `range`")
                raise undetermined(f"`{word.text}` is not evaluated")
            nodes.append(self.pipeline("close"))
        return tuple(nodes), _EOF

    def branch(self, keyword: str) -> Branch:
        self.enter()
        scope = len(self.variables)
        condition = self.pipeline("close")
        body, end = self.nodes()
        otherwise: tuple[Node, ...] = ()
        if end.text == "else":
            again = self.peek(skip_space=True)
            if again == ("word", keyword):
                self.take()
                otherwise = (self.branch(keyword),)
            else:
                self.expect_close()
                otherwise, end = self.nodes()
                if end.text != "end":
                    self.complain(f"an `{keyword}` without its `end`")
        elif end is _EOF:
            self.complain(f"an `{keyword}` without its `end`")
        del self.variables[scope:]
        self.depth -= 1
        return Branch(condition, body, otherwise, keyword == "with")

    def pipeline(self, closing: str) -> Pipeline:
        """Commands joined by `|`, up to a token of kind `closing`; perhaps `$name :=` before."""
        variable, declares = self.declaration()
        commands: list[tuple[Operand, ...]] = []
        while (token := self.peek(skip_space=True)).kind != closing:
            if token.kind not in _OPERANDS:
                self.complain(f"an unexpected {named(token.text)}")
            commands.append(self.command())
        self.take()
        if not commands:
            self.complain("an action without a value")
        for first, *_ in commands[1:]:
            if first.kind in ("constant", "nil") or first == _DOT:
                self.complain("a value where a function must follow the `|`")
        return Pipeline(tuple(commands), variable, declares)

    def declaration(self) -> tuple[str, bool]:
        """`$name :=` or `$name =`, if the pipeline begins so: the name, and whether it is new."""
        if self.peek(skip_space=True).kind != "variable":
            return "", False
        start = self.next
        name = self.take().text
        sign = self.peek(skip_space=True)
        if sign.kind not in ("declare", "assign"):
            self.next = start
            return "", False
        self.take()
        self.variables.append(name)
        return name, sign.kind == "declare"

    def command(self) -> tuple[Operand, ...]:
        """Operands with space between them, up to a `|`, which is taken, or the closing token."""
        operands = [self.operand()]
        while (token := self.peek()).kind == "space":
            if self.peek(skip_space=True).kind in _OPERANDS:
                operands.append(self.operand())
        if token.kind == "pipe":
            self.take()
        elif token.kind not in ("close", "right"):
            self.complain(f"an unexpected {named(token.text)}")
        return tuple(operands)

    def operand(self) -> Operand:
        base = self.term()
        fields = list(base.fields)
        while self.peek().kind == "field":
            if base.kind in ("constant", "nil") or base == _DOT:
                self.complain("a field of something that has none")
            fields.append(self.take().text[1:])
        return Operand(base.kind, base.value, base.name, base.pipeline, tuple(fields))

    def term(self) -> Operand:
        kind, text = self.take()
        match kind:
            case "dot":
                return _DOT
            case "field":
                return Operand("dot", fields=(text[1:],))
            case "variable":
                if text not in self.variables:
                    self.complain(f"the undefined variable {named(text)}")
                return Operand("variable", name=text)
            case "left":
                self.enter()
                inner = self.pipeline("right")
                self.depth -= 1
                return Operand("pipeline", pipeline=inner)
            case "word":
                return self.word(text)
            case "raw":
                return Operand("constant", as_bytes(text[1:-1].replace("\r", "")))
            case "string":
                return Operand("constant", _unquoted(text[1:-1]))
            case "rune":
                if len(text) != 3:
                    raise undetermined("only plain character constants are evaluated")
                return Operand("constant", ord(text[1]))
            case _:
                return Operand("constant", _number(text))

    def word(self, word: str) -> Operand:
        if word in ("true", "false"):
            return Operand("constant", word == "true")
        if word == "nil":
            return Operand("nil")
        if word == "call":
            raise undetermined("`call` is not evaluated")
        if word in _KEYWORDS:
            self.complain(f"an unexpected {named(word)}")
        if word not in FUNCTIONS:
            self.complain(f"the unknown function {named(word)}")
        return Operand("call", name=word)

    def take(self) -> Token:
        token = self.peek()
        self.next += 1
        return token

    def peek(self, *, skip_space: bool = False) -> Token:
        """The next token, which stays; spaces before it are dropped when told so."""
        while skip_space and self.peek().kind == "space":
            self.next += 1
        return self.tokens[self.next] if self.next < len(self.tokens) else _EOF

    def expect_close(self) -> None:
        if (token := self.peek(skip_space=True)).kind != "close":
            self.complain(f"an unexpected {named(token.text)}")
        self.take()

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise undetermined("it nests too deeply")

    def complain(self, what: str) -> NoReturn:
        raise ValueError(f"the template has {what}")


_DOT = Operand("dot")
_KEYWORDS = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"}
)


def named(text: str) -> str:
    """A piece of the template for a message: short, and safe on a terminal."""
    short = text if len(text) <= 30 else text[:30] + "..."
    return f"`{printable(short)}`"


def as_bytes(text: str) -> bytes:
    """Go's strings are bytes; a stray byte of the policy's text counts as one character here."""
    return text.encode("utf-8", "replace")


def _number(text: str) -> int | float:
    is_fraction = set(text) & set(".eE") and not set(text) & set("xX")
    try:
        return parse_float(text) if is_fraction else parse_integer(text)
    except ValueError:
        raise ValueError(f"the template has the invalid number {named(text)}") from None


def _unquoted(body: str) -> bytes:
    """The value of a Go string literal, without its quotes."""
    return b"".join(
        _escaped(match) if match[0][0] == "\\" else as_bytes(match[0])
        for match in _STRING_PART.finditer(body)
    )


def _escaped(match: re.Match[str]) -> bytes:
    octal, byte, character, simple = match.groups()
    if simple in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[simple]
    number = int(octal, 8) if octal else int(byte or character or "-1", 16)
    if not character and 0 <= number <= 0xFF:
        return bytes([number])
    if not character or number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ValueError(f"the template has the invalid escape {named(match[0])}")
    return chr(number).encode()


_STRING_PART = re.compile(
    r"""\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|[uU]((?<=u)[0-9a-fA-F]{4}|(?<=U)[0-9a-fA-F]{8})|(.))
    |[^\\]+""",
    re.VERBOSE,
)
_SIMPLE_ESCAPES = {
    "a": b"\a",
    "b": b"\b",
    "f": b"\f",
    "n": b"\n",
    "r": b"\r",
    "t": b"\t",
    "v": b"\v",
    "\\": b"\\",
    '"': b'"',
}
