"""The index against the plain definition: the best of all patterns that match."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.acl.grant import Grant
from policy.acl.index import PatternIndex
from policy.model import Pattern, PatternKind, byte_text

ALPHABET = ["a", "b", "+", "/", "é", "\U0001f600", "*"]


def grants(paths: list[str]) -> list[Grant]:
    """A grant for each prefix or segment pattern among the paths, equal ones once."""
    patterns = {Pattern.compile(path) for path in paths if "+*" not in path}
    return [Grant(p, 0, None, ()) for p in patterns if p.kind is not PatternKind.EXACT]


def naive(known: list[Grant], path: str) -> Grant | None:
    """The winner by definition: of all that match, the one with the largest rank."""
    matching = [grant for grant in known if grant.pattern.matches(path)]
    return max(matching, key=lambda grant: grant.pattern.rank, default=None)


def naive_all(known: list[Grant], path: str, *, all_prefixes: bool) -> list[Grant]:
    matching = [grant for grant in known if grant.pattern.matches(path)]
    matching.sort(key=lambda grant: grant.pattern.rank, reverse=True)
    prefixes = [grant for grant in matching if grant.pattern.kind is PatternKind.PREFIX]
    hidden = [] if all_prefixes else prefixes[1:]
    return [grant for grant in matching if grant not in hidden]


def agree(known: list[Grant], paths: list[str]) -> None:
    index = PatternIndex(known)
    for path in map(byte_text, paths):
        assert index.find(path) == naive(known, path), path
        for all_prefixes in (False, True):
            found = index.matches(path, all_prefixes=all_prefixes)
            assert found == naive_all(known, path, all_prefixes=all_prefixes), path


def test_no_pattern_at_all() -> None:
    agree([], ["", "a", "a/b"])


def test_every_pattern_of_up_to_four_characters() -> None:
    paths = ["".join(p) for size in range(5) for p in product("a+/*", repeat=size)]
    known = grants(paths)
    assert len(known) > 60
    agree(known, ["".join(p) for size in range(5) for p in product("ab/+", repeat=size)])


pieces = st.lists(st.sampled_from(ALPHABET), max_size=9).map("".join)


@given(st.lists(pieces.map(lambda text: text + "*") | pieces, max_size=25), st.lists(pieces))
def test_any_patterns(patterns: list[str], paths: list[str]) -> None:
    agree(grants(patterns), paths + [text.replace("+", "b") for text in patterns])


@pytest.mark.parametrize("letter", ["a", "é", "\U0001f600", "\udcff"])
def test_many_nested_heads(letter: str) -> None:
    depth = 60
    patterns = [f"{letter * size}*" for size in range(depth)]
    patterns += [f"{letter * size}/+/x" for size in range(0, depth, 3)]
    patterns += [f"{letter * size}/+/*" for size in range(0, depth, 5)]
    paths = [letter * size for size in range(depth + 3)]
    paths += [f"{path}/b/x" for path in paths] + [f"{path}/b/y" for path in paths]
    paths += [path + "z" for path in paths] + ["", "Z", "\U0010ffff"]
    agree(grants(patterns), paths)


def test_more_slashes_than_there_are_levels() -> None:
    patterns = [f"a/+{'/b' * size}{end}" for size in range(20, 40, 3) for end in ("", "/*", "/+")]
    patterns += ["a/*", f"+{'/b' * 30}"]
    paths = [f"{first}/x{'/b' * size}" for size in range(18, 44) for first in ("a", "b")]
    agree(grants(patterns), paths + [path + "/" for path in paths])


def test_random_trees_of_words() -> None:
    choose = random.Random(7)
    words = ["", "a", "ab", "b", "é", "éa", "+", "+a"]
    for _ in range(60):
        patterns = [
            "/".join(choose.choices(words, k=choose.randint(1, 4))) + choose.choice(["", "*", "/*"])
            for _ in range(40)
        ]
        paths = ["/".join(choose.choices(words, k=choose.randint(1, 5))) for _ in range(40)]
        agree(grants(patterns), paths)


def test_the_last_byte_has_no_neighbour_within_a_byte() -> None:
    # The stretch of a head ends where its last byte, counted up by one, would begin.
    agree(grants(["\udcff*", "a\udcff\udcff*", "a*"]), ["\udcff", "a\udcff", "a\udcff\udcff", "b"])
