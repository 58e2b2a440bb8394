"""Strategies for the things around a text: sets of policies, identities, templates, requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from policy.model import Alias, Entity, Group, Operation, Request, Token
from policy.testing.paths import TINY, neighbourhood, patterns, patterns_near
from policy.testing.texts import RuleText, rules
from policy.testing.values import PARAMETER_NAMES, PARAMETER_VALUES, as_json_value

if TYPE_CHECKING:
    from random import Random

    from hypothesis.strategies import SearchStrategy

__all__ = [
    "identities",
    "parameters",
    "policy_sets",
    "random_parameters",
    "random_request",
    "requests",
    "templates",
    "tokens",
]

_PLAIN_VALUES = ("a", "b", "blue", "Ops", "two words", "é", "a-b", "..", "{{x}}", "")
_SPECIAL_VALUES = ("a/b", "/a", "a/", "x*", "*", "+", "a+b", "+*", "/")
_METADATA_KEYS = ("team", "Team", "k", "a-b")
_KEYS = (*_METADATA_KEYS, "a.b", "nope", "")


@st.composite
def policy_sets(
    draw: st.DrawFn,
    *,
    names: Sequence[str] = ("p1", "p2", "p3"),
    segments: Sequence[str] = TINY,
    paths: SearchStrategy[str] | None = None,
    odd: bool = False,
    max_rules: int = 4,
) -> dict[str, tuple[RuleText, ...]]:
    """Policies that get in each other's way: their paths come from one small pool of patterns,
    many of them one step away from another. Write them down with `as_hcl` or `as_json`."""
    fresh = patterns(segments) if paths is None else paths
    pool = draw(st.lists(fresh, min_size=1, max_size=3))
    for _ in range(draw(st.integers(0, 4))):
        pool.append(draw(patterns_near(pool, segments)))
    chosen = draw(st.integers(1, len(names)))
    rule = rules(st.sampled_from(pool), odd=odd)
    return {
        name: tuple(draw(st.lists(rule, min_size=1, max_size=max_rules))) for name in names[:chosen]
    }


def _metadata(special: bool) -> SearchStrategy[dict[str, str]]:
    values = _PLAIN_VALUES + (_SPECIAL_VALUES if special else ())
    return st.dictionaries(st.sampled_from(_METADATA_KEYS), st.sampled_from(values), max_size=3)


@st.composite
def identities(draw: st.DrawFn, *, special: bool = True) -> tuple[Entity, tuple[Group, ...]]:
    """An entity with one alias, and the two groups it belongs to. Ids are fixed words.

    With `special`, metadata values may hold `/`, `*` and `+`, which a server treats with care in
    templates.
    """
    # An entity's metadata may hold an empty value; the custom metadata of an alias may not.
    custom = {key: value for key, value in draw(_metadata(special)).items() if value}
    alias = Alias("alias-id", "alice", "auth_userpass_1", custom_metadata=custom)
    entity = Entity(
        "entity-id",
        draw(st.sampled_from(("alice", "Ops", "a", "two words"))),
        metadata=draw(_metadata(special)),
        aliases=(alias,),
    )
    first, second = draw(st.permutations(("staff", "Ops-group", "g.dot", "b")))[:2]
    return entity, (
        Group("group-id-1", first, metadata=draw(_metadata(special))),
        Group("group-id-2", second, metadata=draw(_metadata(special))),
    )


def tokens(
    policies: Sequence[str] = ("p1", "p2", "p3"), *, special: bool = True
) -> SearchStrategy[Token]:
    """Tokens with some of these policies, with and without an identity behind them."""
    held = st.lists(st.sampled_from(policies), unique=True, max_size=len(policies)).map(tuple)
    return st.one_of(
        st.builds(Token, held),
        st.builds(
            lambda names, who: Token(names, entity=who[0], groups=who[1]),
            held,
            identities(special=special),
        ),
    )


def _selectors(prefix: str, keys: Iterable[str], *, kind: str = "metadata") -> list[str]:
    """For the id, the name and these keys of the metadata of something."""
    return [f"{prefix}.id", f"{prefix}.name", *(f"{prefix}.{kind}.{key}" for key in keys)]


@st.composite
def templates(draw: st.DrawFn, entity: Entity, groups: Sequence[Group] = ()) -> str:
    """A template such as `{{identity.entity.name}}`: mostly one that has a value, also ones for
    missing keys, foreign groups and misspelled names."""
    has_value = draw(st.integers(0, 3)) > 0
    selectors = _selectors("identity.entity", entity.metadata if has_value else _KEYS)
    for alias in entity.aliases:
        prefix = f"identity.entity.aliases.{alias.mount_accessor}"
        keys = alias.custom_metadata if has_value else _KEYS
        selectors += _selectors(prefix, keys, kind="custom_metadata")
    for group in groups if has_value else (*groups, Group("group-id-0", "stranger")):
        for prefix in (f"identity.groups.ids.{group.id}", f"identity.groups.names.{group.name}"):
            selectors += _selectors(prefix, group.metadata if has_value else _KEYS)
    if not has_value:
        selectors += _WITHOUT_VALUE
    blank = draw(st.sampled_from(("", "", "", "", " ", "\t", "\u00a0", "\u3000", "\u200b")))
    return "{{" + blank + draw(st.sampled_from(selectors)) + blank + "}}"


_WITHOUT_VALUE = (
    "identity.entity.metadata",
    "identity.entity.groups.names",
    "identity.entity.Name",
    "identity.entity.aliases.auth_userpass_1.metadata.k",
    "identity.entity",
    "identity.nope",
    "",
)


_OPERATIONS = (
    Operation.READ,
    Operation.LIST,
    Operation.CREATE,
    Operation.UPDATE,
    Operation.PATCH,
    Operation.DELETE,
    Operation.SCAN,
    Operation.HELP,
)
_WITH_BODY = (Operation.CREATE, Operation.UPDATE, Operation.PATCH, Operation.WRITE)
_BODY_VALUES = (*map(as_json_value, PARAMETER_VALUES), None)
_QUERY_VALUES = tuple(value for value in PARAMETER_VALUES if isinstance(value, str))
_LIMITS = ("1", "5", "6", "0", "", "max", "MAX", "-1", "+3", "007", "1e3", "100", "101", "five")
_WRAP_TTLS = (None, None, None, 0, 0.5, 1, 1.5, 2, 5, 60, 61, 3600)


def random_parameters(
    random: Random, operation: Operation, *, names: Sequence[str] = PARAMETER_NAMES
) -> Mapping[str, object] | None:
    """The parameters of a request: a body for a write, query parameters for the others.

    A query parameter is a string, or a list of strings where it is repeated.
    """
    count = random.choice((0, 0, 1, 1, 2, 3))
    chosen = [random.choice(names) for _ in range(count)]
    if operation in _WITH_BODY:
        return {name: random.choice(_BODY_VALUES) for name in chosen}
    query: dict[str, object] = {name: random.choice(_QUERY_VALUES) for name in chosen[:2]}
    if operation.is_listing and random.choice((True, True, False)):
        query["limit"] = random.choice(_LIMITS)
    for name, value in query.items():
        if random.randrange(8) == 7:
            query[name] = [value, random.choice(_QUERY_VALUES)]
    return query or None


def random_request(
    random: Random,
    paths: Sequence[str],
    *,
    operations: Sequence[Operation] = _OPERATIONS,
    namespaces: Sequence[str] = ("",),
    names: Sequence[str] = PARAMETER_NAMES,
) -> Request:
    """A request to one of `paths`, with parameters of these names and wrapping."""
    operation = random.choice(operations)
    data = (
        None if operation is Operation.HELP else random_parameters(random, operation, names=names)
    )
    return Request(
        operation,
        random.choice(paths),
        namespace=random.choice(namespaces),
        data=data,
        wrap_ttl_seconds=random.choice(_WRAP_TTLS),
    )


def parameters(operation: Operation) -> SearchStrategy[Mapping[str, object] | None]:
    """The parameters of a request; see `random_parameters`."""
    dice = st.randoms(use_true_random=False)
    return st.builds(random_parameters, dice, st.just(operation))


def requests(
    patterns: Sequence[str],
    *,
    operations: Sequence[Operation] = _OPERATIONS,
    namespaces: Sequence[str] = ("",),
) -> SearchStrategy[Request]:
    """Requests at or around the border of one of `patterns`; see `neighbourhood`."""
    paths = neighbourhood(patterns)
    return st.builds(
        lambda dice: random_request(dice, paths, operations=operations, namespaces=namespaces),
        st.randoms(use_true_random=False),
    )
