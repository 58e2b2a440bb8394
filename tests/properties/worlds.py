"""Whole situations to decide in: policies, a token, and requests, as the reference's plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.properties import strategies as plain
from tests.reference.data import (
    AliasData,
    EntityData,
    GroupData,
    PolicyData,
    RequestData,
    RuleData,
    TokenData,
    Value,
)

NOW: Final = 1_760_000_000.0
"""The time at which policies are written."""

NAMESPACES: Final = ("ns1/", "ns1/ns2/", "ns3/")
MOUNTS_EACH: Final = {"pki/": "pki", "auth/userpass/": "userpass"}
"""What is mounted in every namespace besides the fixed mounts."""
MOUNTS: Final = {
    namespace + mount: kind
    for namespace in ("", *NAMESPACES)
    for mount, kind in MOUNTS_EACH.items()
}

ALL_OPERATIONS: Final = (
    *("read", "list", "scan", "create", "update", "patch", "delete"),
    *("help", "header", "revoke", "renew", "rollback"),
)


@dataclass(frozen=True)
class World:
    """Policies by name and the token that asks. `later` is the time of the requests."""

    policies: dict[str, PolicyData]
    token: TokenData
    later: float = NOW
    json: frozenset[str] = field(default_factory=frozenset)
    """The policies to be written as JSON, where that can say the same."""


def dealt(rules: Sequence[RuleData], cuts: Sequence[int]) -> dict[str, PolicyData]:
    """The rules, in order, as policies `p1`, `p2`…, cut after the given counts."""
    places = sorted({cut % (len(rules) + 1) for cut in cuts} | {0, len(rules)})
    return {
        f"p{number}": PolicyData(tuple(rules[start:end]))
        for number, (start, end) in enumerate(pairwise(places), start=1)
    }


_CUTS = st.lists(st.integers(0, 9), max_size=2)
_JSON = st.sets(st.sampled_from(("p1", "p2", "p3"))).map(frozenset)


@st.composite
def pattern_worlds(draw: DrawFn, words: Sequence[str] = plain.CAPABILITIES) -> World:
    """Many colliding patterns with capabilities, in one to three policies."""
    patterns = draw(plain.pattern_lists())
    grants = draw(
        st.lists(plain.capability_lists(words), min_size=len(patterns), max_size=len(patterns))
    )
    rules = [
        RuleData(path, capabilities=words) for path, words in zip(patterns, grants, strict=True)
    ]
    policies = dealt(rules, draw(_CUTS))
    namespace = draw(st.sampled_from(("", "", "", "ns1/", "ns1/ns2/")))
    return World(
        policies, TokenData(policies=tuple(policies), namespace=namespace), json=draw(_JSON)
    )


@st.composite
def condition_worlds(draw: DrawFn, *, openbao: bool) -> World:
    """A few rules on one or two patterns, with parameters, TTLs and limits that must be merged."""
    # Mostly rules of one pattern, to be merged.
    path = st.sampled_from(("a/x", "a/x", "a/x", "a/+", "a/*"))
    paths = draw(st.lists(path, min_size=1, max_size=4))
    rules = [draw(_conditions(path, openbao=openbao)) for path in paths]
    policies = dealt(rules, draw(_CUTS))
    later = draw(st.sampled_from((NOW, NOW + 100.0)))
    return World(policies, TokenData(policies=tuple(policies)), later=later, json=draw(_JSON))


_EXPIRATIONS: Final = (
    *("", "2199-01-01T00:00:00Z", "2001-02-03T04:05:06.789Z", "2020-01-01T00:00:00-05:00"),
    *("946684800", 7258118400, int(NOW) - 50, int(NOW) + 50, "2025-10-09T08:53:30Z", "tomorrow"),
)


def _conditions(path: str, *, openbao: bool) -> SearchStrategy[RuleData]:
    words = (*plain.CAPABILITIES, "scan") if openbao else plain.CAPABILITIES
    all_words = tuple(word for word in words if word != "deny")
    none = st.none()
    blocks = plain.mostly(
        none, st.one_of(plain.parameter_blocks(), plain.parameter_blocks(structures=False)), 1
    )
    ttls = plain.mostly(none, st.sampled_from(plain.TTLS), 4)
    return st.builds(
        RuleData,
        path=st.just(path),
        capabilities=plain.mostly(
            st.just(all_words), st.one_of(plain.capability_lists(words), none), 5
        ),
        policy=st.sampled_from((*[None] * 20, "read", "write", "sudo", "deny", "", "admin")),
        allowed_parameters=blocks,
        denied_parameters=blocks,
        required_parameters=plain.mostly(none, plain.required_parameters(), 2),
        min_wrapping_ttl=ttls,
        max_wrapping_ttl=ttls,
        pagination_limit=st.sampled_from((None, 5, 5, 1, 10, 0, -1)) if openbao else none,
        expiration=plain.mostly(none, st.sampled_from(_EXPIRATIONS), 9) if openbao else none,
        other_keys=st.sampled_from(((), (), ("comment",), ("mfa_methods",))),
    )


@st.composite
def bound_worlds(draw: DrawFn, *, openbao: bool) -> World:
    """Two or three rules of one pattern that set nothing but bounds: TTLs and, there, limits."""
    ttls = plain.mostly(st.sampled_from(plain.TTLS), st.none(), 2)
    rule = st.builds(
        RuleData,
        path=st.just("a/x"),
        capabilities=st.just(("read", "list")),
        min_wrapping_ttl=ttls,
        max_wrapping_ttl=ttls,
        pagination_limit=st.sampled_from((None, 0, -1, 1, 5, 6)) if openbao else st.none(),
    )
    rules = draw(st.lists(rule, min_size=2, max_size=3))
    # One policy each: a rule that a server refuses does not take the others with it.
    policies = {f"p{number}": PolicyData((one,)) for number, one in enumerate(rules, start=1)}
    return World(policies, TokenData(policies=tuple(policies)), json=draw(_JSON))


def bodies_near(policies: Iterable[PolicyData]) -> list[dict[str, Value]]:
    """Request data that the parameter blocks of the policies speak of, without any chance."""
    found: list[dict[str, Value]] = []
    for rule in [rule for policy in policies for rule in policy.rules]:
        required: dict[str, Value] = {n.lower(): "v" for n in rule.required_parameters or ()}
        together: dict[str, Value] = dict(required)
        for name, values in (*(rule.allowed_parameters or ()), *(rule.denied_parameters or ())):
            found += [{name.upper(): "v"}, {**required, name.lower(): "zz"}]
            found += [{**required, name.lower(): value} for value in values]
            together[name] = values[-1] if values else "zz"
        found += [together, required]
    return [body for index, body in enumerate(found) if body not in found[:index]]


ENTITY_ID: Final = "11111111-aaaa-bbbb-cccc-000000000001"
GROUP_ID: Final = "22222222-aaaa-bbbb-cccc-000000000001"
ACCESSOR: Final = "auth_userpass_78cd3fd1"

_EXPRESSIONS: Final = (
    "identity.entity.id",
    "identity.entity.name",
    " identity.entity.name ",
    "identity.entity.metadata.m",
    "identity.entity.metadata.m.n",
    f"identity.entity.aliases.{ACCESSOR}.name",
    f"identity.entity.aliases.{ACCESSOR}.metadata.m",
    f"identity.entity.aliases.{ACCESSOR}.custom_metadata.m",
    f"identity.groups.ids.{GROUP_ID}.name",
    f"identity.groups.ids.{GROUP_ID}.metadata.m",
    "identity.groups.names.g 1.id",
    "identity.groups.names.g 1.metadata.m",
    "time.now",
    "time.now.plus.90",
    "time.now.minus.1m30s",
    "time.now.plus.1d",
)
_MISSING: Final = (
    "identity.entity.metadata.M",
    "identity.entity.metadata",
    "identity.entity.metadata.",
    "identity.entity.aliases.nope.name",
    f"identity.entity.aliases.{ACCESSOR}",
    "identity.groups.ids.nope.id",
    "identity.groups.names.dev.ops.id",
    "identity.entity.groups.names",
    "Identity.entity.name",
    "time.now.plus.soon",
    "bogus",
    "",
)
_TEMPLATE_SHAPES: Final = (
    *("{0}", "a/{0}", "a/{0}/*", "a{0}b", "{0}*", "{0}/{1}", "a/{0}/{1}/+", "+/{0}", "b{0}+"),
    *("a/{0}*", "/{0}", "{0}/", "{{{0}}}", "a/{0}/b"),
)
_UNBALANCED: Final = ("a}}}}{0}", "{0}}}}}", "{{{{a", "{{{{{0}")
_TAME: Final = ("a", "b", "é", "a.b", "A", "")
_WILD: Final = ("x/y", "x*", "+", "/", "*", "a+b")


@st.composite
def template_worlds(draw: DrawFn) -> World:
    """Templated paths, an identity with awkward values, and plain rules beside them."""
    expression = plain.mostly(st.sampled_from(_EXPRESSIONS), st.sampled_from(_MISSING), 5).map(
        lambda text: "{{" + text + "}}"
    )
    shapes = _TEMPLATE_SHAPES + _UNBALANCED if draw(st.integers(0, 9)) == 9 else _TEMPLATE_SHAPES
    templated = st.builds(str.format, st.sampled_from(shapes), expression, expression)
    path = plain.mostly(templated, st.sampled_from(("a/b", "a/*", "+/b", "b/é/a")))
    expiration = st.sampled_from((None, None, None, None, "2001-02-03T04:05:06Z"))
    rules = draw(
        st.lists(
            st.builds(
                RuleData,
                path=path,
                capabilities=plain.capability_lists(),
                expiration=expiration if draw(st.booleans()) else st.none(),
            ),
            min_size=1,
            max_size=5,
        )
    )
    options = st.sampled_from((False, False, True))
    policies = {
        name: replace(policy, allow_slashes=draw(options), allow_wildcards=draw(options))
        for name, policy in dealt(rules, draw(_CUTS)).items()
    }
    tame = st.sampled_from(_TAME)
    chosen = st.sampled_from(_TAME + _WILD) if draw(st.integers(0, 2)) == 2 else tame
    metadata = st.fixed_dictionaries({"m": chosen}, optional={"m.n": chosen})
    namespace = draw(st.sampled_from(("", "", "ns1/")))
    entity = st.builds(
        EntityData,
        id=st.just(ENTITY_ID),
        name=chosen,
        metadata=metadata,
        policies=st.sampled_from(((), ("p2",), ("P1 ",))),
        aliases=st.tuples(
            st.builds(
                AliasData,
                id=st.just("alias-1"),
                name=chosen,
                mount_accessor=st.just(ACCESSOR),
                metadata=metadata,
                custom_metadata=metadata,
            )
        ),
    )
    group = st.builds(
        GroupData,
        id=st.just(GROUP_ID),
        name=st.sampled_from(("g 1", "g 1", "dev.ops", "a")),
        metadata=metadata,
        policies=st.sampled_from(((), ("p3",))),
        namespace=st.just(namespace),
    )
    token = draw(
        st.builds(
            TokenData,
            policies=st.just(tuple(policies)),
            entity=plain.mostly(entity, st.none(), 5),
            groups=plain.mostly(st.tuples(group), st.just(())),
            namespace=st.just(namespace),
        )
    )
    if token.entity is None:
        token = replace(token, groups=())
    return World(policies, token, json=draw(_JSON))


_GUARDED: Final = (
    *("sys/auth", "sys/auth/", "sys/auth/x", "sys/audit", "sys/audit/x", "sys/audits"),
    *("sys/remount", "sys/raw", "sys/raw/a", "sys/rotate", "sys/rotate/keyring", "sys/rotate/x"),
    *("sys/config/cors", "sys/config/cors/", "sys/config/auditing/x", "sys/config/ui/headers/"),
    *("sys/plugins/catalog", "sys/plugins/catalog/auth", "sys/leases", "sys/leases/"),
    *("sys/leases/lookup", "sys/leases/lookup/", "sys/leases/lookup/a", "sys/revoke-force/x"),
    *("sys/leases/revoke-prefix/x", "sys/internal/inspect/router/root", "sys/mounts"),
    *("sys/replication/reindex", "sys/storage/raft/snapshot-auto/config/x"),
    *("auth/token/accessors", "auth/token/accessors/", "auth/token/revoke-orphan"),
    *("auth/token/revoke-orphan/x", "auth/token/create", "auth/token/accessorsx"),
    *("pki/root", "pki/root/", "pki/root/x", "pki/root/sign-self-issued", "pki/roots"),
    *("sys/health", "sys/seal-status", "sys/leader", "sys/init", "sys/healthy"),
    *("sys/wrapping/lookup", "sys/wrapping/lookup/x", "sys/wrapping/unwrap", "sys/mfa/validate"),
    *("sys/internal/ui/mounts", "sys/replication/status", "auth/userpass/login/u"),
)
GUARDED_PATHS: Final = _GUARDED
"""Paths on both sides of the fence of section 7."""

CHILD_PATHS: Final = (
    *("sys/auth", "sys/auth/", "sys/auth/x", "sys/leases/revoke-prefix/x", "sys/mounts", "a/b"),
    *("auth/token/accessors/", "auth/token/accessors", "auth/token/create", "pki/root", "pki/x"),
)
"""Some of them that exist in every namespace; others the server refuses in a child namespace."""


@st.composite
def sudo_worlds(draw: DrawFn) -> World:
    """Rules for guarded paths and their neighbours, with and without `sudo`."""
    path = st.one_of(
        st.sampled_from(_GUARDED),
        st.sampled_from(
            ("sys/*", "+/audit", "sys/+", "sys/auth/*", "sys/au*", "*", "auth/+/accessors")
        ),
        st.sampled_from(("sys/step-down", "sys/seal", "sys/s*", "auth/token/*", "pki/*", "ns1/*")),
    )
    rules = draw(
        st.lists(
            st.builds(RuleData, path=path, capabilities=plain.capability_lists()),
            min_size=1,
            max_size=8,
        )
    )
    policies = dealt(rules, draw(_CUTS))
    namespace = draw(st.sampled_from(("", "", "", "ns1/")))
    return World(
        policies, TokenData(policies=tuple(policies), namespace=namespace), json=draw(_JSON)
    )


@st.composite
def mount_worlds(draw: DrawFn) -> World:
    """Rules at and around the bare names of mounts, where a server looks up writes elsewhere."""
    mount = st.sampled_from(("cubbyhole", "pki", "auth/token", "sys", "auth/userpass", "identity"))
    path = st.builds("".join, st.tuples(mount, st.sampled_from(("", "/", "/*", "*", "/+", "//"))))
    rule = st.builds(RuleData, path=path, capabilities=plain.capability_lists())
    rules = draw(st.lists(rule, min_size=1, max_size=6))
    policies = dealt(rules, draw(_CUTS))
    return World(policies, TokenData(policies=tuple(policies)))


@st.composite
def name_worlds(draw: DrawFn) -> World:
    """Tokens that hold unknown policies, odd spellings, `default` or `root`."""
    world = draw(pattern_worlds())
    spelling = st.sampled_from(
        ("p1", "p2", "P1", " p1 ", "p2", "missing", "default", "Default", "root")
    )
    names = draw(st.one_of(st.lists(spelling, max_size=4), st.just(["root"])))
    entity = draw(
        st.one_of(
            st.none(),
            st.builds(
                EntityData,
                id=st.just(ENTITY_ID),
                name=st.sampled_from(("bob", "x y")),
                policies=st.lists(st.sampled_from(("p1", "P2", "p3")), max_size=2).map(tuple),
            ),
        )
    )
    return replace(world, token=replace(world.token, policies=tuple(names), entity=entity))


def operations_on(
    paths: Iterable[str],
    namespace: str = "",
    operations: Sequence[str] = ALL_OPERATIONS,
) -> list[RequestData]:
    """Each operation on each path, without data."""
    return [RequestData(operation, path, namespace) for path in paths for operation in operations]
