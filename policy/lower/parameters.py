"""`allowed_parameters` and `denied_parameters`: names to lists of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lower.decode import Decoder, Rejected, describe
from policy.lower.scalars import lower_name
from policy.syntax import Item, ObjectNode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import ParameterMap, ParameterValue

__all__ = ["NEVER", "decode_parameters", "lower_names"]

NEVER: tuple[ParameterValue, ...] = (0,)
"""A list that no value is in: a number in a policy never equals anything a request sends."""


def decode_parameters(
    items: Iterable[Item], attribute: str, decoder: Decoder
) -> dict[str, list[ParameterValue]]:
    """The map that all occurrences of `attribute` in one block make together, names as written.

    Occurrences with a label come first, whatever the order of the text: `allowed_parameters "a"
    {…}` is the parameter `a`. Raises `Rejected`.
    """
    result: dict[str, list[ParameterValue]] = {}
    for item in items:
        if len(item.keys) > 1:
            entries: tuple[Item, ...] = (Item(item.keys[1:], item.value, item.assign),)
        elif isinstance(item.value, ObjectNode):
            entries = item.value.items
        else:
            raise Rejected(
                item.value.span,
                f"`{attribute}` must be a map of names to lists, not {describe(item.value)}",
                f'write `{attribute} = {{ "name" = ["value"] }}`',
            )
        for entry in entries:
            name = decoder.key(entry.keys[0])
            if len(entry.keys) > 1:
                raise Rejected(entry.span, f"a parameter in `{attribute}` takes no label")
            result[name] = decoder.parameter_values(
                entry.value, result.get(name, []), f"`{name}` in `{attribute}`"
            )
    return result


def lower_names(
    written: dict[str, list[ParameterValue]], *, allowed: bool
) -> tuple[ParameterMap, tuple[str, ...]]:
    """The map by lower-case name, and the names that were spelt in more than one way.

    Which spelling wins is random on the server, so the stricter of all is kept.
    """
    result: dict[str, tuple[ParameterValue, ...]] = {}
    doubtful = []
    for spelling, values in written.items():
        name = lower_name(spelling)
        if name in result:
            doubtful.append(name)
            stricter = _both if allowed else _either
            result[name] = stricter(result[name], tuple(values))
        else:
            result[name] = tuple(values)
    return result, tuple(doubtful)


def _both(
    one: tuple[ParameterValue, ...], other: tuple[ParameterValue, ...]
) -> tuple[ParameterValue, ...]:
    if not one or not other:
        return one or other
    return tuple(value for value in one if value in other) or NEVER


def _either(
    one: tuple[ParameterValue, ...], other: tuple[ParameterValue, ...]
) -> tuple[ParameterValue, ...]:
    return one + other if one and other else ()
