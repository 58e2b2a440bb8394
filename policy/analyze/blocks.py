"""The pieces of one node as people see them: a background, and inside it beginnings and literals.

A node knows intervals of the byte order. Here they become nested blocks: all segments, those that
begin with a text, a single one. The innermost block a segment lies in tells what holds for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from policy.analyze.path_map import after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.analyze.path_map import Node

__all__ = ["Block", "Word", "blocks"]


class Word(NamedTuple):
    """One segment of a path: the text itself or, if open, anything that begins with it."""

    text: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Block:
    """What holds for the segments of `word` that lie in no block `inside`."""

    word: Word
    end: int
    rest: Node
    inside: tuple[Block, ...] = ()

    @property
    def value(self) -> tuple[int, Node]:
        """End and rest."""
        return self.end, self.rest


class _Piece(NamedTuple):
    start: str
    stop: str | None
    end: int
    rest: Node

    @property
    def is_single(self) -> bool:
        return self.stop == self.start + "\0"


def blocks(node: Node) -> Block:
    """The block of all segments."""
    stops = (*node.breaks[1:], None)
    pieces = [
        _Piece(*piece) for piece in zip(node.breaks, stops, node.ends, node.rests, strict=True)
    ]
    return _block("", None, pieces, frozenset(node.breaks))


def _block(prefix: str, stop: str | None, pieces: list[_Piece], breaks: frozenset[str]) -> Block:
    """The block of the segments from `prefix` up to `stop`, all of which begin with it."""
    inside: list[Block] = []
    gaps: list[_Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if piece.start != prefix and _is_beginning(pieces, at, breaks, stop):
            end = after(piece.start)
            if end is None or (stop is not None and end > stop):
                end = stop
            own, at = _cut(pieces, at, end)
            inside.append(_block(piece.start, end, own, breaks))
            continue
        if piece.is_single:
            inside.append(Block(Word(piece.start, False), piece.end, piece.rest))
        else:
            gaps.append(piece)
        at += 1
    weights = Counter({(piece.end, piece.rest): 0 for piece in gaps})
    for piece in gaps:
        weights[piece.end, piece.rest] += 2
    for block in inside:
        weights[block.value] += 1
    # Of equally frequent ones the first, so that the answer is the same in every run.
    background = max(weights, key=lambda value: weights[value])
    for piece in gaps:
        if (piece.end, piece.rest) != background:
            inside += _cover(piece)
    inside = [kept for block in inside for kept in _against(block, background)]
    inside.sort(key=lambda block: block.word.text)
    return Block(Word(prefix, True), *background, tuple(inside))


def _is_beginning(pieces: list[_Piece], at: int, breaks: frozenset[str], outer: str | None) -> bool:
    """Whether a piece starts a block of all that begins like it."""
    start, stop = pieces[at].start, pieces[at].stop
    end = after(start)
    if end is None or end in breaks or end == outer:
        return True
    if pieces[at].is_single:
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        return following is not None and (following.stop or "").startswith(start)
    return stop is not None and stop.startswith(start)


def _cut(pieces: list[_Piece], at: int, end: str | None) -> tuple[list[_Piece], int]:
    """The pieces from `at` up to `end`; the one that goes on behind it is divided."""
    own: list[_Piece] = []
    while at < len(pieces) and (end is None or pieces[at].start < end):
        piece = pieces[at]
        if end is not None and (piece.stop is None or piece.stop > end):
            own.append(piece._replace(stop=end))
            pieces[at] = piece._replace(start=end)
            break
        own.append(piece)
        at += 1
    return own, at


def _cover(piece: _Piece) -> Iterator[Block]:
    """Beginnings and literals that make up an interval."""
    start, stop = piece.start, piece.stop
    while stop is None or start < stop:
        end = after(start)
        if end is None and stop is None:
            yield Block(Word(start, True), piece.end, piece.rest)
            return
        if end is not None and (stop is None or end <= stop):
            yield Block(Word(start, True), piece.end, piece.rest)
            start = end
        else:
            yield Block(Word(start, False), piece.end, piece.rest)
            start += "\0"


def _against(block: Block, background: tuple[int, Node]) -> tuple[Block, ...]:
    """The block, or only what is inside where the block itself is as its surroundings."""
    return block.inside if block.value == background else (block,)
