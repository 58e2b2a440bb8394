"""The server's words for a policy it refuses, made from our own findings.

OpenBao 2.7.2 reports the first problem only, as the parser or the decoder of its HCL library
words it. Where we have no such words, ours stand behind `failed to parse policy: `.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.diagnostics import Severity
from policy.server.inputs import go_duration_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.diagnostics import Diagnostic

__all__ = ["refusal_text"]

_PREFIX: Final = "failed to parse policy: "
_TOKENS: Final = {
    "{": "LBRACE",
    "}": "RBRACE",
    "[": "LBRACK",
    "]": "RBRACK",
    ",": "COMMA",
    "=": "ASSIGN",
    ".": "PERIOD",
    '"': "STRING",
    "+": "ADD",
    "-": "SUB",
    "<": "HEREDOC",
}
_JSON_TOKENS: Final = {":": "COLON", "null": "NULL"}
_NODES: Final = {
    "a list": "*ast.ListType",
    "a block": "*ast.ObjectType",
    "a map": "*ast.ObjectType",
    "an object": "*ast.ObjectType",
}
_LAST_WORD: Final = re.compile(r"[\w.-]+\Z")
_LAST_WORDS: Final = re.compile(r"[^\s{}=\[\],]+(?:\s+[^\s{}=\[\],]+)*\s*\Z")
_COMMENT: Final = re.compile(r"^[^\"\n]*?(?:#|//)[^\n]*", re.MULTILINE)
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*(?P<end>"|\n|\Z)')
_LABEL: Final = re.compile(r"""(?:\bpath\s+|"path"\s*:\s*\{\s*|\},\s*)"([^"\n]*)"\s*[:{]""")
_TTL: Final = re.compile(r"`(m\w\w_wrapping_ttl)`( must be seconds or a duration)?")
_MUST_BE: Final = re.compile(
    r"(?P<element>an element of )?`(?P<key>\w+)` must be (?P<wanted>[^,]+), not (?P<given>.+)"
)
_FIELDS: Final = {"capabilities": "Capabilities", "policy": "Policy"}
"""How the library names two of the keys: by the field they go to."""


def refusal_text(diagnostics: Sequence[Diagnostic]) -> str:
    """What the server answers to a text with these findings."""
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    first = errors[0]
    if first.code == "unknown-key":
        text = _unknown_keys([error for error in errors if error.code == "unknown-key"])
    else:
        words = _WORDS.get(first.code)
        text = None if words is None else words(first)
    return _PREFIX + (text if text is not None else _own_words(first))


def _at(diagnostic: Diagnostic, offset: int) -> str:
    line, column = diagnostic.source.position(offset)
    return f"At {line}:{column}"


def _own_words(diagnostic: Diagnostic) -> str:
    return f"{_at(diagnostic, diagnostic.span.start)}: {diagnostic.message.replace('`', chr(39))}"


def _text_of(diagnostic: Diagnostic) -> str:
    return diagnostic.source.text[diagnostic.span.start : diagnostic.span.end]


def _path_of(diagnostic: Diagnostic) -> str | None:
    """The path of the block a finding lies in: the last label before it, as it is written."""
    labels = _LABEL.findall(diagnostic.source.text[: diagnostic.span.start])
    return str(labels[-1]) if labels else None


def _in_path(diagnostic: Diagnostic, words: str, *, doubled: bool = True) -> str | None:
    path = _path_of(diagnostic)
    if path is None:
        return None
    return f'path "{path}": ' * (2 if doubled else 1) + words


def _end(diagnostic: Diagnostic, further: int = 0) -> str:
    """Where the library's scanner believes the text to end: behind a word one too far, and behind
    a number two."""
    text = diagnostic.source.text
    line, column = diagnostic.source.position(len(text))
    word = _LAST_WORD.search(text)
    if word is not None:
        column += 2 if word[0].lstrip("-")[:1].isdigit() else 1
    return f"At {line}:{column + further}"


