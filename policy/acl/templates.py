"""Filling templates in paths with what is known of a token's identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lower.scalars import template_delay
from policy.model import Selector, TemplateValue, split_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.model import Dialect, Entity, Group, Policy, Token
    from policy.model.identity import Alias, Metadata

__all__ = ["ForbiddenValueError", "MissingValueError", "fill_template", "uses_time"]


class MissingValueError(Exception):
    """A selector has no value for this token: the rule is left out, and the others stand."""


class ForbiddenValueError(Exception):
    """A value holds a character that means something in a path.

    `is_determined` is False where nobody has seen what this server does about it.
    """

    def __init__(self, char: str, *, is_determined: bool) -> None:
        super().__init__(f'template substitution contains forbidden value: "{char}"')
        self.is_determined = is_determined


def uses_time(path: str) -> bool:
    """Whether the path changes with the clock."""
    return any(
        isinstance(part, Selector) and part.text.startswith("time.")
        for part in split_template(path)
    )


def fill_template(
    path: str, policy: Policy, token: Token, dialect: Dialect, now: float | None
) -> str:
    """The path of a rule for one token, evaluated from left to right.

    Raises `MissingValueError` when the rule is to be left out and `ForbiddenValueError` when no
    ACL can be built at all. Source: OpenBao 2.7.2 (recorded as `template-*`); what other dialects
    do with `/`, `*` and `+` was read, see `Dialect`.
    """
    filled = []
    for part in split_template(path):
        if isinstance(part, str):
            filled.append(part)
            continue
        value = _value(part.text, policy, token, dialect, now)
        _check(value, policy, dialect)
        filled.append(value)
    return "".join(filled)


def _check(value: str, policy: Policy, dialect: Dialect) -> None:
    for char, allowed, treatment in (
        ("/", policy.allow_slashes_in_identity_templates, dialect.template_slash),
        ("*", policy.allow_wildcards_in_identity_templates, dialect.template_wildcard),
        ("+", policy.allow_wildcards_in_identity_templates, dialect.template_wildcard),
    ):
        if char not in value or treatment is TemplateValue.USED:
            continue
        if treatment is TemplateValue.RULE_LEFT_OUT:
            raise MissingValueError
        if treatment is TemplateValue.UNKNOWN or not allowed:
            raise ForbiddenValueError(char, is_determined=treatment is TemplateValue.NO_ACL)


def _value(selector: str, policy: Policy, token: Token, dialect: Dialect, now: float | None) -> str:
    if selector.startswith("identity.entity."):
        if token.entity is None:
            raise MissingValueError
        return _entity_value(selector.removeprefix("identity.entity."), token.entity)
    if selector.startswith("identity.groups."):
        return _group_value(selector.removeprefix("identity.groups."), policy, token.groups)
    if selector.startswith("time."):
        return _time_value(selector.removeprefix("time."), dialect, now)
    raise MissingValueError


def _entity_value(selector: str, entity: Entity) -> str:
    if selector.startswith("aliases."):
        accessor, dot, rest = selector.removeprefix("aliases.").partition(".")
        for alias in entity.aliases:
            if dot and alias.mount_accessor == accessor:
                return _alias_value(rest, alias)
        raise MissingValueError
    return _named_value(selector, entity)


def _alias_value(selector: str, alias: Alias) -> str:
    if selector.startswith("custom_metadata."):
        return _metadata(alias.custom_metadata, selector.removeprefix("custom_metadata."))
    return _named_value(selector, alias)


def _group_value(selector: str, policy: Policy, groups: Sequence[Group]) -> str:
    by, _, rest = selector.partition(".")
    wanted, dot, rest = rest.partition(".")
    if not dot or by not in ("ids", "names"):
        raise MissingValueError
    for group in groups:
        found = (
            group.id == wanted
            if by == "ids"
            # By name only groups of the policy's own namespace are found.
            else group.name == wanted and group.namespace == policy.namespace
        )
        if found:
            return _named_value(rest, group)
    raise MissingValueError


def _named_value(selector: str, thing: Entity | Alias | Group) -> str:
    """`id`, `name` (neither may be empty) or `metadata.KEY`, where KEY is all the rest."""
    if selector == "id" and thing.id:
        return thing.id
    if selector == "name" and thing.name:
        return thing.name
    if selector.startswith("metadata."):
        return _metadata(thing.metadata, selector.removeprefix("metadata."))
    raise MissingValueError


def _metadata(metadata: Metadata, key: str) -> str:
    if key not in metadata:
        raise MissingValueError
    return metadata[key]


def _time_value(selector: str, dialect: Dialect, now: float | None) -> str:
    if now is None:
        raise MissingValueError
    if selector == "now":
        return str(int(now))
    for word, sign in (("now.plus.", 1), ("now.minus.", -1)):
        if selector.startswith(word):
            try:
                delay = template_delay(selector.removeprefix(word), dialect.time_offset_units)
            except ValueError:
                raise MissingValueError from None
            return str(int(now + sign * delay))
    raise MissingValueError
