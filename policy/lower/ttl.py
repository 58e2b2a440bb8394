"""Wrapping TTLs: a number of seconds or a duration in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lower.decode import Rejected
from policy.lower.scalars import duration_from_number, parse_duration

if TYPE_CHECKING:
    from policy.model import ParameterValue
    from policy.source import Span

__all__ = ["ttl_nanoseconds"]


def ttl_nanoseconds(value: ParameterValue, span: Span, what: str) -> int:
    """The duration that a decoded value stands for. Raises `Rejected`."""
    try:
        if isinstance(value, str):
            return parse_duration(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return duration_from_number(value)
    except ValueError as error:
        raise Rejected(span, f"{what}: {error}") from None
    raise Rejected(span, f"{what} must be seconds or a duration such as `1h30m`")
