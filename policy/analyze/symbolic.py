"""An identity for templates that nobody filled in: each selector stands for one unknown value.

The value is the selector as it is written, so that a rule on `secret/{{identity.entity.name}}/*`
is about the one segment `{{identity.entity.name}}`. It differs from every name that policies
spell out, as the value of some token would, and the evaluator decides by it like by any other.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.model import Alias, Entity, Group, Selector, Token, split_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.model import Policy

__all__ = ["symbolic_token"]

_FORBIDDEN = str.maketrans("/*+", "___")


def symbolic_token(
    names: Sequence[str], policies: Iterable[Policy], *, namespace: str = ""
) -> Token:
    """A token with these policies whose identity has a value for every selector in `policies`."""
    entity: dict[str, str] = {}
    aliases: defaultdict[str, dict[str, str]] = defaultdict(dict)
    groups: defaultdict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for policy in policies:
        for rule in policy.rules:
            if rule.pattern is not None:
                continue
            for part in split_template(rule.path):
                if not isinstance(part, Selector):
                    continue
                value = "{{" + part.text.translate(_FORBIDDEN) + "}}"
                match part.text.split(".", 4):
                    case ["identity", "entity", "aliases", accessor, field]:
                        aliases[accessor][field] = value
                    case ["identity", "groups", by, wanted, field]:
                        groups[by, wanted, policy.namespace][field] = value
                    case ["identity", "entity", *_]:
                        entity[part.text.removeprefix("identity.entity.")] = value
    return Token(
        names,
        Entity(
            entity.get("id", "{{identity.entity.id}}"),
            entity.get("name", "{{identity.entity.name}}"),
            _below("metadata.", entity),
            (),
            tuple(_alias(accessor, fields) for accessor, fields in sorted(aliases.items())),
        ),
        tuple(_group(*key, fields) for key, fields in sorted(groups.items())),
        namespace,
    )


def _below(prefix: str, fields: dict[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(prefix): value
        for name, value in fields.items()
        if name.startswith(prefix)
    }


def _alias(accessor: str, fields: dict[str, str]) -> Alias:
    return Alias(
        fields.get("id", ""),
        fields.get("name", ""),
        accessor,
        _below("metadata.", fields),
        _below("custom_metadata.", fields),
    )


def _group(by: str, wanted: str, namespace: str, fields: dict[str, str]) -> Group:
    """The group that a selector asks for, by its id or its name."""
    return Group(
        wanted if by == "ids" else fields.get("id", ""),
        wanted if by == "names" else fields.get("name", ""),
        _below("metadata.", fields),
        (),
        namespace,
    )
