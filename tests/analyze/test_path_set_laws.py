"""The laws of sets, and the agreement with brute force over every short path."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.analyze import Form, PathSet
from policy.model import Pattern
from tests.analyze.strategies import PATHS, members, path_sets, patterns
from tests.properties.profiles import examples

EVERYTHING, NOTHING = PathSet.everything(), PathSet.nothing()
TRIED = frozenset(path for path in PATHS if not path.startswith("/"))


@examples(300)
@given(pattern=patterns)
def test_a_pattern_holds_what_it_matches(pattern: Pattern) -> None:
    assert members(PathSet.matching(pattern)) == {path for path in TRIED if pattern.matches(path)}


@examples(200)
@given(one=path_sets, other=path_sets)
def test_operators_agree_with_brute_force(one: PathSet, other: PathSet) -> None:
    a, b = members(one), members(other)
    assert members(one | other) == a | b
    assert members(one & other) == a & b
    assert members(one - other) == a - b
    assert members(one ^ other) == a ^ b
    assert members(~one) == TRIED - a


@examples(200)
@given(one=path_sets, other=path_sets)
def test_equality_emptiness_and_order_are_exact(one: PathSet, other: PathSet) -> None:
    assert (one == other) is (not one ^ other)
    assert (one <= other) is (not one - other)
    assert (one < other) is (one <= other and one != other)
    assert one.isdisjoint(other) is (not one & other)
    if one == other:
        assert hash(one) == hash(other)
        assert members(one) == members(other)
    if one <= other:
        assert members(one) <= members(other)


@examples(200)
@given(one=path_sets, other=path_sets, third=path_sets)
def test_laws_of_sets(one: PathSet, other: PathSet, third: PathSet) -> None:
    assert one | other == other | one
    assert one & other == other & one
    assert (one | other) | third == one | (other | third)
    assert (one & other) & third == one & (other & third)
    assert one & (other | third) == (one & other) | (one & third)
    assert one | (other & third) == (one | other) & (one | third)
    assert ~(one | other) == ~one & ~other
    assert one - other == one & ~other
    assert one ^ other == (one - other) | (other - one)
    assert one | (one & other) == one


@examples(100)
@given(one=path_sets)
def test_laws_of_one_set(one: PathSet) -> None:
    assert ~~one == one
    assert one | ~one == EVERYTHING
    assert one & ~one == NOTHING
    assert one | one == one == one & one
    assert one - one == NOTHING == one ^ one
    assert one | NOTHING == one == one & EVERYTHING
    assert NOTHING <= one <= EVERYTHING


@examples(300)
@given(one=path_sets)
def test_a_witness_is_a_member_and_only_the_empty_set_has_none(one: PathSet) -> None:
    found = one.witness()
    assert (found is None) is (not one)
    assert found is None or found in one


@examples(300)
@given(one=path_sets, form=st.sampled_from([Form.REQUEST, Form.WITHOUT_SLASH]))
def test_a_witness_has_the_form_asked_for(one: PathSet, form: Form) -> None:
    def fits(path: str) -> bool:
        inner = path.split("/")
        return (
            "//" not in path
            and not path.startswith("/")
            and not {".", ".."} & set(inner)
            and (form is Form.REQUEST or not path.endswith("/"))
        )

    found = one.witness(form)
    if found is None:
        assert not [path for path in members(one) if fits(path)]
    else:
        assert found in one
        assert fits(found)


@examples(100)
@given(sets=st.lists(path_sets, max_size=5))
def test_union_of_many(sets: list[PathSet]) -> None:
    expected = NOTHING
    for one in sets:
        expected |= one
    assert PathSet.union(sets) == expected
