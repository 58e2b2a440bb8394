"""A set of paths in the language of patterns: "`secret/data/app/*` except `secret/data/app/db`".

A description is exact. On every level the segments that are not told apart make the background,
which is described with `+`; literal segments and beginnings that differ from it give terms of
their own, for what they add, and exceptions, for what they take away.

One thing has no pattern: "a segment that begins with `b`" in the middle of a path. It is written
`b…`; where the term itself fixes how that segment begins, `+` says the same and stands there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from policy.analyze.blocks import Block, Word, blocks
from policy.analyze.limits import AnalysisLimitError
from policy.analyze.path_map import combine, constant, make, relabel
from policy.model import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.analyze.path_map import Node

__all__ = ["Description", "Term", "describe", "slash_form"]

MAX_TERMS: Final = 20_000
_SHOWN: Final = 4
_ANYTHING: Final = Word("", True)


@dataclass(frozen=True, slots=True)
class Term:
    """The paths of one pattern, except those of other terms."""

    pattern: str
    exceptions: tuple[Term, ...] = ()

    def __str__(self) -> str:
        if not self.exceptions:
            return f"`{self.pattern}`"
        return f"`{self.pattern}` except {_listed(self.exceptions, nested=True)}"


@dataclass(frozen=True, slots=True)
class Description:
    """The union of its terms; no term at all is the empty set."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """The first few terms, and how many more there are."""
        return self.shown(_SHOWN)

    def shown(self, most: int) -> str:
        """As many terms as that, and how many more there are."""
        return _listed(self.terms, most=most) if self.terms else "no path"


def _listed(terms: tuple[Term, ...], *, nested: bool = False, most: int = _SHOWN) -> str:
    words = [
        f"({term})" if term.exceptions and (nested or len(terms) > 1) else str(term)
        for term in terms[:most]
    ]
    if len(terms) > most:
        words.append(f"{len(terms) - most:,} more")
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def describe(node: Node) -> Description:
    """The set of the paths whose number is not 0.

    Raises `AnalysisLimitError` for more than `MAX_TERMS` terms.
    """
    writer = _Writer()
    return Description(tuple(_rendered(draft, ()) for draft in writer.terms(node, ())))


def slash_form(node: Node) -> Node:
    """A set of paths as they are before the slash of a list is appended, with that slash.

    Of the result only paths with a final slash count. Whether the others are members is chosen so
    that the description is short.
    """
    known: dict[Node, Node] = {}

    def go(a: Node) -> Node:
        if a.is_constant:
            return a
        new = known.get(a)
        if new is None:
            rests = [_with_first(go(rest), end) for end, rest in zip(a.ends, a.rests, strict=True)]
            # Of single segments the same is said as of those that no piece tells apart.
            stops = (*a.breaks[1:], None)
            wide = [
                None if stop == start + "\0" else int(rest is constant(1))
                for start, stop, rest in zip(a.breaks, stops, rests, strict=True)
            ]
            ends = [wide[-1] or 0 if end is None else end for end in wide]
            new = known[a] = make(a.breaks, ends, rests)
        return new

    return go(node)


def _with_first(node: Node, end: int) -> Node:
    """`node` with another number for the empty path."""
    breaks, ends, rests = list(node.breaks), list(node.ends), list(node.rests)
    if breaks[1:2] != ["\0"]:
        breaks.insert(1, "\0")
        ends.insert(1, ends[0])
        rests.insert(1, rests[0])
    ends[0] = end
    return make(breaks, ends, rests)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A term before it is text. `is_open`: the last word is only a beginning of what may follow,
    slashes included."""

    words: tuple[Word, ...]
    is_open: bool = False
    exceptions: tuple[_Draft, ...] = field(default=())


def _rendered(draft: _Draft, within: tuple[Word, ...]) -> Term:
    """The draft as text; `within` are the words of the term that it is an exception of."""
    words = []
    last = len(draft.words) - 1
    for at, word in enumerate(draft.words):
        if not word.is_open or (at == last and draft.is_open):
            words.append(word.text)
        elif not word.text or _fixes(within[at : at + 1], word.text):
            words.append("+")
        else:
            words.append(word.text + "\u00e2\u0080\u00a6")  # the dots as byte text
    text = plain_text("/".join(words)) + ("*" if draft.is_open else "")
    exceptions = tuple(_rendered(inner, draft.words) for inner in draft.exceptions)
    return Term(text, exceptions)


def _fixes(outer: tuple[Word, ...], beginning: str) -> bool:
    """Whether the enclosing term lets only segments through that begin so."""
    return bool(outer) and outer[0].text.startswith(beginning)


def _overlap(one: _Draft, other: _Draft) -> bool:
    """Whether two drafts can have a path in common, as far as their words tell."""
    for mine, theirs in zip(one.words, other.words, strict=False):
        if not (
            (mine.is_open and theirs.text.startswith(mine.text))
            or (theirs.is_open and mine.text.startswith(theirs.text))
            or mine.text == theirs.text
        ):
            return False
    return True


class _Writer:
    """Makes drafts; the sum of all of them is bounded."""

    def __init__(self) -> None:
        self._left = MAX_TERMS

    def terms(self, node: Node, words: tuple[Word, ...]) -> Iterator[_Draft]:
        """What the set holds behind the segments `words`."""
        if not node.is_constant:
            yield from self._beyond(blocks(node), 0, constant(0), words)
        elif node.ends[0]:
            yield self._draft((*words, _ANYTHING), is_open=True)

    def _draft(self, words: tuple[Word, ...], *, is_open: bool = False) -> _Draft:
        self._left -= 1
        if self._left < 0:
            raise AnalysisLimitError(f"the set takes more than {MAX_TERMS:,} terms to describe")
        return _Draft(words, is_open)

    def _beyond(
        self, block: Block, end: int, rest: Node, words: tuple[Word, ...]
    ) -> Iterator[_Draft]:
        """What a block holds beyond what the blocks around it say."""
        own_end, own_rest = block.end & ~end, _minus(block.rest, rest)
        own = list(self._own(own_end, own_rest, (*words, block.word)))
        if own:
            # None of it is in the set, so that taking it away from any term is right.
            lost = [
                draft
                for inner in block.inside
                for draft in self._beyond(_lost(inner, own_end, own_rest), 0, constant(0), words)
            ]
            for draft in own:
                kept = tuple(exception for exception in lost if _overlap(exception, draft))
                yield replace(draft, exceptions=draft.exceptions + kept)
        end, rest = end | block.end, combine(block.rest, rest, max)
        for inner in block.inside:
            yield from self._beyond(inner, end, rest, words)

    def _own(self, end: int, rest: Node, words: tuple[Word, ...]) -> Iterator[_Draft]:
        """The terms of all segments of the last word, whatever lies inside."""
        if end and words[-1].is_open and _is_mostly_all(rest):
            missing = self.terms(relabel(rest, lambda one: 1 - one), words)
            yield replace(self._draft(words, is_open=True), exceptions=tuple(missing))
            return
        if end:
            yield self._draft(words)
        yield from self.terms(rest, words)


def _lost(block: Block, end: int, rest: Node) -> Block:
    """What a block lacks of an end and a rest."""
    return Block(
        block.word,
        end & ~block.end,
        _minus(rest, block.rest),
        tuple(_lost(inner, end, rest) for inner in block.inside),
    )


def _is_mostly_all(node: Node) -> bool:
    while not node.is_constant:
        block = blocks(node)
        if not block.end:
            return False
        node = block.rest
    return node.ends[0] == 1


def _minus(one: Node, other: Node) -> Node:
    return combine(one, other, lambda a, b: a & ~b)
