"""Whether the server takes a `list_scan_response_keys_filter_path`.

It is a Go text template over `.path` (the rule's path) and `.key`. OpenBao 2.7.2 refuses the policy
unless it parses, runs, and gives two different texts for two random keys of 32 letters and digits.
Here the same is done with eight fixed keys, by a small evaluator of the language that such
templates are written in: text, comments, trim markers, pipelines, variables, `if`, `with`, the
standard functions and those the server adds.

Not modelled, so refused as not determined (fail closed): `range`, `define`, `template`, `block` and
`call`; `index` of a string; `printf` other than `%s %v %d %q`, with widths (`%.8s` is fine) or with
values that do not fit; printed fractions; letters outside ASCII in `js`, `%q`, `uppercase` and an
empty `replace`; a template over 16 KiB, deep nesting, very large values; a result that hangs on
chance (as of `{{ .key | truncate 1 }}`), on the clock or on an unknown path. Complex numbers and
hexadecimal fractions are taken for syntax errors.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, NoReturn
from urllib.parse import quote_plus

from policy.lower.scalars import lower_name, parse_float, parse_integer

__all__ = ["UndeterminedFilterError", "check_list_filter"]

# Far above what anybody writes, and low enough for a hostile policy full of filters.
_MAX_TEXT = 16 * 1024  # characters of a template
_MAX_DEPTH = 50  # parentheses and branches inside one another
_MAX_VALUE = 16 * 1024  # bytes of one value
_MAX_WORK = 1024 * 1024  # bytes of all values of one run


class UndeterminedFilterError(ValueError):
    """Whether the server takes the template cannot be told offline."""


def check_list_filter(text: str, path: str | None = None) -> None:
    """Check a filter template, which is not empty, as the server does when a policy is written.

    `path` is the value of `.path`: the rule's path without a leading `/` and, unless it has a
    segment `+`, without the final `*`. Left out, a verdict that depends on it is not determined.

    Raises `ValueError` with one phrase when the server refuses the template, and its subclass
    `UndeterminedFilterError` when that cannot be told.
    """
    if "{{" not in text:
        raise ValueError(_SAME)
    if len(text) > _MAX_TEXT:
        raise _undetermined("it is longer than 16 KiB")
    tokens = _tokens(text)
    template = _Parser(tokens).template()
    asks_the_time = any(token.kind == "word" and token.text in _CLOCK for token in tokens)
    verdicts = {
        _verdict(template, name, moment)
        for name in ((path,) if path is not None else _STAND_IN_PATHS)
        for moment in (_MOMENTS if asks_the_time else _MOMENTS[:1])
    }
    if len(verdicts) > 1:
        raise _undetermined("it depends on the clock or on the path")
    complaint = verdicts.pop()
    if complaint is not None:
        raise ValueError(complaint)


def _verdict(template: tuple[_Node, ...], path: str, moment: int) -> str | None:
    """None if the template tells all keys apart, else why it is refused."""
    results: set[bytes] = set()
    complaints: list[str] = []
    for key in _KEYS:
        run = _Run({"key": key.encode(), "path": _bytes(path)}, moment)
        try:
            results.add(run.apply(template))
        except UndeterminedFilterError:
            raise
        except ValueError as error:
            complaints.append(f"the template fails: {error}")
    if complaints and len(complaints) == len(_KEYS):
        return complaints[0]
    if len(results) == len(_KEYS):
        return None
    if len(results) == 1 and not complaints:
        return _SAME
    raise _undetermined("its result hangs on what the key happens to be")


def _undetermined(why: str) -> UndeterminedFilterError:
    return UndeterminedFilterError(f"cannot tell offline whether the template is accepted: {why}")


_SAME = "the template gives the same path for two different keys"

# In place of random keys. Each letter and digit occurs in at least two of them and is missing in at
# least one, and at each place two of them agree, but no two at neighbouring places: so a template
# that looks at one character, or for one, gives neither one result nor eight.
_KEYS = (
    "6poF3rJ09Q6vb8IWi1BnDNHWrNILjDxt",
    "UaeqVxy08BDerR6igdCATBFlpaFoOcSD",
    "7YeikaXxyMc65AVv7rPzOEUz5N0W8rSE",
    "7IznLrhWDfM84IlYgbkplHMtMtvY83BO",
    "KZh439klnz7QrMuaSFe1CzMzW7t7Kyil",
    "Dd3LZTknDKyvhAwih6bbV16s2gmtmtjs",
    "mYdLG3D7Xh6BJblPFqi1M5pMZUF3urFs",
    "PBc0XRGfcBoweyP2DFiDDH015E7tIRVf",
)
_STAND_IN_PATHS = ("secret/data/", "x")
_MOMENTS = (1_700_000_000, 1_888_888_888)


# --- Text to tokens ------------------------------------------------------------------------------

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


class _Token(NamedTuple):
    kind: str
    text: str


_EOF = _Token("end of text", "")


def _tokens(text: str) -> list[_Token]:
    """Literal text, and the parts of each action between `open` and `close`."""
    tokens: list[_Token] = []
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
            tokens.append(_Token("text", literal))
        if start < 0:
            return tokens
        if text.startswith("/*", position):
            close = text.find("*/", position + 2)
            end = _COMMENT_END.match(text, close) if close >= 0 else None
            if end is None:
                raise ValueError("the template has a comment that is not closed by `*/}}`")
        else:
            tokens.append(_Token("open", "{{"))
            end = _action(text, position, tokens)
        position, trim = end.end(), end[0].endswith("-}}")


def _action(text: str, position: int, tokens: list[_Token]) -> re.Match[str]:
    """Append the tokens of one action; give the match of its end."""
    depth = 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        depth += (kind == "left") - (kind == "right")
        if depth < 0 or (depth and kind == "close"):
            raise ValueError("the template has unbalanced parentheses")
        tokens.append(_Token(kind, match[0]))
        if kind == "close":
            return match
        position = match.end()
    raise ValueError("the template has an action that is not closed by `}}`")


# --- Tokens to nodes -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Operand:
    """A value: where it starts (`kind`), and the fields that are followed from there."""

    kind: str  # constant, nil, dot, variable, call, pipeline
    value: _Value = None
    name: str = ""
    pipeline: _Pipeline | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pipeline:
    commands: tuple[tuple[_Operand, ...], ...]
    variable: str = ""
    declares: bool = False


@dataclass(frozen=True, slots=True)
class _Branch:
    """`if`, or `with`, which makes its value the dot."""

    condition: _Pipeline
    body: tuple[_Node, ...]
    otherwise: tuple[_Node, ...]
    moves_dot: bool


_Value = bytes | bool | int | float | dict[str, bytes] | None
_Node = bytes | _Pipeline | _Branch


class _Parser:
    """Recursive descent, with the lookahead and the scopes of Go's `text/template/parse`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.next = 0
        self.depth = 0
        self.variables = ["$"]

    def template(self) -> tuple[_Node, ...]:
        nodes, end = self.nodes()
        if end is not _EOF:
            raise ValueError(f"the template has a `{{{{{end.text}}}}}` that ends nothing")
        return nodes

    def nodes(self) -> tuple[tuple[_Node, ...], _Token]:
        """Everything up to `end`, `else` or the end of the text, which is given as well."""
        nodes: list[_Node] = []
        while (token := self.take()) is not _EOF:
            if token.kind == "text":
                nodes.append(_bytes(token.text))
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
                raise _undetermined(f"`{word.text}` is not evaluated")
            nodes.append(self.pipeline("close"))
        return tuple(nodes), _EOF

    def branch(self, keyword: str) -> _Branch:
        self.enter()
        scope = len(self.variables)
        condition = self.pipeline("close")
        body, end = self.nodes()
        otherwise: tuple[_Node, ...] = ()
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
        return _Branch(condition, body, otherwise, keyword == "with")

    def pipeline(self, closing: str) -> _Pipeline:
        """Commands joined by `|`, up to a token of kind `closing`; perhaps `$name :=` before."""
        variable, declares = self.declaration()
        commands: list[tuple[_Operand, ...]] = []
        while (token := self.peek(skip_space=True)).kind != closing:
            if token.kind not in _OPERANDS:
                self.complain(f"an unexpected {_named(token.text)}")
            commands.append(self.command())
        self.take()
        if not commands:
            self.complain("an action without a value")
        for first, *_ in commands[1:]:
            if first.kind in ("constant", "nil") or first == _DOT:
                self.complain("a value where a function must follow the `|`")
        return _Pipeline(tuple(commands), variable, declares)

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

    def command(self) -> tuple[_Operand, ...]:
        """Operands with space between them, up to a `|`, which is taken, or the closing token."""
        operands = [self.operand()]
        while (token := self.peek()).kind == "space":
            if self.peek(skip_space=True).kind in _OPERANDS:
                operands.append(self.operand())
        if token.kind == "pipe":
            self.take()
        elif token.kind not in ("close", "right"):
            self.complain(f"an unexpected {_named(token.text)}")
        return tuple(operands)

    def operand(self) -> _Operand:
        base = self.term()
        fields = list(base.fields)
        while self.peek().kind == "field":
            if base.kind in ("constant", "nil") or base == _DOT:
                self.complain("a field of something that has none")
            fields.append(self.take().text[1:])
        return _Operand(base.kind, base.value, base.name, base.pipeline, tuple(fields))

    def term(self) -> _Operand:
        kind, text = self.take()
        match kind:
            case "dot":
                return _DOT
            case "field":
                return _Operand("dot", fields=(text[1:],))
            case "variable":
                if text not in self.variables:
                    self.complain(f"the undefined variable {_named(text)}")
                return _Operand("variable", name=text)
            case "left":
                self.enter()
                inner = self.pipeline("right")
                self.depth -= 1
                return _Operand("pipeline", pipeline=inner)
            case "word":
                return self.word(text)
            case "raw":
                return _Operand("constant", _bytes(text[1:-1].replace("\r", "")))
            case "string":
                return _Operand("constant", _unquoted(text[1:-1]))
            case "rune":
                if len(text) != 3:
                    raise _undetermined("only plain character constants are evaluated")
                return _Operand("constant", ord(text[1]))
            case _:
                return _Operand("constant", _number(text))

    def word(self, word: str) -> _Operand:
        if word in ("true", "false"):
            return _Operand("constant", word == "true")
        if word == "nil":
            return _Operand("nil")
        if word == "call":
            raise _undetermined("`call` is not evaluated")
        if word in _KEYWORDS:
            self.complain(f"an unexpected {_named(word)}")
        if word not in _FUNCTIONS:
            self.complain(f"the unknown function {_named(word)}")
        return _Operand("call", name=word)

    def take(self) -> _Token:
        token = self.peek()
        self.next += 1
        return token

    def peek(self, *, skip_space: bool = False) -> _Token:
        """The next token, which stays; spaces before it are dropped when told so."""
        while skip_space and self.peek().kind == "space":
            self.next += 1
        return self.tokens[self.next] if self.next < len(self.tokens) else _EOF

    def expect_close(self) -> None:
        if (token := self.peek(skip_space=True)).kind != "close":
            self.complain(f"an unexpected {_named(token.text)}")
        self.take()

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _undetermined("it nests too deeply")

    def complain(self, what: str) -> NoReturn:
        raise ValueError(f"the template has {what}")


