"""The fields of a request, converted and refused as the server does it (OpenBao 2.7.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from policy.lower.scalars import NANOSECONDS, duration_from_number, parse_duration
from policy.server.answers import Refused

__all__ = [
    "Fields",
    "duration_text",
    "go_duration_error",
    "parse_boolean",
    "parse_seconds",
]

_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def parse_boolean(text: str) -> bool:
    """A boolean as Go's `strconv.ParseBool` reads it. Raises `ValueError`."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f"`{text}` is no boolean")


def parse_seconds(value: object) -> float:
    """A duration in seconds: a number, a text with a number, or a Go duration.

    Raises `ValueError` with Go's words.
    """
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("could not parse duration from input")  # noqa: TRY004 -- as all here
    try:
        if isinstance(value, str):
            return parse_duration(value) / NANOSECONDS
        return duration_from_number(value) / NANOSECONDS
    except ValueError:
        raise ValueError(go_duration_error(str(value))) from None


_PART: Final = re.compile(r"([0-9]*\.?[0-9]*)([^0-9.]*)")


def go_duration_error(text: str) -> str:
    """Go's words for a text that is no duration."""
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if text.endswith("d"):
        days = quoted[:-2] + '"'
        return f"strconv.ParseInt: parsing {days}: invalid syntax"
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest.isascii() and rest.isdigit():
        return "multiplication of durations resulted in overflow, one operand may be too large"
    while rest:
        match = _PART.match(rest)
        if match is None or not match[1].strip("."):
            break
        if not match[2]:
            return f"time: missing unit in duration {quoted}"
        if match[2] not in ("ns", "us", "µs", "μs", "ms", "s", "m", "h"):
            return f'time: unknown unit "{match[2]}" in duration {quoted}'
        rest = rest[match.end() :]
    return f"time: invalid duration {quoted}"


def duration_text(seconds: float) -> str:
    """A duration in short form, as the warnings of the server write it: `30m`, `2h`."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{rest}s"]
    if not rest and whole:
        parts.pop()
    return "".join(parts)


_GO_KINDS: Final = (
    (bool, "bool"),
    (str, "string"),
    (int, "json.Number"),
    (float, "json.Number"),
    (list, "[]interface {}"),
    (dict, "map[string]interface {}"),
)


def _go_kind(value: object) -> str:
    return next((name for kind, name in _GO_KINDS if isinstance(value, kind)), "nil")


def _go_print(value: object) -> str:
    """A value as Go's `%v` prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{_go_print(v)}" for k, v in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go_print, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)


class Fields:
    """The parameters of one request. Every method raises `Refused` (400) for a wrong type."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def _wrong(self, name: str, rest: str) -> Refused:
        return Refused(
            400, f'Field validation failed: error converting input for field "{name}": {rest}'
        )

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers and booleans become one."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, str | int | float):
            return str(value)
        raise self._wrong(
            name, f"'' expected type 'string', got unconvertible type '{_go_kind(value)}'"
        )

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number, also as a text."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            try:
                return int(value, 0) if value else 0
            except ValueError:
                raise self._wrong(
                    name, "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax"
                ) from None
        if isinstance(value, bool | int | float):
            return int(value)
        raise self._wrong(
            name, f"'' expected type 'int', got unconvertible type '{_go_kind(value)}'"
        )

    def boolean(self, name: str, default: bool = False) -> bool:
        """A boolean, also as a text or number."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            if not value:
                return False
            try:
                return parse_boolean(value)
            except ValueError:
                raise self._wrong(
                    name, "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax"
                ) from None
        if isinstance(value, bool | int | float):
            return bool(value)
        raise self._wrong(
            name, f"'' expected type 'bool', got unconvertible type '{_go_kind(value)}'"
        )

    def seconds(self, name: str) -> float:
        """A duration in seconds; 0 where there is none."""
        try:
            return parse_seconds(self.values.get(name))
        except ValueError as error:
            raise self._wrong(name, str(error)) from None

    def texts(self, name: str, *, split: bool = True) -> list[str]:
        """A list of texts; one text is a list of its comma-separated parts, or with `split` false
        a list of one."""
        value = self.values.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, str):
            parts = value.split(",") if split else [value]
            return [part.strip() for part in parts]
        items = value if isinstance(value, list) else [value]
        for at, item in enumerate(items):
            if isinstance(item, dict | list):
                raise self._wrong(
                    name,
                    f"1 error(s) decoding:\n\n* '[{at}]' expected type 'string', got "
                    f"unconvertible type '{_go_kind(item)}', value: '{_go_print(item)}'",
                )
        return [_go_print(item).strip() for item in items]

    def mapping(self, name: str) -> dict[str, str] | None:
        """Names and texts, or None; also a list of `name=text`."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, dict):
            for item in value.values():
                if isinstance(item, dict | list):
                    raise self._wrong(
                        name, f"expected type 'string', got unconvertible type '{_go_kind(item)}'"
                    )
            return {key: _go_print(item) for key, item in value.items()}
        pairs = self.texts(name)
        if all("=" in pair for pair in pairs):
            return dict(pair.split("=", 1) for pair in pairs)
        raise self._wrong(name, "expected a map")
