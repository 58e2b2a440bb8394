"""Parameter constraints: may this request carry these keys and values?

Checked for read, create, update and patch, after the capability was found. Source: OpenBao 2.7.2,
recorded as `params-*`; the comparison of lists by Vault 1.21 and 2.0 was read (see `Dialect`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policy.lower.scalars import lower_name
from policy.model import ObjectList

if TYPE_CHECKING:
    from policy.model import Conditions, Dialect, ParameterValue

__all__ = ["parameter_refusal"]


def parameter_refusal(
    conditions: Conditions, data: Mapping[str, Any] | None, dialect: Dialect
) -> tuple[str, str] | None:
    """Why the parameters are refused, as a reason's name and words for it; None if they are not."""
    data = data or {}
    for name in conditions.required_parameters:
        # Compared with the keys as sent: only a lower-case key satisfies it.
        if lower_name(name) not in data:
            return "required-parameter", f"the parameter `{lower_name(name)}` is required"
    if not data:
        return None
    denied, allowed = conditions.denied_parameters, conditions.allowed_parameters
    if denied:
        if "*" in denied:
            return "denied-parameter", "parameters are denied altogether (`*`)"
        for key, value in data.items():
            name = lower_name(key)
            if name in denied and _is_listed(name, value, denied[name], dialect, any_element=True):
                return "denied-parameter", f"this value of the parameter `{key}` is denied"
    if not allowed or (len(allowed) == 1 and "*" in allowed):
        return None
    for key, value in data.items():
        name = lower_name(key)
        if name in allowed:
            if not _is_listed(name, value, allowed[name], dialect, any_element=False):
                return "value-not-allowed", f"this value of the parameter `{key}` is not allowed"
        elif "*" not in allowed:
            return "parameter-not-allowed", f"the parameter `{key}` is not among the allowed ones"
    return None


def _is_listed(
    name: str,
    value: Any,
    listed: Sequence[ParameterValue],
    dialect: Dialect,
    *,
    any_element: bool,
) -> bool:
    """Whether a value is in a list of the policy; an empty list holds everything.

    Where the dialect looks into lists, a list (or a string of comma-separated parts) is also in
    it when each of its elements is, or for denied values when one of them is.
    """
    if not listed:
        return True
    if dialect.lowercases_policies_parameter and name in ("policies", "token_policies"):
        value = _lowered(value)
    if any(_equals(known, value) for known in listed):
        return True
    if not dialect.matches_list_elements:
        return False
    elements: Sequence[Any]
    if isinstance(value, str):
        # An empty string is an empty list of parts.
        elements = [part.strip() for part in value.split(",")] if value else []
    elif isinstance(value, list | tuple):
        elements = value
    else:
        return False
    holds = any if any_element else all
    return holds(any(_equals(known, element) for known in listed) for element in elements)


def _lowered(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, list | tuple):
        return [element.lower() if isinstance(element, str) else element for element in value]
    return value


def _equals(known: ParameterValue, value: Any) -> bool:
    """Whether one value of a policy equals one of a request, at the top: strings glob here."""
    if isinstance(known, str) and isinstance(value, str):
        return _glob(known, value)
    return _equals_inside(known, value)


def _equals_inside(known: Any, value: Any) -> bool:
    """Equality inside lists and objects: no globs, and numbers never equal anything.

    Pairs still to be compared wait in a list, since values may nest deeper than Python's stack.
    """
    pending = [(known, value)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, bool) or isinstance(other, bool):
            if not (isinstance(one, bool) and isinstance(other, bool) and one is other):
                return False
        elif isinstance(one, str):
            if one != other:
                return False
        elif isinstance(one, ObjectList):
            return False
        elif isinstance(one, Mapping):
            if not isinstance(other, Mapping) or one.keys() != other.keys():
                return False
            pending += [(one[key], other[key]) for key in one]
        elif isinstance(one, list | tuple):
            if not isinstance(other, list | tuple) or len(one) != len(other):
                return False
            pending += zip(one, other, strict=True)
        else:
            return False
    return True


def _glob(pattern: str, text: str) -> bool:
    """A star at either end of a pattern of two characters or more; a lone star is a star."""
    if len(pattern) < 2:
        return pattern == text
    starts, ends = pattern.startswith("*"), pattern.endswith("*")
    if starts and ends:
        return pattern[1:-1] in text
    if starts:
        return text.endswith(pattern[1:])
    if ends:
        return text.startswith(pattern[:-1])
    return pattern == text