_DOT = _Operand("dot")
_KEYWORDS = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"}
)


def _named(text: str) -> str:
    """A piece of the template for a message: short, and safe on a terminal."""
    short = text if len(text) <= 30 else text[:30] + "..."
    clean = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)
    return f"`{''.join(clean)}`"


def _bytes(text: str) -> bytes:
    """Go's strings are bytes; a stray byte of the policy's text counts as one character here."""
    return text.encode("utf-8", "replace")


def _number(text: str) -> int | float:
    is_fraction = set(text) & set(".eE") and not set(text) & set("xX")
    try:
        return parse_float(text) if is_fraction else parse_integer(text)
    except ValueError:
        raise ValueError(f"the template has the invalid number {_named(text)}") from None


def _unquoted(body: str) -> bytes:
    """The value of a Go string literal, without its quotes."""
    return b"".join(
        _escaped(match) if match[0][0] == "\\" else _bytes(match[0])
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
        raise ValueError(f"the template has the invalid escape {_named(match[0])}")
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


# --- Nodes to text -------------------------------------------------------------------------------


class _Run:
    """One application of a template to one key, with limits on its work."""

    def __init__(self, data: dict[str, bytes], moment: int) -> None:
        self.data = data
        self.moment = moment
        self.work = 0
        self.calls_of_chance = 0
        self.variables: list[tuple[str, _Value]] = [("$", data)]
        self.output: list[bytes] = []

    def apply(self, template: tuple[_Node, ...]) -> bytes:
        self.walk(template, self.data)
        return b"".join(self.output)

    def walk(self, nodes: tuple[_Node, ...], dot: _Value) -> None:
        for node in nodes:
            match node:
                case bytes():
                    self.write(node)
                case _Pipeline():
                    value = self.pipeline(node, dot)
                    if not node.variable:
                        self.write(b"<no value>" if value is None else _text(value))
                case _Branch():
                    scope = len(self.variables)
                    value = self.pipeline(node.condition, dot)
                    if value:
                        self.walk(node.body, value if node.moves_dot else dot)
                    else:
                        self.walk(node.otherwise, dot)
                    del self.variables[scope:]

    def write(self, piece: bytes) -> None:
        self.charge(piece)
        self.output.append(piece)

    def charge(self, *values: _Value) -> None:
        """Count the work that these values make. Raises `UndeterminedFilterError`."""
        for value in values:
            size = len(value) if isinstance(value, bytes) else 8
            if isinstance(value, dict):
                size = sum(map(len, value.values()))
            self.work += 1 + size
            if size > _MAX_VALUE or self.work > _MAX_WORK:
                raise _undetermined("its values grow too large")

    def pipeline(self, pipeline: _Pipeline, dot: _Value) -> _Value:
        piped: tuple[_Value, ...] = ()
        for command in pipeline.commands:
            piped = (self.command(command, dot, piped),)
        (value,) = piped  # the parser lets no empty pipeline through
        if pipeline.declares:
            self.variables.append((pipeline.variable, value))
        elif pipeline.variable:
            self.variables[self.place(pipeline.variable)] = (pipeline.variable, value)
        return value

    def place(self, variable: str) -> int:
        """Where the innermost variable of that name stands."""
        for index in reversed(range(len(self.variables))):
            if self.variables[index][0] == variable:
                return index
        raise ValueError(f"{_named(variable)} is not defined here")

    def command(
        self, command: tuple[_Operand, ...], dot: _Value, piped: tuple[_Value, ...]
    ) -> _Value:
        first, *arguments = command
        if first.kind == "call" and not first.fields:
            return self.call(first.name, arguments, dot, piped)
        if arguments or piped:
            owner = replace(first, fields=first.fields[:-1])
            if first.fields and self.operand(owner, dot) is None:
                return None  # a field of nothing is nothing, whatever it is given
            raise ValueError("an argument is given to something that is no function")
        if first.kind == "nil":
            raise ValueError("`nil` is not a command")
        return self.operand(first, dot)

    def operand(self, operand: _Operand, dot: _Value) -> _Value:
        match operand.kind:
            case "dot":
                value = dot
            case "variable":
                value = self.variables[self.place(operand.name)][1]
            case "call":
                value = self.call(operand.name, [], dot, ())
            case "pipeline":
                assert operand.pipeline is not None
                value = self.pipeline(operand.pipeline, dot)
            case _:
                value = operand.value
        for name in operand.fields:
            if isinstance(value, dict):
                value = value.get(name)
            elif value is not None:
                raise ValueError(f"{_named(name)} is asked of a value that has no fields")
        return value

    def call(
        self, name: str, arguments: list[_Operand], dot: _Value, piped: tuple[_Value, ...]
    ) -> _Value:
        function = _FUNCTIONS[name]
        types = function.types(len(arguments) + len(piped))
        if types is None:
            raise ValueError(f"`{name}` is given the wrong number of arguments")
        values = []
        for argument, kind in zip(arguments, types, strict=False):
            value = self.argument(argument, kind, dot, name)
            if name in ("and", "or") and bool(value) == (name == "or"):
                return value  # the rest is not even evaluated
            values.append(value)
        for value in piped:
            values.append(_typed(value, types[-1], name))
        self.charge(*values)
        result = function.call(self, *values)
        self.charge(result)
        return result

    def argument(self, operand: _Operand, kind: str, dot: _Value, name: str) -> _Value:
        value = self.operand(operand, dot)
        if operand.kind != "constant" or operand.fields:
            return _typed(value, kind, name)
        # A constant has no type of its own: `3.0` will do where an integer is needed.
        if kind == "i" and isinstance(value, float) and value.is_integer():
            return int(value)
        return _typed(value, kind, name)

    def chance(self, length: int) -> str:
        """Stands for random hexadecimal digits: others in every run and at every call."""
        self.calls_of_chance += 1
        seed = self.data["key"] + b"%d" % self.calls_of_chance
        return hashlib.shake_256(seed).hexdigest(length)[:length]


def _typed(value: _Value, kind: str, name: str) -> _Value:
    """The value if a parameter of that kind takes it: `s` a string, `i` an integer, `a` all."""
    if kind == "s" and not isinstance(value, bytes):
        raise ValueError(f"`{name}` needs a string")
    if kind == "i" and type(value) is not int:
        raise ValueError(f"`{name}` needs an integer")
    return value


def _text(value: _Value) -> bytes:
    """The value as Go's `%v` prints it."""
    match value:
        case bytes():
            return value
        case None:
            return b"<nil>"
        case bool():
            return b"true" if value else b"false"
        case float():
            raise _undetermined("fractions are not printed")
        case dict():
            pairs = (name.encode() + b":" + value[name] for name in sorted(value))
            return b"map[" + b" ".join(pairs) + b"]"
        case _:
            return b"%d" % value


# --- Functions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Function:
    """A function and its parameters: `s` a string, `i` an integer, `a` anything, `a*` any number.

    It is called with the run it works in, for the clock and for chance, and with the values.
    """

    parameters: str
    call: Callable[..., _Value]

    def types(self, count: int) -> str | None:
        """One letter for each of so many arguments; None if it does not take so many."""
        fixed = self.parameters.removesuffix("a*")
        if fixed == self.parameters:
            return fixed if count == len(fixed) else None
        return fixed + "a" * (count - len(fixed)) if count >= len(fixed) else None


def _pure(parameters: str, call: Callable[..., _Value]) -> _Function:
    return _Function(parameters, lambda _run, *values: call(*values))


def _sprint(*values: _Value) -> bytes:
    """`fmt.Sprint`: a space between two operands when neither is a string."""
    pieces: list[bytes] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, bytes) and not isinstance(values[index - 1], bytes):
            pieces.append(b" ")
        pieces.append(_text(value))
    return b"".join(pieces)


