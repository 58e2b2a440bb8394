"""The guard over all paths says what the guard of one path says."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from policy.analyze.guarded import guard_node
from policy.analyze.path_map import find
from policy.catalog import Fact, FactKind, Guard, facts
from policy.catalog.entries import Entries
from policy.model import DIALECTS
from tests.analyze.worlds import MOUNTS, NAMESPACES


def paths_of_facts(dialect_name: str) -> list[str]:
    """A path for every fact on every mount of its backend, and paths next to it."""
    random = Random(1)
    found = []
    for fact in facts(DIALECTS[dialect_name]):
        for mount in MOUNTS.mounts:
            if mount.backend != fact.backend:
                continue
            text = mount.path + fact.pattern.replace("+", random.choice(("any", "b", "")))
            bare = text.removesuffix("*")
            found += [bare, bare + "x", bare + "/x", bare[:-1], bare + "/", mount.path[:-1]]
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_fact_is_found_where_the_guard_finds_it(dialect: str) -> None:
    guard = Guard(DIALECTS[dialect], MOUNTS)
    node, _, meanings = guard_node(DIALECTS[dialect], MOUNTS, NAMESPACES)
    paths = paths_of_facts(dialect)
    assert len(paths) > 500
    for path in paths:
        meaning = meanings[find(node, path)]
        assert meaning.protected == guard.root_protected(path), path
        assert meaning.open == guard.unauthenticated(path), path
        assert not meaning.refused
        for namespace in NAMESPACES:
            inner = meanings[find(node, namespace + path)]
            if guard.root_namespace_only(path):
                assert inner.refused
            elif namespace == "ns/" and path.startswith("in/"):
                continue
            else:
                assert (inner.protected, inner.open) == (meaning.protected, meaning.open)


def test_a_longer_entry_hides_a_shorter_one_and_gives_way_to_those_with_plus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The data of today has few such entries; servers of tomorrow may."""
    given = [
        Fact(f"f{at}", FactKind.SUDO, pattern, "pki/", "pki", "router", ("test: made up",))
        for at, pattern in enumerate(
            ("a*", "ab", "ab/c*", "ab/c/d", "x/+/y", "x/z", "+/z/y", "x/z/y/w", "q*", "q")
        )
    ]
    monkeypatch.setattr("policy.analyze.guarded.facts", lambda _: tuple(given))
    guard_node.cache_clear()
    node, _, meanings = guard_node(DIALECTS["vault-2.0"], MOUNTS, ())
    guard_node.cache_clear()
    entries = Entries(given)
    words = ("a", "ab", "abc", "b", "c", "cd", "d", "q", "qq", "w", "x", "y", "z", "")
    for count in (1, 2, 3, 4):
        for parts in product(words, repeat=count):
            path = "/".join(parts)
            found = meanings[find(node, "pki/" + path)].protected
            assert found == entries.find(path), path
