"""Policies, and blocks within them, may stand in any order.

Three things on a server do hang on the order: which list filter and which control group of one
pattern counts (neither decides a verdict), and a negative wrapping TTL, which stays if it comes
first. So negative TTLs are left out here.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.properties import strategies as plain
from tests.properties import worlds
from tests.properties.engine import acl_of, answers
from tests.properties.profiles import examples
from tests.properties.worlds import World
from tests.reference.data import DIALECTS, PolicyData, RequestData, RuleData
from tests.reference.times import ttl_seconds


def positive(ttl: str | int | float | None) -> str | int | float | None:
    return None if ttl_seconds(ttl) < 0 else ttl


def rules_of(world: World) -> list[RuleData]:
    return [
        replace(
            rule,
            min_wrapping_ttl=positive(rule.min_wrapping_ttl),
            max_wrapping_ttl=positive(rule.max_wrapping_ttl),
        )
        for policy in world.policies.values()
        for rule in policy.rules
    ]


def one_by_one(world: World, rules: list[RuleData]) -> World:
    """Each rule as a policy of its own; their names decide the order."""
    policies = {f"p{number}": PolicyData((rule,)) for number, rule in enumerate(rules)}
    return replace(world, policies=policies, token=replace(world.token, policies=tuple(policies)))


@examples(150)
@given(st.data(), st.sampled_from(DIALECTS))
def test_of_capabilities(data: st.DataObject, dialect: str) -> None:
    world = data.draw(worlds.pattern_worlds())
    rules = rules_of(world)
    paths = plain.paths_near((rule.path for rule in rules), ["a", "é"], 20)
    requests = worlds.operations_on(paths, operations=("read", "list", "update"))
    one = acl_of(one_by_one(world, rules), dialect)
    other = acl_of(one_by_one(world, data.draw(st.permutations(rules))), dialect)
    assert answers(one, requests) == answers(other, requests)


@examples(150)
@given(st.data(), st.sampled_from(DIALECTS))
def test_of_conditions(data: st.DataObject, dialect: str) -> None:
    world = data.draw(worlds.condition_worlds(openbao=dialect == "openbao-2.7"))
    rules = rules_of(world)
    wrap = data.draw(st.sampled_from(plain.WRAPS))
    requests = [
        RequestData(operation, "a/x", data=body, wrap_ttl_seconds=ttl)
        for operation in ("update", "read", "list")
        for body in [None, {"limit": "5"}, *worlds.bodies_near(world.policies.values())[:8]]
        for ttl in (None, wrap)
    ]
    one = acl_of(one_by_one(world, rules), dialect)
    other = acl_of(one_by_one(world, data.draw(st.permutations(rules))), dialect)
    assert answers(one, requests) == answers(other, requests)


@examples(60)
@given(st.data(), st.sampled_from(DIALECTS))
def test_of_names_on_the_token(data: st.DataObject, dialect: str) -> None:
    world = data.draw(worlds.pattern_worlds())
    shuffled = data.draw(st.permutations(world.token.policies))
    turned = replace(
        world,
        policies=dict(reversed(world.policies.items())),
        token=replace(world.token, policies=tuple(shuffled)),
    )
    paths = plain.paths_near((rule.path for rule in rules_of(world)), ["a"], 20)
    requests = worlds.operations_on(paths, operations=("read", "list"))
    assert answers(acl_of(world, dialect), requests) == answers(acl_of(turned, dialect), requests)