def _sprintln(*values: _Value) -> bytes:
    return b" ".join(map(_text, values)) + b"\n"


def _sprintf(layout: bytes, *values: _Value) -> bytes:
    rest = list(reversed(values))

    def formatted(match: re.Match[bytes]) -> bytes:
        if match[0] == b"%%":
            return b"%"
        verb, precision = match["verb"], match["precision"]
        if not rest:
            raise _undetermined("it gives `printf` less than is printed")
        value = rest.pop()
        if isinstance(value, bytes):
            if verb in (b"s", b"v"):
                return _first_characters(value, int(precision)) if precision else value
            if verb == b"q" and not precision:
                return _quoted(value)
        elif not precision and (verb == b"v" or (verb == b"d" and type(value) is int)):
            return _text(value)
        raise _undetermined("it uses `printf` in a way that is not evaluated")

    result = _PRINTF_VERB.sub(formatted, layout)
    if rest:
        raise _undetermined("it gives `printf` more than is printed")
    return result


_PRINTF_VERB = re.compile(rb"%(?:\.(?P<precision>[0-9]{1,4}))?(?P<verb>.?)", re.DOTALL)


def _quoted(text: bytes) -> bytes:
    if not text.isascii() or not text.decode().isprintable():
        raise _undetermined("it quotes characters that are not printable ASCII")
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _first_characters(text: bytes, count: int) -> bytes:
    return text.decode("utf-8", "surrogateescape")[:count].encode("utf-8", "surrogateescape")


