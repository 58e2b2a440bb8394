"""A tiny world in which every path can be tried: three letters, the slash, and short paths."""

from __future__ import annotations

from itertools import product
from typing import Final

from hypothesis import strategies as st

from policy.analyze import PathSet
from policy.model import Pattern

LETTERS: Final = ("a", "b", "/")
PATHS: Final = tuple(
    "".join(letters) for length in range(7) for letters in product(LETTERS, repeat=length)
)
"""Every path of up to six characters, those with empty segments included."""


def _refused(text: str) -> bool:
    return "+*" in text


segments = st.sampled_from(["", "a", "b", "ab", "ba", "+", "+", "a+", "aa"])
pattern_texts = st.builds(
    lambda parts, star: "/".join(parts) + star,
    st.lists(segments, min_size=1, max_size=3),
    st.sampled_from(["", "", "*"]),
).filter(lambda text: not _refused(text) and not text.startswith("/"))
patterns = pattern_texts.map(Pattern.compile)


def _sets(depth: int) -> st.SearchStrategy[PathSet]:
    base = st.one_of(
        patterns.map(PathSet.matching),
        st.just(PathSet.everything()),
        st.just(PathSet.nothing()),
    )
    if depth == 0:
        return base
    inner = _sets(depth - 1)
    return st.one_of(
        base,
        st.builds(lambda one, other: one | other, inner, inner),
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one, other: one - other, inner, inner),
        st.builds(lambda one: ~one, inner),
    )


path_sets = _sets(3)


def members(one: PathSet) -> frozenset[str]:
    """By brute force."""
    return frozenset(path for path in PATHS if not path.startswith("/") and path in one)
