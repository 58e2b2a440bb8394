"""The strategies shipped in `policy.testing`: what they promise, without a server."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import policy
from policy import testing
from policy.model import Pattern
from policy.testing import (
    REALISTIC,
    TINY,
    as_hcl,
    as_json,
    damage,
    fits_json,
    identities,
    mutated,
    neighbourhood,
    paths_near,
    patterns,
    patterns_near,
    policies,
    policy_sets,
    random_soup,
    requests,
    rules,
    templates,
    token_soup,
    tokens,
)

_quick = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_every_name_is_there_and_the_list_is_sorted() -> None:
    assert all(getattr(testing, name) is not None for name in testing.__all__)
    assert testing.__all__ == sorted(testing.__all__, key=lambda name: (not name.isupper(), name))
    with pytest.raises(AttributeError, match="`nonsense`"):
        _ = testing.nonsense


def test_hypothesis_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, policy.testing; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@_quick
@given(policies())
def test_usual_policies_are_accepted(text: str) -> None:
    policy.parse(text, dialect="openbao-2.7")


@_quick
@given(st.one_of(policies(odd=True), mutated(policies()), token_soup()))
def test_the_engine_takes_or_refuses_all_others(text: str) -> None:
    raw = text.encode("utf-8", "surrogateescape")
    with contextlib.suppress(policy.InvalidPolicyError):
        policy.parse(raw, dialect="openbao-2.7")


@_quick
@given(st.lists(rules(), max_size=3).filter(fits_json))
def test_both_forms_say_the_same(drawn: list[testing.RuleText]) -> None:
    read = [
        policy.parse(text, dialect="openbao-2.7").rules for text in (as_hcl(drawn), as_json(drawn))
    ]
    assert [rule.path for rule in read[0]] == [rule.path for rule in read[1]]
    assert [rule.capabilities for rule in read[0]] == [rule.capabilities for rule in read[1]]


@_quick
@given(st.one_of(patterns(), patterns(REALISTIC)))
def test_patterns_compile(pattern: str) -> None:
    Pattern.compile(pattern)


@_quick
@given(patterns(odd=False), st.data())
def test_neighbours(pattern: str, data: st.DataObject) -> None:
    """Paths around a pattern are on both sides of its border; the list is fixed and bounded."""
    near = neighbourhood([pattern], fillers=("zz",))
    assert near == neighbourhood([pattern], fillers=("zz",))
    assert len(set(near)) == len(near)
    compiled = Pattern.compile(pattern)
    matches = {compiled.matches(path.lstrip("/")) for path in near}
    assert True in matches
    assert pattern in ("*", "/*") or False in matches
    assert data.draw(paths_near([pattern])) in neighbourhood([pattern])
    Pattern.compile(data.draw(patterns_near([pattern], TINY)))
    assert len(neighbourhood([pattern, "a/+/b", "b/*"], limit=7)) == 7


@_quick
@given(st.data())
def test_a_whole_question(data: st.DataObject) -> None:
    """Policies, a token and a request can be drawn and decided."""
    drawn = data.draw(policy_sets(names=("p1", "p2")))
    read = [
        policy.parse(as_hcl(found), name, dialect="openbao-2.7") for name, found in drawn.items()
    ]
    labels = [rule.path for found in drawn.values() for rule in found]
    acl = policy.PolicySet(read, dialect="openbao-2.7").acl(data.draw(tokens(("p1", "p2"))))
    decision = acl.decide(data.draw(requests(labels)))
    assert decision.outcome in policy.Outcome


@_quick
@given(identities(), st.data())
def test_templates(
    who: tuple[policy.Entity, tuple[policy.Group, ...]], data: st.DataObject
) -> None:
    template = data.draw(templates(*who))
    assert template.startswith("{{")
    policy.parse(f'path "a/{template}" {{ policy = "read" }}', dialect="openbao-2.7")


def test_dice_give_the_same_text_again() -> None:
    assert random_soup(Random(1)) == random_soup(Random(1))
    assert damage("path", Random(1)) == damage("path", Random(1))