def _shown(*values: _Value) -> bytes:
    """What `html`, `js` and `urlquery` make of their arguments before they escape it."""
    return _sprint(*(b"<no value>" if value is None else value for value in values))


def _html(*values: _Value) -> bytes:
    text = _shown(*values)
    for character, entity in _HTML:
        text = text.replace(character, entity)
    return text


# The ampersand comes first, or it would find the others.
_HTML = (
    (b"&", b"&amp;"),
    (b"\0", "\N{REPLACEMENT CHARACTER}".encode()),
    (b'"', b"&#34;"),
    (b"'", b"&#39;"),
    (b"<", b"&lt;"),
    (b">", b"&gt;"),
)


def _js(*values: _Value) -> bytes:
    text = _shown(*values)
    if not text.isascii():
        raise _undetermined("it uses `js` with letters outside ASCII")
    return text.decode().translate(_JS).encode()


_JS = {code: f"\\u{code:04X}" for code in [*range(0x20), *b"<>&="]} | {
    code: f"\\{code:c}" for code in b"\\'\""
}


def _urlquery(*values: _Value) -> bytes:
    return quote_plus(_shown(*values)).encode()


def _len(item: _Value) -> int:
    if isinstance(item, bytes | dict):
        return len(item)
    raise ValueError("`len` is given a value that has no length")


