"""The short way to the syntax of a plain block is held to the parser."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.lint.plain_item import plain_item
from policy.model import DEFAULT_DIALECT
from policy.source import Source
from policy.syntax import Item, parse
from tests.lint.world import FIXTURES

SPACE = st.sampled_from(["", " ", "\n", "\t", "\n  "])
WORD = st.sampled_from(
    ['"read"', '"list"', '"deny"', '"x"', "read", '"Re"', '"a\\"b"', "1", "# c\n"]
)
PATH = st.sampled_from(
    ['"a"', '"secret/+/*"', '"{{x}}"', '"a b"', '"${x}"', '"\\\\"', '"é"', "a", ""]
)


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """A block that is nearly plain."""

    def space() -> str:
        return draw(SPACE)

    words = draw(st.lists(WORD, max_size=3))
    comma = draw(st.sampled_from([",", ", ", " ,\n", ""]))
    more = draw(st.sampled_from(["", "", "comment = 1", "capabilities = []"]))
    return (
        f"path {space()}{draw(PATH)}{space()}{{{space()}capabilities{space()}={space()}"
        f"[{space()}{comma.join(words)}{space()}]{space()}{more}}}"
    )


def items(text: str) -> tuple[Source, tuple[Item, ...]]:
    """The items of a text that the parser accepts; none of one that it does not."""
    source = Source.of(text, "policy.hcl").normalized
    parsed = parse(source, DEFAULT_DIALECT)
    return source, parsed.document.items if parsed.accepted else ()


@settings(deadline=None)
@given(st.lists(blocks(), min_size=1, max_size=3).map("\n".join))
def test_both_ways_make_the_same_tree(text: str) -> None:
    source, found = items(text)
    for item in found:
        assert plain_item(source, item.span) in (None, item)


def test_nearly_all_fixtures_are_plain() -> None:
    plain = every = 0
    for file in sorted(FIXTURES.glob("*.hcl")):
        source, found = items(file.read_text("utf-8"))
        for item in found:
            short = plain_item(source, item.span)
            assert short in (None, item)
            every += 1
            plain += short is not None
    assert plain > 0.7 * every


@pytest.mark.parametrize(
    "text",
    [
        'path "a" { capabilities = ["read"] comment = "b" }',
        'path "a" { # why\n capabilities = ["read"] }',
        'path a { capabilities = ["read"] }',
        '{"path": {"a": {"capabilities": ["read"]}}}',
    ],
)
def test_the_rest_is_left_to_the_parser(text: str) -> None:
    source, found = items(text)
    for item in found:
        assert plain_item(source, item.span) is None
