"""Section 6: what must hold besides the capability."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from tests.reference.data import RequestData, Value
from tests.reference.rules import Meaning

_TAKES_LISTS_APART = {"vault-1.21", "vault-2.0"}
"""Section 13, rows 8 and 9."""


def wrapping_passes(rule: Meaning, wrap_ttl_seconds: float | None) -> bool:
    """Section 6.1."""
    ttl = None if wrap_ttl_seconds is None else Fraction(wrap_ttl_seconds)
    if rule.max_ttl > 0 and (ttl is None or ttl > rule.max_ttl):
        return False
    if rule.min_ttl > 0 and (ttl is None or ttl < rule.min_ttl):
        return False
    return not (rule.min_ttl != 0 and rule.max_ttl != 0 and rule.max_ttl < rule.min_ttl)


def parameters_pass(rule: Meaning, request: RequestData, dialect: str) -> bool:
    """Section 6.2, in its five steps."""
    data = request.data or {}
    # 1. Each required parameter, lower-cased, must be a key of the data as sent.
    if any(name.lower() not in data for name in rule.required):
        return False
    # 2. No data at all: allowed.
    if not data:
        return True
    # 3. Denied parameters.
    if rule.denied:
        if "*" in rule.denied:
            return False
        for key, value in data.items():
            name = key.lower()
            sent = as_compared(name, value, request.operation, dialect)
            if name in rule.denied and is_denied(rule.denied[name], sent, dialect):
                return False
    # 4. Nothing is restricted.
    if not rule.allowed or list(rule.allowed) == ["*"]:
        return True
    # 5. Allowed parameters.
    for key, value in data.items():
        name = key.lower()
        sent = as_compared(name, value, request.operation, dialect)
        if name in rule.allowed:
            if not is_allowed(rule.allowed[name], sent, dialect):
                return False
        elif "*" not in rule.allowed:
            return False
    return True


class _EqualsNothing:
    """The value of a query parameter that was given more than once."""


def as_compared(name: str, value: Value, operation: str, dialect: str) -> Value | _EqualsNothing:
    """The value a server compares with the lists of a policy."""
    # 6.2: a query parameter that is repeated is a list that equals nothing.
    if operation == "read" and isinstance(value, list | tuple):
        return _EqualsNothing()
    # Section 13, row 10.
    if dialect == "vault-2.0" and name in ("policies", "token_policies"):
        return lower_cased(value)
    return value


def lower_cased(value: Value) -> Value:
    """A string in lower case, or a list with such strings."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, list | tuple):
        return [lower_cased(element) for element in value]
    return value


def is_allowed(values: list[Value], value: Value | _EqualsNothing, dialect: str) -> bool:
    """Value in list; section 13, row 8: or each of its parts."""
    if in_list(values, value):
        return True
    parts = parts_of(value) if dialect in _TAKES_LISTS_APART else None
    return parts is not None and all(in_list(values, part) for part in parts)


def is_denied(values: list[Value], value: Value | _EqualsNothing, dialect: str) -> bool:
    """Value in list; section 13, row 9: or one of its parts."""
    if in_list(values, value):
        return True
    parts = parts_of(value) if dialect in _TAKES_LISTS_APART else None
    return parts is not None and any(in_list(values, part) for part in parts)


def parts_of(value: Value | _EqualsNothing) -> list[Value] | None:
    """The elements of a list, or the trimmed parts of a string with commas (the empty string has
    none). None for a value without parts."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value else []
    if isinstance(value, list | tuple):
        return list(value)
    return None


def in_list(values: list[Value], value: Value | _EqualsNothing) -> bool:
    """An empty list contains everything, otherwise some element must equal the value."""
    if not values:
        return True
    if isinstance(value, _EqualsNothing):
        return False
    return any(element_equals(element, value) for element in values)


def element_equals(element: Value, value: Value) -> bool:
    """A string in the list is a glob; everything else as inside lists."""
    if isinstance(element, str) and isinstance(value, str):
        return glob_matches(element, value)
    return equal(element, value)


def glob_matches(glob: str, text: str) -> bool:
    """`*x*` contains, `*x` ends with, `x*` starts with; a lone `*` is the literal star."""
    if len(glob) >= 2 and glob[0] == "*" and glob[-1] == "*":
        return glob[1:-1] in text
    if len(glob) >= 2 and glob[0] == "*":
        return text.endswith(glob[1:])
    if len(glob) >= 2 and glob[-1] == "*":
        return text.startswith(glob[:-1])
    return glob == text


def equal(wanted: Value, value: Value) -> bool:
    """Equality inside lists and objects: no globs, numbers and null never."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return isinstance(wanted, bool) and isinstance(value, bool) and wanted == value
    if isinstance(wanted, str):
        return isinstance(value, str) and wanted == value
    if isinstance(wanted, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(wanted) == len(value)
            and all(equal(w, v) for w, v in zip(wanted, value, strict=True))
        )
    if isinstance(wanted, Mapping):
        return (
            isinstance(value, Mapping)
            and wanted.keys() == value.keys()
            and all(equal_in_object(wanted[key], value[key]) for key in wanted)
        )
    return False


def equal_in_object(wanted: Value, value: Value) -> bool:
    """An object directly inside an object never matches; one in a list inside it does."""
    return not isinstance(wanted, Mapping) and equal(wanted, value)


def pagination_passes(rule: Meaning, data: Mapping[str, Value] | None) -> bool:
    """Section 6.3."""
    if rule.pagination_limit <= 0:
        return True
    if data is None or "limit" not in data:
        return "limit" not in [name.lower() for name in rule.required]
    limit = data["limit"]
    if not isinstance(limit, str):
        return False
    if limit in ("max", "0", ""):
        return True
    if not re.fullmatch(r"[+-]?[0-9]+", limit):
        return False
    return 0 <= int(limit) <= rule.pagination_limit