def _index(item: _Value, *names: _Value) -> _Value:
    if item is None:
        raise ValueError("`index` is given nothing")
    for name in names:
        match item, name:
            case dict(), bytes():
                item = item.get(name.decode("utf-8", "replace"))
            case bytes(), _:
                raise _undetermined("it takes a single byte of a string")
            case _:
                raise ValueError("`index` is given something that cannot be indexed so")
    return item


def _slice(item: _Value, *places: _Value) -> bytes:
    numbers = [place for place in places if type(place) is int]
    if isinstance(item, bytes) and len(numbers) == len(places) <= 2:
        start, stop = numbers + [0, len(item)][len(numbers) :]
        if 0 <= start <= stop <= len(item):
            return item[start:stop]
    raise ValueError("`slice` is given something that cannot be cut so")


def _equal(first: _Value, *others: _Value) -> bool:
    if not others:
        raise ValueError("`eq` is given nothing to compare with")
    return any(_equal_pair(first, other) for other in others)


def _equal_pair(first: _Value, other: _Value) -> bool:
    if first is None or other is None:
        return first is other
    if type(first) is not type(other) or isinstance(first, dict):
        raise ValueError("values are compared that cannot be")
    return first == other


def _less(first: _Value, other: _Value) -> bool:
    if isinstance(first, bytes) and isinstance(other, bytes):
        return first < other
    if type(first) is int and type(other) is int:
        return first < other
    if type(first) is float and type(other) is float:
        return first < other
    raise ValueError("values are compared that have no order")


