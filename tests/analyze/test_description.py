"""A description, read back, is the set it describes."""

from __future__ import annotations

import pytest
from hypothesis import given

from policy.analyze import PathSet
from policy.analyze.description import Description, Term, slash_form
from policy.analyze.path_map import constant, find, make
from policy.model import Pattern
from tests.analyze.strategies import PATHS, path_sets
from tests.properties.profiles import examples


def matches(pattern: str, path: str) -> bool:
    """The plain definition of a pattern, with `b…` for a segment that begins with `b`."""
    is_open, wanted = pattern.endswith("*"), pattern.removesuffix("*").split("/")
    given = path.split("/")
    if is_open and len(given) > len(wanted):
        given = [*given[: len(wanted) - 1], "/".join(given[len(wanted) - 1 :])]
    if len(given) != len(wanted):
        return False
    last = len(wanted) - 1
    for at, (want, have) in enumerate(zip(wanted, given, strict=True)):
        if is_open and at == last:
            return have.startswith(want)
        if want.endswith("…"):
            if not have.startswith(want[:-1]):
                return False
        elif want not in ("+", have):
            return False
    return True


def holds(term: Term, path: str) -> bool:
    return matches(term.pattern, path) and not any(holds(e, path) for e in term.exceptions)


def said(description: Description, path: str) -> bool:
    return any(holds(term, path) for term in description.terms)


@examples(400)
@given(one=path_sets)
def test_a_description_is_exact(one: PathSet) -> None:
    description = one.describe()
    for path in PATHS:
        if not path.startswith("/"):
            assert said(description, path) is (path in one), (path, str(description))


@examples(200)
@given(one=path_sets)
def test_the_form_with_a_slash_is_exact_for_paths_that_end_in_one(one: PathSet) -> None:
    form = slash_form(one.node)
    for path in PATHS:
        assert find(form, path + "/") == find(one.node, path)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (PathSet.nothing(), "no path"),
        (PathSet.everything(), "`*`"),
        (PathSet.matching("a/*") - PathSet.matching("a/b"), "`a/*` except `a/b`"),
        (PathSet.matching("a/b*") - PathSet.matching("a/+/c"), "`a/b*` except `a/+/c`"),
        (PathSet.matching("a/+/c") & PathSet.matching("a/b*"), "`a/b…/c`"),
        (PathSet.matching("a/+/c") - PathSet.matching("a/b/c"), "`a/+/c` except `a/b/c`"),
        (PathSet.matching("a/b", "a/c/*", "d"), "`a/b`, `a/c/*` and `d`"),
        (~PathSet.matching("a/*"), "`*` except `a/*`"),
        (
            PathSet.matching("a/*") - (PathSet.matching("a/b/*") - PathSet.matching("a/b/c")),
            "`a/*` except (`a/b/*` except `a/b/c`)",
        ),
        (
            PathSet.matching("*") - PathSet.matching("a", "b", "c", "d", "e", "f"),
            "`*` except `a`, `b`, `c`, `d` and 2 more",
        ),
        (
            PathSet.matching("caf\u00e9/*") - PathSet.matching("café/\u00fc"),
            "`café/*` except `café/ü`",
        ),
    ],
)
def test_descriptions_that_people_read(one: PathSet, text: str) -> None:
    assert str(one.describe()) == text


def test_lists_are_described_with_their_slash() -> None:
    listed = PathSet.matching("a", "a/*")
    assert str(PathSet(slash_form(listed.node)).describe()) == "`a/*`"
    assert str(PathSet(slash_form(PathSet.matching("a/+").node)).describe()) == "`a/+/`"
    assert str(PathSet(slash_form(PathSet.matching("a/b*").node)).describe()) == "`a/b*`"


def test_equal_nodes_are_one_object() -> None:
    assert make(["", "a"], [1, 1], [constant(1), constant(1)]) is constant(1)
    assert PathSet.matching(Pattern.compile("a/*")).node is PathSet.matching("a/*", "a/b").node
