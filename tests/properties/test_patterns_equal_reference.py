"""`Pattern` says of single patterns what the reference says: kind, match, and which of two wins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.model import Pattern, PatternKind, byte_text
from tests.properties import strategies as plain
from tests.properties.profiles import examples
from tests.reference import patterns as reference
from tests.reference.data import Refused


def both(path: str, namespace: str) -> tuple[Pattern, reference.Pattern] | None:
    """The pattern in both worlds; None when both refuse it."""
    try:
        wanted = reference.pattern_of(path, namespace)
    except Refused:
        wanted = None
    try:
        found = Pattern.compile(path, namespace)
    except ValueError:
        found = None
    assert (found is None) == (wanted is None), path
    return None if found is None or wanted is None else (found, wanted)


@examples(300)
@given(plain.pattern_lists(), st.sampled_from(("", "ns1/")), plain.fills())
def test_kind_and_matches(paths: list[str], namespace: str, fills: list[str]) -> None:
    for path in paths:
        pair = both(path, namespace)
        if pair is None:
            continue
        found, wanted = pair
        assert found.kind == wanted.kind
        assert found.is_open == reference.is_open(wanted)
        assert found.text.encode("latin-1") == reference.without_star(wanted)
        for asked in plain.paths_near([namespace + each for each in paths], fills, 30):
            full = asked.lstrip("/")
            assert found.matches(byte_text(full)) == reference.matches(
                wanted, reference.as_bytes(full)
            ), f"{path!r} and {full!r}"


@examples(300)
@given(plain.pattern_lists(), st.sampled_from(("", "ns1/")))
def test_which_of_two_wins(paths: list[str], namespace: str) -> None:
    pairs = [pair for path in paths if (pair := both(path, namespace)) is not None]
    wild = [pair for pair in pairs if pair[0].kind is not PatternKind.EXACT]
    for found, wanted in wild:
        for other_found, other_wanted in wild:
            assert (found.rank > other_found.rank) == reference.beats(wanted, other_wanted)
            assert (found == other_found) == (wanted == other_wanted)
