"""One merged rule: everything that all policies of a token say about one pattern."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from policy.model import Capability, Conditions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import ParameterMap, Pattern, Policy, Rule

__all__ = ["BITS", "DENY_BIT", "SUDO_BIT", "Grant", "capability_words", "merge"]

BITS = {capability: 1 << at for at, capability in enumerate(Capability)}
"""One bit for each capability, so that a set of them is a number."""

DENY_BIT = BITS[Capability.DENY]
SUDO_BIT = BITS[Capability.SUDO]


class Grant(NamedTuple):
    """The rules of one pattern, merged.

    `mask` holds the capabilities as bits; a deny has the deny bit alone. `rules` are the rules
    that were merged with the policies they come from, in the order of merging.
    """

    pattern: Pattern
    mask: int
    conditions: Conditions | None
    rules: tuple[tuple[Policy, Rule], ...]

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """The capabilities in alphabetical order; empty for a rule that grants nothing."""
        return capabilities_of(self.mask)

    @property
    def is_deny(self) -> bool:
        """Whether one of the rules denies."""
        return self.mask & DENY_BIT != 0


@cache
def capabilities_of(mask: int) -> tuple[Capability, ...]:
    """The capabilities of a mask, in alphabetical order (which is that of the enum)."""
    return tuple(capability for capability, bit in BITS.items() if mask & bit)


@cache
def capability_words(mask: int) -> tuple[str, ...]:
    """The same as plain text, for answers."""
    return tuple(capability.value for capability in capabilities_of(mask))


@cache
def mask_of(capabilities: frozenset[Capability]) -> int:
    """The mask of a set of capabilities."""
    return sum(BITS[capability] for capability in capabilities)


def merge(pattern: Pattern, rules: list[tuple[Policy, Rule]]) -> Grant:
    """Merge all rules of one pattern, in order.

    Capabilities are united, but one deny leaves nothing else. What is merged how, and where the
    order counts: OpenBao 2.7.2, recorded as `merge-*`, `params-merge-*` and `hand-*`.
    """
    mask = 0
    conditions: Conditions | None = None
    for at, (_, rule) in enumerate(rules):
        if rule.is_deny:
            # The names required so far stay in the server's listing; they decide nothing.
            required = conditions.required_parameters if conditions else ()
            listed = Conditions({}, {}, required) if required else None
            return Grant(pattern, DENY_BIT, listed, tuple(rules))
        mask |= mask_of(rule.capabilities)
        if at == 0:
            conditions = rule.conditions
        elif rule.conditions is not None:
            # The first rule's control group counts even where it has none.
            first = conditions or _NOTHING
            conditions = _merge_conditions(first, rule.conditions)
    return Grant(pattern, mask, conditions, tuple(rules))


_NOTHING = Conditions({}, {})


def _merge_conditions(first: Conditions, later: Conditions) -> Conditions:
    return Conditions(
        allowed_parameters=_merge_parameters(first.allowed_parameters, later.allowed_parameters),
        denied_parameters=_merge_parameters(first.denied_parameters, later.denied_parameters),
        required_parameters=_union(first.required_parameters, later.required_parameters),
        min_wrapping_ttl=_smaller_ttl(first.min_wrapping_ttl, later.min_wrapping_ttl),
        max_wrapping_ttl=_smaller_ttl(first.max_wrapping_ttl, later.max_wrapping_ttl),
        pagination_limit=_smallest_positive(first.pagination_limit, later.pagination_limit),
        list_filter=first.list_filter or later.list_filter,
        control_group=first.control_group,
        mfa_methods=_union(first.mfa_methods, later.mfa_methods),
        subscribe_event_types=_union(first.subscribe_event_types, later.subscribe_event_types),
    )


def _merge_parameters(first: ParameterMap, later: ParameterMap) -> ParameterMap:
    """Key by key, the later rule's values first; an empty list (any value) on either side wins.

    A rule without the map adds nothing, and does not lift the other's restriction.
    """
    if not first or not later:
        return first or later
    merged = dict(first)
    for name, values in later.items():
        known = merged.get(name)
        if not values or known == ():
            merged[name] = ()
        else:
            merged[name] = values + (known or ())
    return merged


def _union(first: tuple[str, ...], later: Iterable[str]) -> tuple[str, ...]:
    """Both lists; what stands in the first is not repeated, and without a first one the later
    list stays as it is."""
    if not first:
        return tuple(later)
    return first + tuple(name for name in dict.fromkeys(later) if name not in first)


def _smaller_ttl(first: int, later: int) -> int:
    """The smaller positive one; a negative first one stays, since nothing positive is smaller."""
    if later > 0 and (first == 0 or later < first):
        return later
    return first


def _smallest_positive(first: int, later: int) -> int:
    if later > 0 and (first <= 0 or later < first):
        return later
    return first
