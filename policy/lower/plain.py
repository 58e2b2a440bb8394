"""The fast way for plain text, so that ordinary policies need not wait for the parser.

Nearly every policy is a row of blocks that hold nothing but `capabilities`:

    path "secret/data/app/*" { capabilities = ["read", "list"] }

One regular expression takes such a block whole. What it does not take, up to the next line that
begins a `path` block, goes through the grammar as a text of its own. This way says yes only when
every piece holds; on the slightest doubt it gives up, and the whole text takes the full way, which
also finds the words for errors. A property test holds both ways to the same rules, spans and
findings (`tests/properties/test_fast_and_full_parse_agree.py`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from policy.model import Capability, Pattern, Rule, split_template
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Dialect
    from policy.source import Source
    from policy.syntax import Document

__all__ = ["plain_parts"]

# White space and comments, then: (a block with ("a plain path") and [(plain words)]), then
# something that can only begin the next item. A path is ASCII and has no escapes or `${`, so that
# it means what it says; `+*`, which is an error, is left to the full way. Repetitions are
# possessive: one that could be taken back costs memory for every character of a long text.
_BLOCK = re.compile(
    r"(?:[ \t\n]+|#[^\n\0\ue123\ud800-\udfff]*\n)*+"
    r'(path[ \t]+"((?:[ !#%-*,-\[\]-~]++|\+(?!\*))*+)"[ \t\n]*\{[ \t\n]*'
    r'capabilities[ \t]*=[ \t]*\[([ \t\n]*(?:"[a-z]+"[ \t\n]*(?:,[ \t\n]*|(?=\])))*+)\][ \t\n]*\})'
    r"(?=[ \t\n]*(?:[p#]|\Z))"
)
_WORD = re.compile(r"[a-z]+")
_REST = re.compile(r"(?:[ \t\n]+|#[^\n\0\ue123\ud800-\udfff]*(?:\n|\Z))*+")
_NEXT = re.compile(r"^path\b", re.MULTILINE)
_DENY = frozenset({Capability.DENY})
_MOST_TRIES = 3
_MOST_KEPT = 1_000
_LONGEST_KEPT = 200


def plain_parts(source: Source, dialect: Dialect) -> list[list[Rule] | Document] | None:
    """The text as runs of plain rules and, between them, parsed pieces; None if in doubt."""
    text = source.text
    sets = _capability_sets(dialect.capabilities)
    parts: list[list[Rule] | Document] = []
    offset = 0
    while True:
        rules: list[Rule] = []
        for match in _run(text, offset):
            _, path, words = match.groups()
            capabilities = sets[words]
            if capabilities is None:
                return None
            pattern: Pattern | None = Pattern.compile(path)
            if "{{" in path or "}}" in path:
                if not _is_balanced(path):
                    return None
                pattern = None
            rules.append(Rule(path, pattern, capabilities, Span._make(match.span(1))))
            offset = match.end()
        if rules:
            parts.append(rules)
        rest = _REST.match(text, offset)
        if rest is not None and rest.end() == len(text):
            return parts
        piece = _piece(source, offset)
        if piece is None:
            return None
        document, offset = piece
        parts.append(document)
        if offset == len(text):
            return parts


def _is_balanced(path: str) -> bool:
    try:
        return bool(split_template(path))
    except ValueError:
        return False


def _run(text: str, offset: int) -> Iterator[re.Match[str]]:
    """Plain blocks from `offset` on, as long as one follows directly upon the other."""
    match_at = _BLOCK.match
    while (match := match_at(text, offset)) is not None:
        yield match
        offset = match.end()


def _piece(source: Source, start: int) -> tuple[Document, int] | None:
    """The unusual text from `start` up to a line that begins a block, if it stands for itself."""
    from policy.syntax import parse_part

    for tries, match in enumerate(_NEXT.finditer(source.text, start + 1), 1):
        document = parse_part(source, start, match.start())
        # A `key =` that ends a piece is no end of the text.
        if document is not None and document.dangling is None:
            return document, match.start()
        if tries == _MOST_TRIES:
            return None
    end = len(source.text)
    document = parse_part(source, start, end)
    return None if document is None else (document, end)


class _CapabilitySets(dict[str, "frozenset[Capability] | None"]):
    """The text between the brackets to the set it means; None for a word that is not known.

    Policies say the same few things over and over, so this is kept from text to text.
    """

    def __init__(self, words: frozenset[Capability]) -> None:
        super().__init__()
        self._words = {capability.value: capability for capability in words}

    def __missing__(self, text: str) -> frozenset[Capability] | None:
        found: frozenset[Capability] | None = None
        words = [self._words.get(word) for word in _WORD.findall(text)]
        if None not in words:
            found = frozenset(word for word in words if word is not None)
            if Capability.DENY in found:
                found = _DENY
        if len(text) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[text] = found
        return found


_capability_sets = lru_cache(maxsize=16)(_CapabilitySets)
