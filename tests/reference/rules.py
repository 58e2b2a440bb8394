"""Sections 2.1, 2.3, 2.4 and 4: what one block means, and several of one pattern together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.reference.data import Parameters, PolicyData, Refused, RuleData, Value
from tests.reference.patterns import pattern_of
from tests.reference.templates import check_balance
from tests.reference.times import expiration_time, ttl_seconds

ParameterLists = dict[str, list[Value]]

# Section 2.3, section 13 rows 5 and 6.
_CAPABILITIES = {"create", "read", "update", "delete", "list", "sudo", "deny", "patch"}
_CAPABILITIES_OF = {
    "openbao-2.7": _CAPABILITIES | {"scan"},
    "vault-1.11": _CAPABILITIES,
    "vault-1.21": _CAPABILITIES | {"subscribe", "recover"},
    "vault-2.0": _CAPABILITIES | {"subscribe", "recover"},
}

# Section 2.1, section 13 rows 6 and 7.
_OPENBAO_KEYS = {"pagination_limit", "expiration", "list_scan_response_keys_filter_path"}
_FOREIGN_KEYS = {
    "openbao-2.7": {"subscribe_event_types"},
    "vault-1.11": _OPENBAO_KEYS | {"subscribe_event_types"},
    "vault-1.21": _OPENBAO_KEYS,
    "vault-2.0": _OPENBAO_KEYS,
}

_SHORTHANDS = {
    "read": ["read", "list"],
    "write": ["create", "read", "update", "delete", "list"],
    "sudo": ["create", "read", "update", "delete", "list", "sudo"],
}


@dataclass
class Meaning:
    """What a block, or several merged ones, allow. Times are seconds, 0 is none."""

    deny: bool
    capabilities: set[str]
    allowed: ParameterLists
    denied: ParameterLists
    required: list[str]
    min_ttl: Fraction
    max_ttl: Fraction
    pagination_limit: int


def check_policy(policy: PolicyData, *, dialect: str, now: float, namespace: str = "") -> None:
    """Whether the server accepts the policy when it is written; raises `Refused` if not."""
    for rule in policy.rules:
        # Section 8.3: only the balance of templates is checked then.
        check_balance(rule.path)
        check_keys(rule, dialect)
        if is_expired(rule, now):
            continue
        pattern_of(rule.path, namespace)
        meaning_of(rule, dialect)


def check_keys(rule: RuleData, dialect: str) -> None:
    """Section 2.1: unknown keys refuse the policy."""
    given = set(rule.other_keys)
    if rule.pagination_limit is not None:
        given.add("pagination_limit")
    if rule.expiration is not None:
        given.add("expiration")
    if given & _FOREIGN_KEYS[dialect]:
        raise Refused("key of another server")


def is_expired(rule: RuleData, now: float) -> bool:
    """Section 2.4."""
    expiration = expiration_time(rule.expiration)
    return expiration is not None and expiration < now


def meaning_of(rule: RuleData, dialect: str) -> Meaning:
    """Sections 2.3, 6.1 and 6.2. Raises `Refused`."""
    capabilities = capabilities_of(rule, dialect)
    if "deny" in capabilities:
        # 2.3: the rule is just deny; parameters, TTLs and limits are not even parsed.
        return Meaning(True, set(), {}, {}, [], Fraction(0), Fraction(0), 0)
    min_ttl = ttl_seconds(rule.min_wrapping_ttl)
    max_ttl = ttl_seconds(rule.max_wrapping_ttl)
    # 4: in a single rule maximum < minimum (both not 0) refuses the policy.
    if min_ttl != 0 and max_ttl != 0 and max_ttl < min_ttl:
        raise Refused("max_wrapping_ttl < min_wrapping_ttl")
    return Meaning(
        deny=False,
        capabilities=capabilities,
        allowed=parameter_lists(rule.allowed_parameters),
        denied=parameter_lists(rule.denied_parameters),
        required=list(rule.required_parameters or ()),
        min_ttl=min_ttl,
        max_ttl=max_ttl,
        pagination_limit=rule.pagination_limit or 0,
    )


def capabilities_of(rule: RuleData, dialect: str) -> set[str]:
    """Section 2.3."""
    words = list(rule.capabilities or ())
    if rule.policy == "deny":
        return {"deny"}
    if rule.policy:
        if rule.policy not in _SHORTHANDS:
            raise Refused(f"policy = {rule.policy}")
        words += _SHORTHANDS[rule.policy]
    for word in words:
        # The list is read from the left and stops at `deny`.
        if word == "deny":
            return {"deny"}
        if word not in _CAPABILITIES_OF[dialect]:
            raise Refused(f"capability {word}")
    return set(words)


def parameter_lists(block: Parameters | None) -> ParameterLists:
    """Section 2.1: a key given twice in one block has its values joined. 6.2: in lower case."""
    lists: ParameterLists = {}
    for key, values in block or ():
        lists.setdefault(key.lower(), []).extend(values)
    return lists


def merged(meanings: Sequence[Meaning]) -> Meaning:
    """Section 4: the rules of one pattern, in order."""
    # If either is deny, the result is deny and nothing else of the two rules matters.
    if any(meaning.deny for meaning in meanings):
        return Meaning(True, set(), {}, {}, [], Fraction(0), Fraction(0), 0)
    result = meanings[0]
    for other in meanings[1:]:
        result = Meaning(
            deny=False,
            capabilities=result.capabilities | other.capabilities,
            allowed=merged_parameters(result.allowed, other.allowed),
            denied=merged_parameters(result.denied, other.denied),
            required=result.required + other.required,
            min_ttl=merged_bound(result.min_ttl, other.min_ttl),
            max_ttl=merged_bound(result.max_ttl, other.max_ttl),
            pagination_limit=smallest_positive(result.pagination_limit, other.pagination_limit),
        )
    return result


def merged_parameters(one: ParameterLists, other: ParameterLists) -> ParameterLists:
    """Section 4, parameter maps: joined key by key, but an empty list on either side wins."""
    result: ParameterLists = {}
    for key in [*one, *other]:
        if key in one and key in other:
            result[key] = [*one[key], *other[key]] if one[key] and other[key] else []
        else:
            result[key] = one[key] if key in one else other[key]
    return result


def merged_bound(first: Fraction, later: Fraction) -> Fraction:
    """Section 4: the smaller of the positive ones, but a first negative one stays."""
    if later <= 0 or first < 0:
        return first
    if first == 0:
        return later
    return min(first, later)


def smallest_positive(one: int, other: int) -> int:
    """Section 4, `pagination_limit`."""
    positive = [limit for limit in (one, other) if limit > 0]
    return min(positive) if positive else 0
