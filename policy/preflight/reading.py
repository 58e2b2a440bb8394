"""The fields of an answer, as they are or not at all: no answer of a server may trip us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["integer", "items", "seconds_since_epoch", "text", "texts", "truth"]


def text(found: Mapping[str, Any], name: str) -> str:
    """A text; empty where there is none."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts; empty where there is none."""
    value = found.get(name)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def integer(found: Mapping[str, Any], name: str) -> int | None:
    """A whole number."""
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def truth(found: Mapping[str, Any], name: str) -> bool | None:
    """A boolean."""
    value = found.get(name)
    return value if isinstance(value, bool) else None


def items(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list, or those that an object holds."""
    value = found.get(name)
    if isinstance(value, dict):
        value = list(value.values())
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def seconds_since_epoch(moment: str) -> float | None:
    """A time in Go's RFC 3339. The zero time is "never", and so is what is no time."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    if found.year == 1:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