def _unexpected_end(diagnostic: Diagnostic) -> str | None:
    text = diagnostic.source.text
    opened = text[diagnostic.labels[0].span.start] if diagnostic.labels else ""
    if opened == "[":
        if text.rstrip()[-1:] in ("[", ","):
            return f"{_end(diagnostic)}: unexpected token while parsing list: EOF"
        return f"{_end(diagnostic)}: error parsing list, expected comma or list end, got: EOF"
    plain = _COMMENT.sub("", text)
    rest = _LAST_WORDS.search(plain)
    words = rest[0].split() if rest is not None else []
    if rest is not None and plain[: rest.start()].rstrip()[-1:] == "=":
        words = words[1:]
    if words:
        name = " ".join(words)
        return (
            f"{_end(diagnostic)}: key '{name}' expected start of object ('{{') or assignment ('=')"
        )
    if opened == "{":
        return f"{_end(diagnostic, 1)}: object expected closing RBRACE got: EOF"
    return None


def _unterminated_comment(diagnostic: Diagnostic) -> str:
    line, column = diagnostic.source.position(len(diagnostic.source.text))
    return f"At {line}:{column}: comment not terminated"


def _unterminated_string(diagnostic: Diagnostic) -> str:
    """The scanner goes on in the next line, and the last string without an end is reported."""
    text, at, last = diagnostic.source.text, diagnostic.span.start, diagnostic.span.end
    while (found := _STRING.search(text, at)) is not None:
        if found["end"] != '"':
            last = found.start("end")
        at = max(found.end(), at + 1)
    line, column = diagnostic.source.position(last)
    return f"At {line}:{column}: literal not terminated"


def _heredoc(diagnostic: Diagnostic) -> str | None:
    text = diagnostic.source.text
    if "\n" in text[diagnostic.span.start :] and "not closed" not in diagnostic.message:
        return None
    line, column = diagnostic.source.position(len(text))
    return f"At {line}:{column}: heredoc not terminated"


def _token_of(diagnostic: Diagnostic) -> str:
    """The scanner's word for the token at a finding."""
    text = _text_of(diagnostic)
    if re.match(r"-?\.?[0-9]", text):
        return "FLOAT" if set(text) & set(".eE") and not text.startswith("0x") else "NUMBER"
    if text[:1] in _TOKENS:
        return _TOKENS[text[:1]]
    if text in ("true", "false"):
        return "BOOL"
    return "IDENT"


def _missing_key(diagnostic: Diagnostic) -> str:
    kind = _token_of(diagnostic)
    if diagnostic.source.is_json:
        return f"expected: STRING got: {_JSON_TOKENS.get(_text_of(diagnostic), kind)}"
    at = _at(diagnostic, diagnostic.span.start)
    before = diagnostic.source.text[: diagnostic.span.start].rstrip()
    if kind == "ASSIGN" and (not before or before[-1] in '{}"]'):
        return f"{at}: no object keys found!"
    if kind == "LBRACE":
        return f"{at}: expected: IDENT | STRING got: LBRACE"
    return f"{at}: expected: IDENT | STRING | ASSIGN | LBRACE got: {kind}"


def _key_before(diagnostic: Diagnostic) -> str | None:
    """The complaint about a key that a closing brace follows."""
    before = diagnostic.source.text[: diagnostic.span.start]
    words = _LAST_WORDS.search(before)
    if words is None:
        return None
    name = " ".join(words[0].split())
    if before[: words.start()].rstrip()[-1:] == "=":
        # A number with a unit: the number is the value, and the unit is taken for the next key.
        name = re.sub(r"^(0x[0-9a-fA-F]+|[0-9.]+)", "", name)
    return f"key '{name}' expected start of object ('{{') or assignment ('=')"


def _missing_value(diagnostic: Diagnostic) -> str | None:
    if "is followed by" not in diagnostic.message:
        return None
    at = _at(diagnostic, diagnostic.span.start)
    if _token_of(diagnostic) == "RBRACE":
        key = _key_before(diagnostic)
        if key is not None:
            return f"{at}: {key}"
    return f"{at}: expected: IDENT | STRING | ASSIGN | LBRACE got: {_token_of(diagnostic)}"


def _missing_body(diagnostic: Diagnostic) -> str:
    at, kind = _at(diagnostic, diagnostic.span.start), _token_of(diagnostic)
    if kind == "RBRACE":
        key = _key_before(diagnostic)
        if key is not None:
            return f"{at}: {key}"
    return f"{at}: nested object expected: LBRACE got: {kind}"


def _missing_comma(diagnostic: Diagnostic) -> str:
    at = _at(diagnostic, diagnostic.span.start)
    return f"{at}: error parsing list, expected comma or list end, got: {_token_of(diagnostic)}"