def _random(run: _Run, length: int) -> bytes:
    if length < 0:
        raise ValueError("`random` needs a length")
    if length == 1 or length > _MAX_VALUE:
        raise _undetermined("it asks for too few or too many random characters")
    return run.chance(length).encode()


def _uuid(run: _Run) -> bytes:
    digits = run.chance(32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).encode()


def _truncate(length: int, text: bytes) -> bytes:
    if length <= 0:
        raise ValueError("`truncate` needs a length above 0")
    return text[:length]


def _truncate_sha256(length: int, text: bytes) -> bytes:
    if length <= 8:
        raise ValueError("`truncate_sha256` needs a length above 8")
    if len(text) <= length:
        return text
    return text[: length - 8] + _sha256(text[length - 8 :])[:8]


def _sha256(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _uppercase(text: bytes) -> bytes:
    if not text.isascii():
        raise _undetermined("it uses `uppercase` with letters outside ASCII")
    return text.upper()


def _lowercase(text: bytes) -> bytes:
    return lower_name(text.decode("utf-8", "surrogateescape")).encode()


def _replace(old: bytes, new: bytes, text: bytes) -> bytes:
    if not old and not text.isascii():
        raise _undetermined("it replaces nothing between letters outside ASCII")
    if len(text) + text.count(old) * len(new) > _MAX_VALUE:
        raise _undetermined("its values grow too large")
    return text.replace(old, new)


def _decode_base64(text: bytes) -> bytes:
    # Go skips line breaks, and does not check the unused last bits.
    return base64.b64decode(text.translate(None, b"\r\n"), validate=True)


def _glob(pattern: bytes, text: bytes) -> bool:
    """Whether the text matches; `*` is the only wildcard."""
    start, *parts = pattern.split(b"*")
    if not parts:
        return text == pattern
    if not text.startswith(start):
        return False
    at = len(start)
    for part in parts[:-1]:
        at = text.find(part, at) + len(part)
        if at < len(part):
            return False
    return text[at:].endswith(parts[-1])


_CLOCK = frozenset({"timestamp", "unix_time", "unix_time_millis"})

_FUNCTIONS: dict[str, _Function] = {
    "and": _pure("aa*", lambda *values: values[-1]),
    "base64": _pure("s", base64.b64encode),
    "decode_base64": _pure("s", _decode_base64),
    "decode_hex": _pure("s", binascii.unhexlify),
    "eq": _pure("aa*", _equal),
    "ge": _pure("aa", lambda first, other: not _less(first, other)),
    "glob": _pure("ss", _glob),
    "gt": _pure("aa", lambda first, other: _less(other, first)),
    "hex": _pure("s", binascii.hexlify),
    "html": _pure("a*", _html),
    "index": _pure("aa*", _index),
    "js": _pure("a*", _js),
    "le": _pure("aa", lambda first, other: not _less(other, first)),
    "len": _pure("a", _len),
    "lowercase": _pure("s", _lowercase),
    "lt": _pure("aa", _less),
    "ne": _pure("aa", lambda first, other: not _equal(first, other)),
    "not": _pure("a", lambda value: not value),
    "or": _pure("aa*", lambda *values: values[-1]),
    "print": _pure("a*", _sprint),
    "printf": _pure("sa*", _sprintf),
    "println": _pure("a*", _sprintln),
    "random": _Function("i", _random),
    "replace": _pure("sss", _replace),
    "sha256": _pure("s", _sha256),
    "slice": _pure("aa*", _slice),
    "timestamp": _Function("s", lambda run, layout: b"%b@%d" % (layout, run.moment)),
    "truncate": _pure("is", _truncate),
    "truncate_sha256": _pure("is", _truncate_sha256),
    "unix_time": _Function("", lambda run: b"%d" % run.moment),
    "unix_time_millis": _Function("", lambda run: b"%d000" % run.moment),
    "uppercase": _pure("s", _uppercase),
    "urlquery": _pure("a*", _urlquery),
    "uuid": _Function("", _uuid),
}
