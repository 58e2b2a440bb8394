"""Response wrapping and pagination: the other conditions of a rule."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from policy.lower.scalars import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model import Conditions

__all__ = ["pagination_refusal", "wrapping_refusal"]


def wrapping_refusal(conditions: Conditions, wrap_ttl_seconds: float | None) -> str | None:
    """Why the wrapping TTL is refused, or None. It counts for every operation.

    Source: OpenBao 2.7.2, recorded as `wrap-*`.
    """
    shortest, longest = conditions.min_wrapping_ttl, conditions.max_wrapping_ttl
    if shortest and longest and longest < shortest:
        return "`max_wrapping_ttl` is less than `min_wrapping_ttl`: no request can pass"
    bounds = _bounds(shortest, longest)
    if not bounds:
        return None
    if wrap_ttl_seconds is None:
        return f"the response must be wrapped for {bounds}"
    nanoseconds = wrap_ttl_seconds * NANOSECONDS
    # What is no finite number, or beyond all measure, is no TTL.
    asked = round(nanoseconds) if isfinite(nanoseconds) else -1
    if asked < 0 or (longest > 0 and asked > longest) or (shortest > 0 and asked < shortest):
        return f"the wrapping TTL must be {bounds}"
    return None


def _bounds(shortest: int, longest: int) -> str:
    words = []
    if shortest > 0:
        words.append(f"at least {shortest / NANOSECONDS:g} s")
    if longest > 0:
        words.append(f"at most {longest / NANOSECONDS:g} s")
    return " and ".join(words)


# Of 64 bits: no limit is longer, and Python would refuse to read one that is very long.
_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")


def pagination_refusal(conditions: Conditions, data: Mapping[str, Any] | None) -> str | None:
    """Why the query parameter `limit` of a list or scan is refused, or None.

    Source: OpenBao 2.7.2, recorded as `pagination-*`.
    """
    longest = conditions.pagination_limit
    if longest <= 0:
        return None
    if data is None or "limit" not in data:
        if any(name.lower() == "limit" for name in conditions.required_parameters):
            return "the parameter `limit` is required"
        return None
    limit = data["limit"]
    if limit in ("max", "0", "", 0) and not isinstance(limit, bool):
        return None
    if isinstance(limit, str) and (match := _INTEGER.fullmatch(limit)) is not None:
        limit = int(match[1] + match[2])
    if isinstance(limit, int) and not isinstance(limit, bool) and 0 <= limit <= longest:
        return None
    return f"`limit` must be a number from 1 to {longest}"