def _not_a_value(diagnostic: Diagnostic) -> str:
    token, text = _token_of(diagnostic), _text_of(diagnostic)
    at = _at(diagnostic, diagnostic.span.start)
    before = diagnostic.source.text[: diagnostic.span.start].rstrip()
    if diagnostic.source.is_json:
        token = _JSON_TOKENS.get(text, token)
        if before[-1:] in ("[", ","):
            return f"unexpected token while parsing list: {token}"
        return f"Expected object value, got unknown token: {at.removeprefix('At ')} {token} {text}"
    if before[-1:] in ("[", ","):
        return f"{at}: unexpected token while parsing list: {token}"
    return f"{at}: Unknown token: {at.removeprefix('At ')} {token} {text}"


def _illegal_character(diagnostic: Diagnostic) -> str:
    at = _at(diagnostic, diagnostic.span.start)
    text = _text_of(diagnostic)
    if diagnostic.source.is_json and text.isascii() and text.isalnum():
        return f"{at.removeprefix('At ')}: illegal char"
    if text == "/":
        return f"{at}: expected '/' for comment"
    if text == "\0":
        return f"{at}: unexpected null character (0x00)"
    if text in ("+", "-", ".") and not diagnostic.source.is_json:
        # A token of its own, which fits nowhere.
        before = diagnostic.source.text[: diagnostic.span.start].rstrip()[-1:]
        if before == "=":
            return f"{at}: Unknown token: {at.removeprefix('At ')} {_TOKENS[text]} {text}"
        if before in ("[", ","):
            return f"{at}: unexpected token while parsing list: {_TOKENS[text]}"
        return f"{at}: expected: IDENT | STRING | ASSIGN | LBRACE got: {_TOKENS[text]}"
    return f"{at}: illegal char"


def _illegal_escape(diagnostic: Diagnostic) -> str | None:
    """The scanner stops behind what it cannot read."""
    if diagnostic.source.is_json:
        return None
    # An octal escape may go on behind its first digit.
    start = diagnostic.span.start
    is_octal = diagnostic.source.text[start + 1 : start + 2] in tuple("01234567")
    return f"{_at(diagnostic, start + (2 if is_octal else 1))}: illegal char escape"


def _malformed_number(diagnostic: Diagnostic) -> str | None:
    text = _text_of(diagnostic)
    if diagnostic.source.is_json:
        at = _at(diagnostic, diagnostic.span.start + 1).removeprefix("At ")
        return f"{at}: numbers cannot start with 0" if text.startswith("0") else None
    if text[:2] in ("0x", "0X"):
        kind = "hexadecimal"
    elif text[:1] == "0":
        kind = "octal"
    else:
        return f"{_at(diagnostic, diagnostic.span.start)}: illegal char"
    return f"{_at(diagnostic, diagnostic.span.end)}: illegal {kind} number"


def _missing_colon(diagnostic: Diagnostic) -> str | None:
    text = _text_of(diagnostic)
    return f"expected: STRING got: {_TOKENS[text]}" if text in _TOKENS else None


def _unbalanced(diagnostic: Diagnostic) -> str:
    path = _text_of(diagnostic).strip('"')
    return f'path "{path}": failed to validate policy templating: unbalanced templating characters'


def _no_block(diagnostic: Diagnostic) -> str | None:
    match = re.search(r"not (a \w+)$", diagnostic.message)
    if match is None:
        return None
    node = _NODES.get(match[1], "*ast.LiteralType")
    before = diagnostic.source.text[: diagnostic.span.start]
    labels = re.findall(r'path\s+"([^"]*)"\s*=?\s*$', before)
    return f'path "{labels[0] if labels else "path"}": cannot check HCL keys of type {node}'


def _unknown_keys(diagnostics: Sequence[Diagnostic]) -> str | None:
    """Every unknown key of one block, in one list."""
    first = diagnostics[0]
    at_top = first.message.endswith("at the top level")
    names = []
    for diagnostic in diagnostics:
        if diagnostic.message.endswith("at the top level") == at_top and (
            at_top or _path_of(diagnostic) == _path_of(first)
        ):
            line = diagnostic.source.position(diagnostic.span.start).line
            rest = diagnostic.source.text[diagnostic.span.end :].lstrip()
            # The library does not know the line of a block at the top, only that of a value.
            if at_top and not rest.startswith("=") and not diagnostic.source.is_json:
                line = 0
            names.append(f'* invalid key "{_text_of(diagnostic).strip(chr(34))}" on line {line}')
    count = "1 error" if len(names) == 1 else f"{len(names)} errors"
    words = f"{count} occurred:\n\t" + "\n\t".join(names) + "\n\n"
    return words if at_top else _in_path(first, words, doubled=False)


