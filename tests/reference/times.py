"""Durations and dates as policies write them (section 2.4, section 6.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction

from tests.reference.data import Refused

_UNITS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}
_TERM = r"(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|ms|s|m|h)"


def ttl_seconds(written: str | int | float | None) -> Fraction:
    """Section 6.1: numbers are seconds, fractions cut; strings are seconds, days, or Go durations.

    0 is none.
    """
    if written is None or written == "":
        return Fraction(0)
    if isinstance(written, int | float):
        return Fraction(int(written))
    if re.fullmatch(r"[+-]?\d+", written):
        return Fraction(int(written))
    if re.fullmatch(r"[+-]?\d+d", written):
        return Fraction(int(written[:-1]) * 86400)
    return go_duration(written)


def go_duration(written: str) -> Fraction:
    """A Go duration such as `1m30s`."""
    if not re.fullmatch(rf"[+-]?(?:{_TERM})+", written):
        raise Refused(f"duration {written}")
    sign = -1 if written.startswith("-") else 1
    total = Fraction(0)
    for number, unit in re.findall(r"([\d.]+)([a-z]+)", written):
        total += Fraction(number.rstrip(".") if number.endswith(".") else number) * _UNITS[unit]
    return sign * total


def expiration_time(written: str | int | None) -> float | None:
    """Section 2.4: RFC 3339 or a Unix time; None and the empty string are no expiration."""
    if written is None or written == "":
        return None
    if isinstance(written, int):
        return float(written)
    if re.fullmatch(r"[+-]?\d+", written):
        return float(written)
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", written):
        raise Refused(f"expiration {written}")
    try:
        return datetime.fromisoformat(written).astimezone(UTC).timestamp()
    except ValueError:
        raise Refused(f"expiration {written}") from None
