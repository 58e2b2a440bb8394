"""Recorded things as the engine takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, NamedTuple

from policy import Alias, Entity, Group
from policy.lower import compile_policy

if TYPE_CHECKING:
    from policy import Dialect, Policy
    from policy.source import Source
    from tests.corpus.rows import Identity

__all__ = ["NOW", "Compilation", "compilation", "entity_of", "groups_of"]

NOW = 1_750_000_000.0
"""Recorded expirations lie before 2020 or after 2090; any time in between gives the same."""


class Compilation(NamedTuple):
    """A compiled text, or None where it is refused.

    Plain texts have a fast way around the grammar. `accepted` is a word where the two ways do
    not lead to the same policy.
    """

    policy: Policy | None
    accepted: bool | str


def compilation(source: Source, name: str, dialect: Dialect) -> Compilation:
    """Compile a text both ways; the policy is that of the fast one, which is what users get."""
    fast = compile_policy(source, name, dialect, NOW).policy
    full = compile_policy(source, name, dialect, NOW, fast=False).policy
    if not _same(fast, full):
        return Compilation(fast, "the fast and the full way of reading it differ")
    return Compilation(fast, fast is not None)


def _same(one: object, other: object) -> bool:
    """Equality of values that nest deeper than Python's stack."""
    pending = [(one, other)]
    while pending:
        a, b = pending.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, list | tuple) and isinstance(b, list | tuple):
            if len(a) != len(b):
                return False
            pending += zip(a, b, strict=True)
        elif isinstance(a, Mapping) and isinstance(b, Mapping):
            if a.keys() != b.keys():
                return False
            pending += [(a[key], b[key]) for key in a]
        elif is_dataclass(a):
            pending += [(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)]
        elif a != b:
            return False
    return True


def entity_of(identity: Identity) -> Entity | None:
    """The entity, if there is one."""
    recorded = identity.entity
    if recorded is None:
        return None
    return Entity(
        id=recorded.id,
        name=recorded.name,
        metadata=recorded.metadata or {},
        policies=tuple(recorded.policies),
        aliases=tuple(
            Alias(
                id=alias.id,
                name=alias.name,
                mount_accessor=alias.mount_accessor,
                metadata=alias.metadata or {},
                custom_metadata=alias.custom_metadata or {},
            )
            for alias in recorded.aliases
        ),
    )


def groups_of(identity: Identity, namespace: str = "") -> tuple[Group, ...]:
    """The groups the entity is in."""
    return tuple(
        Group(
            id=group.id,
            name=group.name,
            metadata=group.metadata or {},
            policies=tuple(group.policies),
            namespace=namespace,
        )
        for group in identity.groups
        if group.member
    )