def _unknown_capability(diagnostic: Diagnostic) -> str | None:
    word = _text_of(diagnostic).strip('"')
    return _in_path(diagnostic, f'invalid capability "{word}"')


def _policy_word(diagnostic: Diagnostic) -> str | None:
    word = _text_of(diagnostic).strip('"')
    return _in_path(diagnostic, f'invalid policy "{word}"')


def _wildcards(diagnostic: Diagnostic) -> str | None:
    path = _text_of(diagnostic).strip('"')
    return f'path "{path}": ' * 2 + "invalid use of wildcards ('+*' is forbidden)"


def _invalid_value(diagnostic: Diagnostic) -> str | None:
    ttl = _TTL.match(diagnostic.message)
    if ttl is not None:
        return _bad_ttl(diagnostic, ttl[1], is_text=ttl[2] is None)
    match = _MUST_BE.fullmatch(diagnostic.message)
    if match is None:
        return None
    key, wanted = match["key"], match["wanted"]
    at = "At -" if diagnostic.source.is_json else _at(diagnostic, diagnostic.span.start)
    node = _NODES.get(match["given"], "*ast.LiteralType")
    field = f"root.{_FIELDS.get(key, key)}"
    if match["element"]:
        text = _element_number(diagnostic)
        words = f"{at}: {field}[{text}]: unknown type for string {node}"
    elif wanted.startswith("a list"):
        words = f"{at}: unknown slice type: {node}"
    elif wanted.startswith("a string"):
        words = f"{at}: {field}: unknown type for string {node}"
    elif wanted.startswith("an integer"):
        words = f"{at}: {field}: unknown type {node}"
    elif wanted.startswith("a map"):
        words = f"{at}: {field}: not an object type for map ({node})"
    else:
        return None
    return _in_path(diagnostic, words)


def _bad_ttl(diagnostic: Diagnostic, key: str, *, is_text: bool) -> str | None:
    words = "could not parse duration from input"
    if is_text:
        text = _text_of(diagnostic)
        if not (text.startswith('"') and text.endswith('"')) or "\\" in text:
            return None
        words = go_duration_error(text.strip('"'))
    return _in_path(diagnostic, f"error parsing {key}: {words}", doubled=False)


def _expiration(diagnostic: Diagnostic) -> str | None:
    words = "invalid expiration time: could not parse string as date and time"
    return _in_path(diagnostic, words)


def _broken_item(diagnostic: Diagnostic) -> str | None:
    """`key = }`: the library stops at the bracket."""
    text = diagnostic.source.text
    match = re.compile(r"[^=\[\n]*=\s*\}").match(text, diagnostic.span.start)
    if match is None:
        return None
    at = _at(diagnostic, match.end() - 1)
    return f"{at}: Unknown token: {at.removeprefix('At ')} RBRACE }}"


def _element_number(diagnostic: Diagnostic) -> int:
    """Which element of its list a finding is about; commas in strings are rare enough."""
    before = diagnostic.source.text[: diagnostic.span.start]
    return before[before.rfind("[", 0, len(before)) + 1 :].count(",")


_WORDS: Final = {
    "broken-item": _broken_item,
    "illegal-character": _illegal_character,
    "illegal-escape": _illegal_escape,
    "invalid-expiration": _expiration,
    "invalid-policy-word": _policy_word,
    "invalid-utf-8": _illegal_character,
    "invalid-value": _invalid_value,
    "invalid-wildcards": _wildcards,
    "malformed-heredoc": _heredoc,
    "malformed-number": _malformed_number,
    "missing-body": _missing_body,
    "missing-colon": _missing_colon,
    "missing-comma": _missing_comma,
    "missing-key": _missing_key,
    "missing-value": _missing_value,
    "not-a-value": _not_a_value,
    "path-without-block": _no_block,
    "unbalanced-template": _unbalanced,
    "unexpected-end": _unexpected_end,
    "unknown-capability": _unknown_capability,
    "unterminated-comment": _unterminated_comment,
    "unterminated-string": _unterminated_string,
}
