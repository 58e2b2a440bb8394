"""Section 8.3: templates in path labels."""

from __future__ import annotations

from collections.abc import Mapping

from tests.reference.data import (
    AliasData,
    EntityData,
    GroupData,
    NoACL,
    NotDetermined,
    PolicyData,
    Refused,
    TokenData,
)
from tests.reference.times import go_duration, ttl_seconds


class LeftOut(Exception):
    """An expression has no value: that path block is left out and the others stay."""


def pieces(path: str) -> list[tuple[str, str]]:
    """The path as literal text followed by (expression, text after it) pairs.

    The first pair has no expression. Raises `Refused` for unbalanced braces: each `{{` needs one
    `}}` before the next `{{`, and a `}}` before the first `{{` is wrong.
    """
    first, *rest = path.split("{{")
    if "}}" in first:
        raise Refused("unbalanced braces")
    result = [("", first)]
    for part in rest:
        halves = part.split("}}")
        if len(halves) != 2:
            raise Refused("unbalanced braces")
        result.append((halves[0], halves[1]))
    return result


def check_balance(path: str) -> None:
    """What is checked of templates when a policy is written. Raises `Refused`."""
    pieces(path)


def filled(path: str, policy: PolicyData, token: TokenData, *, dialect: str, now: float) -> str:
    """The path with its templates filled in. Raises `LeftOut`, `NoACL` or `NotDetermined`."""
    (_, text), *rest = pieces(path)
    # Expressions are evaluated from left to right.
    for expression, literal in rest:
        value = value_of(expression.strip(), token, dialect=dialect, now=now)
        if value is None:
            raise LeftOut(expression)
        check_value(value, policy, dialect)
        text += value + literal
    return text


def check_value(value: str, policy: PolicyData, dialect: str) -> None:
    """What a `/`, `*` or `+` in a value does; section 13, rows 12 and 13, for Vault."""
    slash = "/" in value
    wildcard = "*" in value or "+" in value
    if dialect == "openbao-2.7":
        if (slash and not policy.allow_slashes) or (wildcard and not policy.allow_wildcards):
            raise NoACL(value)
    elif dialect == "vault-1.21":
        if slash or wildcard:
            raise NotDetermined(value)
    elif dialect == "vault-2.0" and wildcard:
        raise LeftOut(value)


def value_of(expression: str, token: TokenData, *, dialect: str, now: float) -> str | None:
    """The table of section 8.3. None where an expression has no value."""
    entity = token.entity
    if expression == "time.now":
        return str(int(now))
    for sign, start in ((1, "time.now.plus."), (-1, "time.now.minus.")):
        if expression.startswith(start):
            return shifted_time(now, sign, expression[len(start) :], dialect)
    if entity is None:
        return None
    if expression.startswith("identity.entity."):
        return of_entity(expression[len("identity.entity.") :], entity)
    if expression.startswith("identity.groups.ids."):
        wanted, _, attribute = expression[len("identity.groups.ids.") :].partition(".")
        return of_group(attribute, [group for group in token.groups if group.id == wanted])
    if expression.startswith("identity.groups.names."):
        # NAME ends at the first dot; groups of the policy's namespace only.
        wanted, _, attribute = expression[len("identity.groups.names.") :].partition(".")
        return of_group(
            attribute,
            [
                group
                for group in token.groups
                if group.name == wanted and group.namespace == token.namespace
            ],
        )
    return None


def shifted_time(now: float, sign: int, duration: str, dialect: str) -> str | None:
    """`time.now.plus.X`; section 13, row 14: Vault 1.11 wants a Go duration."""
    try:
        shift = go_duration(duration) if dialect == "vault-1.11" else ttl_seconds(duration)
    except Refused:
        return None
    return str(int(now + sign * shift))


def of_entity(attribute: str, entity: EntityData) -> str | None:
    """`identity.entity.…`"""
    if attribute == "id":
        return entity.id or None
    if attribute == "name":
        return entity.name or None
    if attribute.startswith("metadata."):
        # KEY is all the rest, dots included.
        return _get(entity.metadata, attribute[len("metadata.") :])
    if attribute.startswith("aliases."):
        accessor, _, rest = attribute[len("aliases.") :].partition(".")
        for alias in entity.aliases:
            if alias.mount_accessor == accessor:
                return of_alias(rest, alias)
    return None


def of_alias(attribute: str, alias: AliasData) -> str | None:
    """`identity.entity.aliases.ACCESSOR.…`"""
    if attribute == "id":
        return alias.id or None
    if attribute == "name":
        return alias.name or None
    for start, metadata in (
        ("metadata.", alias.metadata),
        ("custom_metadata.", alias.custom_metadata),
    ):
        if attribute.startswith(start):
            return _get(metadata, attribute[len(start) :])
    return None


def of_group(attribute: str, groups: list[GroupData]) -> str | None:
    """`identity.groups.ids.ID.…` and `identity.groups.names.NAME.…`"""
    for group in groups:
        if attribute == "id":
            return group.id or None
        if attribute == "name":
            return group.name or None
        if attribute.startswith("metadata."):
            return _get(group.metadata, attribute[len("metadata.") :])
    return None


def _get(metadata: Mapping[str, str], key: str) -> str | None:
    """A metadata value; one that exists but is empty is the empty string."""
    return metadata.get(key)
