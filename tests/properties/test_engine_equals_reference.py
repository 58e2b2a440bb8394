"""The engine and the independent reference decide alike, in every dialect.

Each example is a small world of policies; from it follow hundreds of requests, so that most
decisions cost no drawing. The last test counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Outcome
from tests.properties import strategies as plain
from tests.properties import worlds
from tests.properties.engine import Pair, acl_of, answers, request_of
from tests.properties.profiles import examples
from tests.properties.strategies import Value
from tests.properties.worlds import World
from tests.reference.data import DIALECTS, NotDetermined, RequestData

LEAST_DECISIONS = 400_000
LEAST_IN_A_DIALECT = 80_000

compared: Counter[str] = Counter()
"""Decisions by dialect."""


def compare(pair: Pair, requests: Iterable[RequestData]) -> None:
    """Each request must get the same verdict from both, where the reference knows one."""
    for request in requests:
        try:
            expected = pair.reference.allows(request)
        except NotDetermined:
            continue
        decision = pair.acl.decide(request_of(request))
        compared[pair.dialect] += 1
        assert decision.outcome is (Outcome.ALLOW if expected else Outcome.DENY), (
            f"the reference {'allows' if expected else 'denies'} {request}\n"
            f"the engine says {decision.outcome}: {decision.reason}\n{pair}"
        )


def compare_capabilities(pair: Pair, paths: Iterable[str], namespace: str = "") -> None:
    """`sys/capabilities` must answer the same."""
    for path in paths:
        if not path.strip() or pair.reference.error is not None:
            continue
        compared[pair.dialect] += 1
        expected = pair.reference.capabilities(path, namespace)
        found = pair.acl.capabilities(path, namespace)
        assert found == expected, f"{expected} expected for {namespace!r} {path!r}\n{pair}"


def paths_of(pair: Pair, fills: Sequence[str], limit: int) -> list[str]:
    """Full paths near the patterns that were really built, namespace and templates included.

    Not the bare name of a namespace or mount: where the server takes those is told by no rule.
    """
    built = [
        pattern.text.decode("utf-8", "replace") + ("*" if pattern.kind == "prefix" else "")
        for pattern in pair.reference.table
    ]
    asked = [
        pair.world.token.namespace + rule.path
        for policy in pair.meant.values()
        for rule in policy.rules
    ]
    return [
        path
        for path in plain.paths_near([*built, *asked], fills, limit)
        if path.strip("/") not in _BARE_NAMES
    ]


_MOUNT_NAMES = ("", *worlds.MOUNTS_EACH, "sys", "identity", "cubbyhole", "auth/token", "auth")
_BARE_NAMES = {
    (namespace + mount).strip("/")
    for namespace in ("", *worlds.NAMESPACES)
    for mount in _MOUNT_NAMES
}

_WITH_SCAN = (*plain.CAPABILITIES, "scan")


@examples(350)
@given(
    st.one_of(worlds.pattern_worlds(), worlds.pattern_worlds(_WITH_SCAN)),
    plain.fills(),
)
def test_patterns_and_capabilities(world: World, fills: list[str]) -> None:
    for dialect in DIALECTS:
        pair = Pair(world, dialect)
        paths = paths_of(pair, fills, 24)
        compare_capabilities(pair, paths)
        compare(pair, worlds.operations_on(paths, operations=worlds.ALL_OPERATIONS[:8]))
        if world.token.namespace:
            # The same request, with its namespace in the header instead of in the path.
            inside = [path.removeprefix("ns1/") for path in paths if path.startswith("ns1/")]
            compare_capabilities(pair, inside, "ns1/")
            compare(pair, worlds.operations_on(inside, "ns1/", ("read", "list", "patch")))


@pytest.mark.parametrize("dialect", DIALECTS)
@examples(250)
@given(data=st.data())
def test_conditions(dialect: str, data: st.DataObject) -> None:
    openbao = dialect == "openbao-2.7"
    pair = Pair(data.draw(worlds.condition_worlds(openbao=openbao), label="world"), dialect)
    bodies: list[dict[str, Value] | None] = [None, {}]
    bodies += data.draw(st.lists(plain.bodies(), max_size=4), label="bodies")
    bodies += worlds.bodies_near(pair.meant.values())[:16]
    queries: list[dict[str, Value] | None] = [None]
    # How newer Vault takes a repeated query parameter apart is not determined.
    queries += data.draw(
        st.lists(plain.queries(repeated="vault" not in dialect), max_size=4), label="queries"
    )
    limits: list[dict[str, Value] | None] = [
        {"limit": limit}
        for limit in data.draw(
            st.lists(st.sampled_from(plain.LIMITS), min_size=1, max_size=4), label="limits"
        )
    ]
    wraps = data.draw(st.lists(st.sampled_from(plain.WRAPS), min_size=1, max_size=4))
    paths = ("a/x", "a/x/")
    compare(
        pair,
        [
            *_with(("update", "create", "patch"), paths[:1], bodies, wraps),
            *_with(("read",), paths, queries, wraps),
            *_with(("list", "scan"), paths[:1], [None, *limits, *queries], wraps),
            *_with(("delete", "renew", "help"), paths[:1], bodies[-1:], wraps),
        ],
    )


def _with(
    operations: Sequence[str],
    paths: Sequence[str],
    datas: Sequence[dict[str, Value] | None],
    wraps: Sequence[float | None],
) -> list[RequestData]:
    return [
        RequestData(operation, path, data=data, wrap_ttl_seconds=wrap)
        for operation, path, data, wrap in product(operations, paths, datas, wraps)
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@examples(150)
@given(data=st.data())
def test_merged_bounds(dialect: str, data: st.DataObject) -> None:
    openbao = dialect == "openbao-2.7"
    pair = Pair(data.draw(worlds.bound_worlds(openbao=openbao)), dialect)
    limits: list[dict[str, Value] | None] = [None, {"limit": "5"}, {"limit": "6"}, {"limit": "-1"}]
    compare(pair, _with(("read",), ("a/x",), [None], plain.WRAPS))
    compare(pair, _with(("list",), ("a/x",), limits, (None, 60, 90, 3600)))


@examples(500)
@given(worlds.template_worlds(), plain.fills())
def test_templates(world: World, fills: list[str]) -> None:
    for dialect in DIALECTS:
        try:
            pair = Pair(world, dialect)
        except NotDetermined:
            # Nobody knows what this server does then, so nothing may be called allowed.
            requests = worlds.operations_on(("a/b", "a/b/", "b/é/a"), operations=("read", "list"))
            assert Outcome.ALLOW not in answers(acl_of(world, dialect), requests)
            continue
        paths = [*paths_of(pair, fills, 16), "a/b", "sys/health"]
        compare(pair, worlds.operations_on(paths, operations=("read", "list", "help")))
        compare_capabilities(pair, paths)


@examples(200)
@given(worlds.sudo_worlds())
def test_sudo_and_unauthenticated_paths(world: World) -> None:
    operations = ("read", "list", "update", "delete", "help")
    for dialect in DIALECTS:
        pair = Pair(world, dialect)
        compare(pair, worlds.operations_on(worlds.GUARDED_PATHS, operations=operations))
        compare(pair, worlds.operations_on(("sys/step-down", "sys/seal"), operations=operations))
        compare_capabilities(pair, worlds.GUARDED_PATHS[::4])
        if world.token.namespace:
            compare(pair, worlds.operations_on(worlds.CHILD_PATHS, "ns1/", operations))
            compare(pair, worlds.operations_on([f"ns1/{path}" for path in worlds.CHILD_PATHS]))


@examples(250)
@given(worlds.name_worlds(), plain.fills())
def test_policy_names(world: World, fills: list[str]) -> None:
    for dialect in DIALECTS:
        pair = Pair(world, dialect)
        paths = [*paths_of(pair, fills, 12), "auth/token/lookup-self", "cubbyhole/x", "sys/renew"]
        compare_capabilities(pair, paths)
        compare(pair, worlds.operations_on(paths, operations=worlds.ALL_OPERATIONS))


def test_enough_decisions_were_compared() -> None:
    """Runs last: nobody can thin the properties out without noticing."""
    total = sum(compared.values())
    print(f"\n{total:,} decisions compared: {dict(compared)}")
    assert total >= LEAST_DECISIONS
    assert min(compared[dialect] for dialect in DIALECTS) >= LEAST_IN_A_DIALECT
