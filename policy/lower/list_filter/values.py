"""What a list filter computes with: Go's strings, numbers and maps, and the doubt about them."""

from __future__ import annotations

__all__ = ["MAX_VALUE", "UndeterminedFilterError", "Value", "text_of", "undetermined"]

Value = bytes | bool | int | float | dict[str, bytes] | None

MAX_VALUE = 16 * 1024  # bytes of one value


class UndeterminedFilterError(ValueError):
    """Whether the server takes the template cannot be told offline."""


def undetermined(why: str) -> UndeterminedFilterError:
    return UndeterminedFilterError(f"cannot tell offline whether the template is accepted: {why}")


def text_of(value: Value) -> bytes:
    """The value as Go's `%v` prints it."""
    match value:
        case bytes():
            return value
        case None:
            return b"<nil>"
        case bool():
            return b"true" if value else b"false"
        case float():
            raise undetermined("fractions are not printed")
        case dict():
            pairs = (name.encode() + b":" + value[name] for name in sorted(value))
            return b"map[" + b" ".join(pairs) + b"]"
        case _:
            return b"%d" % value
