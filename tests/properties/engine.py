"""The engine, seen through the reference's plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import policy
from tests.properties.worlds import MOUNTS, MOUNTS_EACH, NAMESPACES, NOW, World
from tests.reference.data import EntityData, PolicyData, Refused, RequestData, TokenData
from tests.reference.model import Reference
from tests.reference.printing import as_json_says, fits_json, to_hcl, to_json
from tests.reference.rules import check_policy

MOUNT_TABLE = policy.MountTable.default().with_mounts(MOUNTS_EACH)


def written(name: str, data: PolicyData, *, as_json: bool) -> tuple[str, PolicyData]:
    """The text of a policy, and what that text means. The spelling differs from name to name."""
    if as_json and fits_json(data.rules):
        text = to_json(data.rules, paths_in_list=name == "p2")
        return text, replace(data, rules=as_json_says(data.rules))
    return to_hcl(data.rules, equals=name != "p2"), data


def accepted(data: PolicyData, *, dialect: str, namespace: str = "") -> bool:
    """Whether the reference says that the server takes the policy."""
    try:
        check_policy(data, dialect=dialect, now=NOW, namespace=namespace)
    except Refused:
        return False
    return True


def parsed(
    name: str, text: str, data: PolicyData, *, dialect: str, namespace: str = ""
) -> policy.Policy | None:
    """The engine's policy, or None if the engine refuses the text."""
    try:
        read = policy.parse(text, name, dialect=dialect, now=NOW)
    except policy.InvalidPolicyError:
        return None
    return replace(
        read,
        namespace=namespace,
        allow_slashes_in_identity_templates=data.allow_slashes,
        allow_wildcards_in_identity_templates=data.allow_wildcards,
    )


def token_of(data: TokenData) -> policy.Token:
    """The same token for the engine."""
    return policy.Token(
        policies=data.policies,
        entity=None if data.entity is None else entity_of(data.entity),
        groups=tuple(
            policy.Group(
                id=group.id,
                name=group.name,
                metadata=group.metadata,
                policies=group.policies,
                namespace=group.namespace,
            )
            for group in data.groups
        ),
        namespace=data.namespace,
    )


def entity_of(data: EntityData) -> policy.Entity:
    """The same entity for the engine."""
    return policy.Entity(
        id=data.id,
        name=data.name,
        metadata=data.metadata,
        policies=data.policies,
        aliases=tuple(
            policy.Alias(
                id=alias.id,
                name=alias.name,
                mount_accessor=alias.mount_accessor,
                metadata=alias.metadata,
                custom_metadata=alias.custom_metadata,
            )
            for alias in data.aliases
        ),
    )


def request_of(data: RequestData) -> policy.Request:
    """The same request for the engine."""
    return policy.Request(
        operation=policy.Operation(data.operation),
        path=data.path,
        namespace=data.namespace,
        data=data.data,
        wrap_ttl_seconds=data.wrap_ttl_seconds,
    )


def acl_of(world: World, dialect: str, *, namespaces: tuple[str, ...] = NAMESPACES) -> policy.ACL:
    """The engine's ACL of a world. Policies it refuses do not exist."""
    found = []
    for name, data in world.policies.items():
        text, meaning = written(name, data, as_json=name in world.json)
        one = parsed(name, text, meaning, dialect=dialect, namespace=world.token.namespace)
        if one is not None:
            found.append(one)
    return acl_from(found, world, dialect, namespaces=namespaces)


def acl_from(
    found: Iterable[policy.Policy],
    world: World,
    dialect: str,
    *,
    namespaces: tuple[str, ...] = NAMESPACES,
) -> policy.ACL:
    """The engine's ACL for the token of a world."""
    policies = policy.PolicySet(found, dialect=dialect)
    return policies.acl(
        token_of(world.token), mounts=MOUNT_TABLE, namespaces=namespaces, now=world.later
    )


def answers(acl: policy.ACL, requests: Iterable[RequestData]) -> list[policy.Outcome]:
    """The outcome of each request."""
    return [acl.decide(request_of(request)).outcome for request in requests]


class Pair:
    """One world in one dialect, for the engine and for the reference.

    Making it checks that both take and refuse the same policies; refused ones do not exist.
    """

    def __init__(self, world: World, dialect: str) -> None:
        self.texts: dict[str, str] = {}
        self.meant: dict[str, PolicyData] = {}
        self.dialect = dialect
        self.world = world
        namespace = world.token.namespace
        found = []
        for name, data in world.policies.items():
            text, meaning = written(name, data, as_json=name in world.json)
            self.texts[name] = text
            one = parsed(name, text, meaning, dialect=dialect, namespace=namespace)
            wanted = accepted(meaning, dialect=dialect, namespace=namespace)
            assert (one is not None) == wanted, (
                f"the reference {'accepts' if wanted else 'refuses'} `{name}`\n{self}"
            )
            if one is not None:
                found.append(one)
                self.meant[name] = meaning
        self.reference = Reference(
            self.meant,
            world.token,
            dialect=dialect,
            now=world.later,
            mounts=MOUNTS,
            namespaces=NAMESPACES,
        )
        self.acl = acl_from(found, world, dialect)

    def __str__(self) -> str:
        texts = "\n".join(f"--- {name}\n{text}" for name, text in self.texts.items())
        return f"{self.dialect}, {self.world.token}, at {self.world.later}\n{texts}"
