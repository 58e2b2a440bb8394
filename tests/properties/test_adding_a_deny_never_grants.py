"""One more rule with `deny`, whatever its pattern, allows nothing that was not allowed before.

On a pattern that already has a rule it empties that rule. On a new pattern it may *shadow* rules
of broader patterns: it takes away, and what it takes away is exactly the paths it wins. Neither
ever turns a denial into an allow. (An additional rule that *grants* may well take away: it too
can win over a broader one that grants more.)
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policy import Outcome
from tests.properties import strategies as plain
from tests.properties import worlds
from tests.properties.engine import acl_of, answers
from tests.properties.profiles import examples
from tests.properties.worlds import World
from tests.reference.data import DIALECTS, PolicyData, RuleData, TokenData


def with_rule(world: World, rule: RuleData) -> World:
    policies = {**world.policies, "p9": PolicyData((rule,))}
    token = replace(world.token, policies=(*world.token.policies, "p9"))
    return replace(world, policies=policies, token=token)


def paths_in(world: World, extra: str) -> list[str]:
    patterns = [rule.path for policy in world.policies.values() for rule in policy.rules]
    paths = plain.paths_near([extra, *patterns], ["a", ""], 30)
    return [world.token.namespace + path for path in paths]


def check(world: World, path: str, dialect: str) -> None:
    before = acl_of(world, dialect)
    after = acl_of(with_rule(world, RuleData(path, capabilities=("deny",))), dialect)
    paths = paths_in(world, path)
    requests = worlds.operations_on(paths, operations=("read", "list", "create", "help"))
    for request, was, now in zip(
        requests, answers(before, requests), answers(after, requests), strict=True
    ):
        assert now is not Outcome.ALLOW or was is Outcome.ALLOW, request
    for path in paths:
        if path.strip():
            gained = {*after.capabilities(path)} - {*before.capabilities(path)}
            assert gained <= {"deny"}, path


@examples(120)
@given(st.data(), st.sampled_from(DIALECTS))
def test_on_a_pattern_that_has_a_rule(data: st.DataObject, dialect: str) -> None:
    world = data.draw(worlds.pattern_worlds())
    rules = [rule for policy in world.policies.values() for rule in policy.rules]
    check(world, data.draw(st.sampled_from(rules)).path, dialect)


@examples(120)
@given(worlds.pattern_worlds(), plain.patterns(), st.sampled_from(DIALECTS))
def test_on_any_pattern(world: World, path: str, dialect: str) -> None:
    check(world, path, dialect)


def test_while_adding_a_grant_may_take_away() -> None:
    broad = World(
        {"p1": PolicyData((RuleData("a/*", capabilities=("read", "list")),))},
        TokenData(policies=("p1",)),
    )
    requests = worlds.operations_on(["a/b"], operations=("read",))
    narrower = with_rule(broad, RuleData("a/b", capabilities=("list",)))
    for dialect in DIALECTS:
        assert answers(acl_of(broad, dialect), requests) == [Outcome.ALLOW]
        assert answers(acl_of(narrower, dialect), requests) == [Outcome.DENY]
