"""Strategies for the things around a text: sets of policies, identities, templates, requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from policy.model import Alias, Entity, Group, Operation, Request, Token
from policy.testing.paths import TINY, paths_near, patterns, patterns_near
from policy.testing.texts import RuleText, rules
from policy.testing.values import PARAMETER_NAMES, PARAMETER_VALUES

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["identities", "parameters", "policy_sets", "requests", "templates", "tokens"]

_PLAIN_VALUES = ("a", "b", "blue", "Ops", "two words", "é", "a-b", "..", "{{x}}", "")
_SPECIAL_VALUES = ("a/b", "/a", "a/", "x*", "*", "+", "a+b", "+*", "/")
_METADATA_KEYS = ("team", "Team", "k", "a-b")
_ASKED_KEYS = (*_METADATA_KEYS, "a.b", "nope", "")


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


@st.composite
def templates(draw: st.DrawFn, entity: Entity, groups: Sequence[Group] = ()) -> str:
    """A template such as `{{identity.entity.name}}`: mostly one that has a value, also ones for
    missing keys, foreign groups and misspelled names."""
    key = draw(st.sampled_from((*_ASKED_KEYS, *entity.metadata)))
    selectors = [
        "identity.entity.id",
        "identity.entity.name",
        *(f"identity.entity.metadata.{one}" for one in (key, *entity.metadata)),
        "identity.entity.metadata",
        "identity.entity.groups.names",
        "identity.entity.Name",
        "identity.nope",
        "",
    ]
    for alias in entity.aliases:
        prefix = f"identity.entity.aliases.{alias.mount_accessor}"
        selectors += (f"{prefix}.id", f"{prefix}.name", f"{prefix}.metadata.{key}")
        selectors += (f"{prefix}.custom_metadata.{one}" for one in (key, *alias.custom_metadata))
    for group in (*groups, Group("group-id-0", "stranger")):
        for prefix in (f"identity.groups.ids.{group.id}", f"identity.groups.names.{group.name}"):
            selectors += (f"{prefix}.id", f"{prefix}.name")
            selectors += (f"{prefix}.metadata.{one}" for one in (key, *group.metadata))
    blank = draw(st.sampled_from(("", "", "", " ", "\t")))
    return "{{" + blank + draw(st.sampled_from(selectors)) + blank + "}}"


_LIMITS = ("1", "5", "6", "0", "", "max", "MAX", "-1", "+3", "007", "1e3", "100", "101", "five")


def parameters(operation: Operation) -> SearchStrategy[Mapping[str, object] | None]:
    """The parameters of a request: a body for a write, query parameters for the others."""
    if operation in (Operation.CREATE, Operation.UPDATE, Operation.PATCH, Operation.WRITE):
        values = st.sampled_from((*map(_as_json, PARAMETER_VALUES), None))
        return st.dictionaries(st.sampled_from(PARAMETER_NAMES), values, max_size=3)
    words = [value for value in PARAMETER_VALUES if isinstance(value, str)]
    texts = st.sampled_from(words)
    repeated = st.lists(texts, min_size=2, max_size=2)
    names = st.sampled_from(PARAMETER_NAMES)
    query: SearchStrategy[dict[str, object]] = st.dictionaries(
        names, st.one_of(texts, texts, repeated), max_size=2
    )
    limited = st.builds(
        lambda some, limit: {**some, "limit": limit},
        query,
        st.one_of(st.sampled_from(_LIMITS), st.just(["1", "1"])),
    )
    if operation.is_listing:
        return st.one_of(st.none(), query, limited, limited)
    return st.one_of(st.none(), query)


def _as_json(value: object) -> object:
    """The value as a JSON reader gives it: lists instead of tuples."""
    if isinstance(value, Mapping):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_as_json(inner) for inner in value]
    return value


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


@st.composite
def requests(
    draw: st.DrawFn,
    patterns: Sequence[str],
    *,
    operations: Sequence[Operation] = _OPERATIONS,
    namespaces: Sequence[str] = ("",),
) -> Request:
    """A request at or around the border of one of `patterns`, with parameters and wrapping."""
    operation = draw(st.sampled_from(operations))
    return Request(
        operation,
        draw(paths_near(patterns)),
        namespace=draw(st.sampled_from(namespaces)),
        data=None if operation is Operation.HELP else draw(parameters(operation)),
        wrap_ttl_seconds=draw(st.sampled_from((None, None, None, 0, 1, 2, 5, 60, 61, 3600))),
    )
