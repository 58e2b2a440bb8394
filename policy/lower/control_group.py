"""`control_group`: checked when a policy is written, stored, and no part of the ACL's verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lower.decode import Decoder, Rejected
from policy.lower.ttl import ttl_nanoseconds
from policy.model import ControlGroup, ControlGroupFactor
from policy.syntax import Item, ObjectNode, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Dialect, ParameterValue

__all__ = ["control_group"]

# What OpenBao 2.7.2 lets a factor control (recorded as `control-group`): operations, not
# capabilities, so neither `sudo` nor `deny` is among them.
_CONTROLLED = frozenset(
    (
        *("create", "read", "update", "patch", "delete", "list", "scan", "help", "header"),
        *("alias-lookahead", "resolve-role", "revoke", "renew", "rollback"),
    )
)


def control_group(
    value: Value, decoder: Decoder, dialect: Dialect, capabilities: frozenset[str]
) -> ControlGroup:
    """Check one `control_group` block and give its meaning.

    `capabilities` are those of the rule; Vault wants the controlled ones among them.
    Raises `Rejected` at the first thing the server would refuse.
    """
    if not isinstance(value, ObjectNode):
        raise Rejected(value.span, "`control_group` must be a block")
    ttl: ParameterValue = 0
    seen_ttl = False
    for item in _items(value, ("ttl", "self_auth_allowed", "factor"), decoder, dialect):
        name = decoder.key(item.keys[0])
        if name == "ttl":
            # The first occurrence fixes the type, as everywhere.
            ttl = decoder.anything(_unlabelled(item), ttl if seen_ttl else None)
            seen_ttl = True
        elif name == "self_auth_allowed":
            decoder.boolean(_unlabelled(item), "`self_auth_allowed`")
    factors = tuple(
        _factor(item, decoder, dialect, capabilities)
        for item in value.items
        if decoder.key(item.keys[0]) == "factor"
    )
    if not factors:
        raise Rejected(value.span, "`control_group` needs at least one `factor`")
    return ControlGroup(ttl_nanoseconds(ttl, value.span, "`ttl`"), factors)


def _factor(
    item: Item, decoder: Decoder, dialect: Dialect, capabilities: frozenset[str]
) -> ControlGroupFactor:
    if len(item.keys) < 2 or not isinstance(item.value, ObjectNode):
        raise Rejected(
            item.span, "a `factor` needs a label and a block", 'write `factor "name" { … }`'
        )
    name = decoder.key(item.keys[1])
    controlled: list[str] = []
    groups: list[str] = []
    approvals = 0
    identity = False
    for inner in _items(item.value, ("controlled_capabilities", "identity"), decoder, dialect):
        if decoder.key(inner.keys[0]) == "controlled_capabilities":
            controlled += decoder.strings(_unlabelled(inner), "`controlled_capabilities`")
            continue
        identity = True
        for entry in _entries(inner):
            # Unknown keys are ignored here, and case does not matter.
            match decoder.key(entry.keys[0]).lower():
                case "group_names":
                    groups += decoder.strings(_unlabelled(entry), "`group_names`")
                case "group_ids" if not dialect.openbao_control_groups:
                    groups += decoder.strings(_unlabelled(entry), "`group_ids`")
                case "approvals":
                    approvals = decoder.integer(_unlabelled(entry), "`approvals`")
    if dialect.openbao_control_groups:
        if not controlled:
            raise Rejected(item.span, f"factor `{name}` has no `controlled_capabilities`")
        for word in controlled:
            if word not in _CONTROLLED:
                raise Rejected(item.span, f"factor `{name}` cannot control `{word}`")
    else:
        if not identity:
            raise Rejected(item.span, f"factor `{name}` has no `identity`")
        for word in controlled:
            if word not in capabilities:
                raise Rejected(
                    item.span, f"factor `{name}` controls `{word}`, which the rule does not grant"
                )
    if approvals < 1:
        raise Rejected(item.span, f"factor `{name}` needs `approvals` of 1 or more")
    if not groups:
        raise Rejected(item.span, f"factor `{name}` names no group that approves")
    return ControlGroupFactor(name, tuple(controlled), tuple(groups), approvals)


def _entries(identity: Item) -> tuple[Item, ...]:
    """The entries of `identity { … }`; a label makes the block an entry of that name."""
    if len(identity.keys) > 1:
        return (Item(identity.keys[1:], identity.value, identity.assign),)
    if not isinstance(identity.value, ObjectNode):
        raise Rejected(identity.value.span, "`identity` must be a block")
    return identity.value.items


def _items(
    body: ObjectNode, known: tuple[str, ...], decoder: Decoder, dialect: Dialect
) -> Iterator[Item]:
    """The items of a block whose keys OpenBao checks and Vault does not."""
    for item in body.items:
        name = decoder.key(item.keys[0])
        if name in known:
            yield item
        elif dialect.openbao_control_groups:
            raise Rejected(item.keys[0].span, f"`{name}` is not a key of this block")


def _unlabelled(item: Item) -> Value:
    if len(item.keys) > 1:
        raise Rejected(item.span, f"`{item.keys[0].text}` takes no label here")
    return item.value
