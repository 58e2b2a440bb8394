"""Rules of one pattern are one rule: the union of their capabilities, all their conditions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.properties import strategies as plain
from tests.properties import worlds
from tests.properties.engine import acl_of, answers
from tests.properties.profiles import examples
from tests.properties.worlds import World
from tests.reference.data import DIALECTS, PolicyData, RequestData, RuleData, TokenData

_GRANTING = tuple(word for word in plain.CAPABILITIES if word != "deny")
_DIALECT = st.sampled_from(DIALECTS)


def world_of(*policies: tuple[RuleData, ...]) -> World:
    named = {f"p{number}": PolicyData(rules) for number, rules in enumerate(policies)}
    return World(named, TokenData(policies=tuple(named)))


@examples(150)
@given(
    path=plain.patterns(),
    one=plain.capability_lists(_GRANTING),
    other=plain.capability_lists(_GRANTING),
    broader=st.sampled_from(("*", "a/*", "+/*", "a")),
    dialect=_DIALECT,
)
def test_capabilities_are_united(
    path: str, one: tuple[str, ...], other: tuple[str, ...], broader: str, dialect: str
) -> None:
    background = RuleData(broader, capabilities=("read", "list"))
    together = world_of((background, RuleData(path, capabilities=(*one, *other))))
    apart = world_of(
        (RuleData(path, capabilities=one), background),
        # One leading slash is no part of a pattern.
        (RuleData("/" + path.removeprefix("/"), capabilities=other),),
    )
    if path.startswith("//"):
        apart = world_of(
            (RuleData(path, capabilities=one), background), (RuleData(path, capabilities=other),)
        )
    paths = plain.paths_near([path, broader], ["a", "é"], 30)
    first, second = acl_of(together, dialect), acl_of(apart, dialect)
    for asked in filter(str.strip, paths):
        assert first.capabilities(asked) == second.capabilities(asked)
    requests = worlds.operations_on(paths, operations=("read", "list", "update", "delete"))
    assert answers(first, requests) == answers(second, requests)


@examples(150)
@given(st.data(), _DIALECT)
def test_saying_it_twice_changes_nothing(data: st.DataObject, dialect: str) -> None:
    world = data.draw(worlds.condition_worlds(openbao=dialect == "openbao-2.7"))
    twice = replace(
        world,
        policies={
            name: replace(policy, rules=policy.rules + policy.rules)
            for name, policy in world.policies.items()
        },
    )
    requests = [
        RequestData(operation, "a/x", data=body, wrap_ttl_seconds=wrap)
        for operation in ("update", "read", "list")
        for body in [None, *worlds.bodies_near(world.policies.values())[:8]]
        for wrap in (None, 60)
    ]
    assert answers(acl_of(world, dialect), requests) == answers(acl_of(twice, dialect), requests)


@examples(60)
@given(path=plain.patterns(), words=plain.capability_lists(_GRANTING), dialect=_DIALECT)
def test_a_deny_among_them_is_all_there_is(path: str, words: tuple[str, ...], dialect: str) -> None:
    granting = RuleData(path, capabilities=words)
    denying = RuleData(path, capabilities=("deny",))
    paths = plain.paths_near([path], ["a", ""], 20)
    requests = worlds.operations_on(paths, operations=("read", "list", "update"))
    only = acl_of(world_of((denying,)), dialect)
    both = acl_of(world_of((granting,), (denying,)), dialect)
    assert answers(only, requests) == answers(both, requests)
