"""The fast path `allows` says yes exactly when `decide` does, and `write` is create or update."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policy import ACL, Operation, Outcome, Request
from tests.properties import strategies as plain
from tests.properties import worlds
from tests.properties.engine import acl_of
from tests.properties.profiles import examples
from tests.properties.worlds import World
from tests.reference.data import DIALECTS

_WORLDS = st.one_of(
    worlds.pattern_worlds(),
    worlds.condition_worlds(openbao=True),
    worlds.sudo_worlds(),
    worlds.template_worlds(),
    worlds.name_worlds(),
)


_ODD = (
    *("", "/", "a//b", "a/./b", "a/..", "/a", "//a", "a/.b", "é", "sys/step-down", "sys/seal"),
    *("auth/token", "sys", "cubbyhole", "pki", "auth/userpass", "identity", "cubbyhole/"),
    *("auth/token/lookup-self", "auth/userpass/login/u", "auth"),
)


_SENT: tuple[dict[str, Any], ...] = (
    {"data": {"a": "b", "b": 1}},
    {"data": {}, "wrap_ttl_seconds": 10.0},
)


def paths_in(world: World) -> list[str]:
    patterns = [rule.path for policy in world.policies.values() for rule in policy.rules]
    paths = plain.paths_near(patterns, ["a", "b"], 16)
    inside = [world.token.namespace + path for path in paths if world.token.namespace]
    return [*paths, *inside, *worlds.GUARDED_PATHS[::6], *_ODD]


def check(acl: ACL, paths: Iterable[str]) -> None:
    for path in paths:
        for operation in Operation:
            decision = acl.decide(Request(operation, path))
            assert acl.allows(operation, path) == (decision.outcome is Outcome.ALLOW), decision
            assert acl.allows(str(operation), path) == (decision.outcome is Outcome.ALLOW)
            for sent in _SENT:
                wanted = acl.decide(Request(operation, path, **sent)).allowed
                assert acl.allows(operation, path, **sent) == wanted, (decision, sent)


@examples(200)
@given(_WORLDS, st.sampled_from(DIALECTS), st.sampled_from(((), worlds.NAMESPACES)))
def test_allows(world: World, dialect: str, namespaces: tuple[str, ...]) -> None:
    check(acl_of(world, dialect, namespaces=namespaces), paths_in(world))


@examples(150)
@given(worlds.mount_worlds(), st.sampled_from(DIALECTS))
def test_allows_near_mounts(world: World, dialect: str) -> None:
    check(acl_of(world, dialect, namespaces=()), _ODD)


@examples(60)
@given(_WORLDS, st.sampled_from(DIALECTS))
def test_batches(world: World, dialect: str) -> None:
    acl = acl_of(world, dialect, namespaces=())
    asked = [(operation, path) for path in paths_in(world)[::3] for operation in Operation] * 2
    decided = [acl.decide(Request(operation, path)) for operation, path in asked]
    words = [(str(operation), path) for operation, path in asked]
    assert list(acl.allows_many(words)) == [decision.allowed for decision in decided]
    requests = [Request(operation, path) for operation, path in asked]
    assert [decision.outcome for decision in acl.decide_many(requests)] == [
        decision.outcome for decision in decided
    ]


@examples(150)
@given(_WORLDS, st.sampled_from(DIALECTS))
def test_write_is_create_or_update(world: World, dialect: str) -> None:
    acl = acl_of(world, dialect)
    for path in paths_in(world):
        create, update, write = (
            acl.decide(Request(operation, path, data={"k": "v"})).outcome
            for operation in (Operation.CREATE, Operation.UPDATE, Operation.WRITE)
        )
        if create is update:
            assert write is create
        else:
            # Where the catalog knows that only one of the two can happen it may say which.
            assert write in (Outcome.UNDETERMINED, create, update)
