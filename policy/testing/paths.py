"""Strategies for path patterns, and for the paths at which a mistake about them would show."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

__all__ = ["REALISTIC", "TINY", "neighbourhood", "paths_near", "patterns", "patterns_near"]

TINY = ("a", "b", "ab")
"""Three segments, one of them the start of another: patterns made of these collide a lot."""

REALISTIC = (
    "secret",
    "data",
    "metadata",
    "team-a",
    "team",
    "prod",
    "prod-eu",
    "db_config",
    "v1.2",
    "Ops",
)
"""Segments as people write them, some of them the start of others."""

_ENDINGS = ("", "", "*", "/", "/*", "/+", "/+/*")
_ODD = (
    "",
    "*",
    "+",
    "/",
    "//a",
    "+/",
    "+/*",
    "a+",
    "+a",
    "a+b",
    "a+/b*",
    "a/+b",
    "a/+b*",
    "a/+b/+",
    "a*b",
    "a/*/b",
    "a**",
    "a/b/**",
    "a//b",
    "a/+/",
    "a/+//*",
    "+/+/+",
    "+/é/+",
    "é*",
    "a b",
    "a?b",
    "a%2fb",
    "A",
)


def patterns(
    segments: Sequence[str] = TINY, *, max_segments: int = 4, odd: bool = True
) -> SearchStrategy[str]:
    """Path patterns as they stand in a `path` label: exact, `a/*` and `a/+/b`.

    With `odd`, one in ten is a shape that is easy to get wrong, such as `a+b`, `a/+b` or `a**`.
    None of them holds `+*`, which every server refuses.
    """
    body = st.lists(
        st.sampled_from((*segments, *segments, "+")), min_size=1, max_size=max_segments
    ).map("/".join)
    lead = st.sampled_from(("",) * 9 + ("/",))
    regular = st.builds(_joined, lead, body, st.sampled_from(_ENDINGS))
    if not odd:
        return regular
    return st.integers(0, 9).flatmap(lambda n: st.sampled_from(_ODD) if n == 9 else regular)


def _joined(lead: str, body: str, ending: str) -> str:
    joined = lead + body + ending
    # `a/+` with the ending `*` would be `+*`.
    return joined[:-1] if "+*" in joined else joined


@st.composite
def patterns_near(draw: st.DrawFn, others: Sequence[str], segments: Sequence[str] = TINY) -> str:
    """A pattern that is one step away from one of `others`: wider, narrower, or beside it."""
    pattern = draw(st.sampled_from(others))
    parts = pattern.removesuffix("*").split("/")
    index = draw(st.integers(0, len(parts) - 1))
    match draw(st.sampled_from(("same", "plus", "literal", "open", "close", "cut", "slash"))):
        case "plus":
            parts[index] = "+"
        case "literal":
            parts[index] = draw(st.sampled_from(segments))
        case "open":
            return _joined("", "/".join(parts[: index + 1]), draw(st.sampled_from(("*", "/*"))))
        case "close":
            return "/".join(parts)
        case "cut":
            parts = parts[: index + 1]
        case "slash":
            return pattern.removesuffix("/") if pattern.endswith("/") else pattern + "/"
        case _:
            return pattern
    return _joined("", "/".join(parts), "*" if pattern.endswith("*") else "")


def neighbourhood(
    patterns: Iterable[str], *, fillers: Sequence[str] = ("zz", ""), limit: int = 400
) -> tuple[str, ...]:
    """Paths at and around the borders of `patterns`, in a fixed order, at most `limit` of them.

    Every pattern is filled in (`+` with the literal segments of all patterns and with
    `fillers`, a final `*` with nothing and with a tail), and each result is bent in the ways
    that change which rule wins: with and without a final slash, a character or a segment more
    or less, the pattern taken literally. Templates are left as they stand.
    """
    return _neighbourhood(tuple(patterns), tuple(fillers), limit)


@lru_cache(maxsize=128)
def _neighbourhood(
    patterns: tuple[str, ...], fillers: tuple[str, ...], limit: int
) -> tuple[str, ...]:
    given = [pattern.removeprefix("/") for pattern in patterns]
    literal = dict.fromkeys(
        part.removesuffix("*") for pattern in given for part in pattern.split("/")
    )
    words = [*(word for word in literal if word not in ("", "+"))][:4] + list(fillers)
    by_pattern = [list(_around(pattern, words)) for pattern in given]
    # Turn by turn, so that the limit cuts every pattern alike.
    found: dict[str, None] = {}
    for turn in range(max(map(len, by_pattern), default=0)):
        found.update(dict.fromkeys(paths[turn] for paths in by_pattern if turn < len(paths)))
        if len(found) >= limit:
            break
    return tuple(found)[:limit]


def _around(pattern: str, words: Sequence[str]) -> Iterable[str]:
    for word in words:
        for offset in range(2 if pattern.count("+") > 1 else 1):
            filled = _filled(pattern, words, words.index(word), offset)
            stem = filled.removesuffix("*")
            yield from (stem, stem.removesuffix("/"), stem.rstrip("/") + "/")
            yield from (stem + "b", stem[:-1], stem.rstrip("/") + "/b", stem + "b/")
            yield from (stem.rpartition("/")[0], stem + "a/b/c", filled, "/" + stem)
    yield pattern


def _filled(pattern: str, words: Sequence[str], first: int, step: int) -> str:
    parts = pattern.split("/")
    at = first
    for index, part in enumerate(parts):
        if part == "+":
            parts[index] = words[at % len(words)]
            at += step
    return "/".join(parts)


def paths_near(
    patterns: Sequence[str], *, fillers: Sequence[str] = ("zz", "")
) -> SearchStrategy[str]:
    """One path at or around the border of one of `patterns`; see `neighbourhood`."""
    return st.sampled_from(neighbourhood(patterns, fillers=fillers))
