"""The fields of a request, converted and refused as the server does it (OpenBao 2.7.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from policy.lower.scalars import NANOSECONDS, parse_duration, parse_expiration
from policy.server.answers import Refused

__all__ = [
    "Fields",
    "Kind",
    "Schema",
    "duration_text",
    "go_duration_error",
    "misfit",
    "parse_boolean",
    "parse_seconds",
    "whole_duration_text",
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
        return parse_duration(str(value)) / NANOSECONDS
    except ValueError:
        raise ValueError(go_duration_error(str(value))) from None


_PART: Final = re.compile(r"([0-9]*\.?[0-9]*)([^0-9.]*)")


def _in_quotes(byte: int) -> str:
    """One byte of a text as Go's `time` quotes it."""
    if byte in b'\\"':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x80 else f"\\x{byte:02x}"


def go_duration_error(text: str) -> str:
    """Go's words for a text that is no duration."""
    quoted = '"' + "".join(map(_in_quotes, text.encode("utf-8", "surrogateescape"))) + '"'
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


def whole_duration_text(seconds: float) -> str:
    """A duration as Go prints it: `1h0m0s`. All that is below zero is `-1s`, for "never"."""
    whole = max(-1, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if whole < 60:
        return f"{whole}s"
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s"


# Values as the server converts them: generously, and in its words where it cannot

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


def _unconvertible(wanted: str, value: object) -> ValueError:
    return ValueError(f"expected type '{wanted}', got unconvertible type '{_go_kind(value)}'")


def _to_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return str(value)
    if value is None:
        return ""
    raise _unconvertible("string", value)


_INTEGER: Final = re.compile(r"([+-]?)(0[xX]|0[bB]|0[oO]?)?([0-9a-fA-F]+)")
_BASES: Final = {"x": 16, "b": 2, "o": 8, "0": 8}
_MAX_INTEGER: Final = 2**63


def _to_integer(value: object) -> int:
    if value is None or value == "" or isinstance(value, bool):
        return int(bool(value))
    if not isinstance(value, str | int | float):
        raise _unconvertible("int", value)
    problem = "cannot parse value as 'int': strconv.ParseInt: "
    match = _INTEGER.fullmatch(str(value))
    try:
        if match is None:
            raise ValueError
        sign, prefix, digits = match.groups()
        number = int(sign + digits, _BASES[prefix[-1].lower()] if prefix else 10)
    except ValueError:
        if str(value) in ("0", "-0", "+0"):
            return 0
        raise ValueError(f"{problem}invalid syntax") from None
    if not -_MAX_INTEGER <= number < _MAX_INTEGER:
        raise ValueError(f"{problem}value out of range")
    return number


def _to_boolean(value: object) -> bool:
    if value is None or value == "" or isinstance(value, bool):
        return bool(value)
    if not isinstance(value, str | int | float):
        raise _unconvertible("bool", value)
    try:
        return parse_boolean(str(value))
    except ValueError:
        raise ValueError(
            "cannot parse value as 'bool': strconv.ParseBool: invalid syntax"
        ) from None


def _to_signed_seconds(value: object) -> int:
    return int(parse_seconds(value))


def _to_seconds(value: object) -> int:
    seconds = _to_signed_seconds(value)
    if seconds < 0:
        raise ValueError(f"cannot provide negative value '{seconds}'")
    return seconds


def _to_moment(value: object) -> float | None:
    """Seconds since 1970."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("could not parse time from input type")  # noqa: TRY004 -- as all here
    if isinstance(value, float):
        raise ValueError(f'strconv.ParseInt: parsing "{value}": invalid syntax')  # noqa: TRY004 -- as all here
    try:
        moment = parse_expiration(str(value))
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("could not parse string as date and time")
    return moment / NANOSECONDS


def _items(value: object) -> list[Any]:
    """A list, also of one; what is empty has none."""
    if value is None or value == {}:
        return []
    return value if isinstance(value, list) else [value]


def _each(items: list[Any], convert: Callable[[object], Any]) -> list[Any]:
    """Every item converted; the problems of all of them in one text."""
    found, problems = [], []
    for at, item in enumerate(items):
        try:
            found.append(convert(item))
        except ValueError as error:
            problems.append(f"'[{at}]' {error}")
    if problems:
        raise ValueError("decoding failed due to the following error(s):\n\n" + "\n".join(problems))
    return found


def _to_list(value: object) -> list[str]:
    """Texts; one text is a list of one."""
    items = [] if value == "" else _items(value)
    return [text.strip() for text in _each(items, _to_text)]


def _to_texts(value: object) -> list[str]:
    """Texts; one text is a list of its comma-separated parts."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value else []
    items = _items(value)
    wrong = [(at, item) for at, item in enumerate(items) if isinstance(item, dict | list)]
    if wrong:
        raise ValueError(
            f"{len(wrong)} error(s) decoding:\n\n"
            + "\n".join(
                f"* '[{at}]' expected type 'string', got unconvertible type "
                f"'{_go_kind(item)}', value: '{_go_print(item)}'"
                for at, item in wrong
            )
        )
    return [_to_text(item).strip() for item in items]


def _to_integers(value: object) -> list[int]:
    """Whole numbers, also comma-separated ones in a text."""
    if isinstance(value, str):
        return _each(value.split(","), _to_integer) if value else []
    return _each(_items(value), _to_integer)


def _to_map(value: object, place: str = "") -> dict[str, Any] | None:
    """Names and values; those of several maps become one."""
    if value is None or isinstance(value, dict):
        return value
    if not isinstance(value, list):
        problem = _unconvertible("map[string]interface {}", value)
        raise ValueError(f"'{place}' {problem}")  # noqa: TRY004 -- as all here
    if value and all(item is None for item in value):
        return None
    merged: dict[str, Any] = {}
    for at, item in enumerate(value):
        merged |= _to_map(item, f"{place}[{at}]") or {}
    return merged


def _to_pairs(value: object) -> dict[str, str] | None:
    """Names and texts, also as a list of `name=text`."""
    try:
        found = _to_map(value)
        if found is not None:
            return {name: _to_text(inner) for name, inner in found.items()}
    except ValueError:
        pass
    else:
        return None
    pairs = {}
    for at, pair in enumerate(_each(_items(value), _to_text)):
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise ValueError(f"invalid key pair at index {at}")
        pairs[name] = text
    return pairs


class Kind(Enum):
    """What the server takes a parameter for. The value tells how it is converted."""

    TEXT = (_to_text, True)
    INTEGER = (_to_integer, True)
    BOOLEAN = (_to_boolean, True)
    SECONDS = (_to_seconds, False)
    SIGNED_SECONDS = (_to_signed_seconds, False)
    MOMENT = (_to_moment, False)
    LIST = (_to_list, False)
    TEXTS = (_to_texts, False)
    INTEGERS = (_to_integers, False)
    MAP = (_to_map, False)
    PAIRS = (_to_pairs, False)

    def converted(self, name: str, value: object) -> Any:
        """The value. Raises `ValueError` with the server's words about the field."""
        convert, is_single = self.value
        try:
            return convert(value)
        except ValueError as error:
            text = str(error)
        if is_single:
            text = f"'' {text}"
        elif text.startswith("invalid key pair"):
            text += f' in field "{name}"'
        raise ValueError(f'error converting input for field "{name}": {text}')


Schema = Mapping[str, Kind]
"""The parameters that a path knows."""


def misfit(schema: Schema, values: Mapping[str, Any]) -> str:
    """What is wrong with the first parameter that cannot be converted; empty if all can."""
    for name, value in values.items():
        kind = schema.get(name)
        if kind is not None:
            try:
                kind.converted(name, value)
            except ValueError as error:
                return str(error)
    return ""


class Fields:
    """The parameters of one request. Every method raises `Refused` (400) for a wrong type."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def _converted(self, kind: Kind, name: str) -> Any:
        try:
            return kind.converted(name, self.values.get(name))
        except ValueError as error:
            raise Refused(400, f"Field validation failed: {error}") from None

    def text(self, name: str) -> str:
        """A text; numbers and booleans become one."""
        found: str = self._converted(Kind.TEXT, name)
        return found

    def integer(self, name: str) -> int:
        """A whole number, also as a text."""
        found: int = self._converted(Kind.INTEGER, name)
        return found

    def boolean(self, name: str, default: bool = False) -> bool:
        """A boolean, also as a text or number. The default is for a field that is not there."""
        if name not in self.values:
            return default
        found: bool = self._converted(Kind.BOOLEAN, name)
        return found

    def seconds(self, name: str) -> int:
        """A duration in whole seconds, 0 where there is none."""
        found: int = self._converted(Kind.SIGNED_SECONDS, name)
        return found

    def moment(self, name: str) -> float | None:
        """A time, in seconds since 1970."""
        found: float | None = self._converted(Kind.MOMENT, name)
        return found

    def listed(self, name: str) -> list[str]:
        """A list of texts; one text is a list of one."""
        found: list[str] = self._converted(Kind.LIST, name)
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts; one text is a list of its comma-separated parts."""
        found: list[str] = self._converted(Kind.TEXTS, name)
        return found

    def integers(self, name: str) -> list[int]:
        """A list of whole numbers, also in a text with commas."""
        found: list[int] = self._converted(Kind.INTEGERS, name)
        return found

    def mapping(self, name: str) -> dict[str, Any] | None:
        """Names and values, or None."""
        found: dict[str, Any] | None = self._converted(Kind.MAP, name)
        return found

    def pairs(self, name: str) -> dict[str, str] | None:
        """Names and texts, or None; also a list of `name=text`."""
        found: dict[str, str] | None = self._converted(Kind.PAIRS, name)
        return found
