"""The server's words for a policy it refuses, made from our own findings.

OpenBao 2.7.2 reports the first problem only, as the parser or the decoder of its HCL library
words it. Where we have no such words, ours stand behind `failed to parse policy: `.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.diagnostics import Severity

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
}


def refusal_text(diagnostics: Sequence[Diagnostic]) -> str:
    """What the server answers to a text with these findings."""
    first = next(d for d in diagnostics if d.severity is Severity.ERROR)
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
    before = diagnostic.source.text[: diagnostic.span.start]
    start = before.rfind('path "')
    if start < 0:
        return None
    end = diagnostic.source.text.find('"', start + 6)
    return diagnostic.source.text[start + 6 : end] if end > 0 else None


def _in_path(diagnostic: Diagnostic, words: str, *, doubled: bool = True) -> str | None:
    path = _path_of(diagnostic)
    if path is None:
        return None
    return f'path "{path}": ' * (2 if doubled else 1) + words


def _unexpected_end(diagnostic: Diagnostic) -> str | None:
    text = diagnostic.source.text
    if diagnostic.labels and text[diagnostic.labels[0].span.start] == "{":
        line, column = diagnostic.source.position(len(text))
        return f"At {line}:{column + 1}: object expected closing RBRACE got: EOF"
    words = text.split()
    if not diagnostic.labels and len(words) == 1:
        line, column = diagnostic.source.position(len(text))
        return (
            f"At {line}:{column + 1}: key '{words[0]}' expected start of object ('{{') "
            "or assignment ('=')"
        )
    return None


def _missing_key(diagnostic: Diagnostic) -> str:
    text = _text_of(diagnostic)
    kind = _TOKENS.get(text[:1], "NUMBER" if text[:1].isdigit() else "IDENT")
    at = _at(diagnostic, diagnostic.span.start)
    return f"{at}: expected: IDENT | STRING | ASSIGN | LBRACE got: {kind}"


def _unknown_key(diagnostic: Diagnostic) -> str | None:
    name = _text_of(diagnostic).strip('"')
    if diagnostic.message.endswith("at the top level"):
        # The library does not know the line of a key at the top.
        return f'1 error occurred:\n\t* invalid key "{name}" on line 0\n\n'
    line = diagnostic.source.position(diagnostic.span.start).line
    words = f'1 error occurred:\n\t* invalid key "{name}" on line {line}\n\n'
    return _in_path(diagnostic, words, doubled=False)


def _unknown_capability(diagnostic: Diagnostic) -> str | None:
    return _in_path(diagnostic, f"invalid capability {_text_of(diagnostic)}")


def _policy_word(diagnostic: Diagnostic) -> str | None:
    return _in_path(diagnostic, f"invalid policy {_text_of(diagnostic)}")


def _wildcards(diagnostic: Diagnostic) -> str | None:
    path = _text_of(diagnostic).strip('"')
    return f'path "{path}": ' * 2 + "invalid use of wildcards ('+*' is forbidden)"


def _invalid_value(diagnostic: Diagnostic) -> str | None:
    if "must be a list" not in diagnostic.message:
        return None
    at = _at(diagnostic, diagnostic.span.start)
    return _in_path(diagnostic, f"{at}: unknown slice type: *ast.LiteralType")


_WORDS: Final = {
    "invalid-policy-word": _policy_word,
    "invalid-value": _invalid_value,
    "invalid-wildcards": _wildcards,
    "missing-key": _missing_key,
    "unexpected-end": _unexpected_end,
    "unknown-capability": _unknown_capability,
    "unknown-key": _unknown_key,
}
