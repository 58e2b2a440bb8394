"""Policies as text: HCL, or JSON where JSON can say the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tests.reference.data import Parameters, RuleData, Value


def to_hcl(rules: Iterable[RuleData], *, equals: bool = True) -> str:
    """The rules as HCL text. `equals` puts `=` before the objects of parameter blocks."""
    return "\n".join(_hcl_rule(rule, " = " if equals else " ") for rule in rules)


def _hcl_rule(rule: RuleData, before_object: str) -> str:
    lines = [f"path {_hcl(rule.path)} {{"]
    lines += [f"  {key} = {_hcl(value)}" for key, value in _scalars_and_lists(rule)]
    lines += [
        f"  {key}{before_object}{{\n"
        + "".join(f"    {_hcl(name)} = {_hcl(values)}\n" for name, values in block)
        + "  }"
        for key, block in _blocks(rule)
    ]
    return "\n".join([*lines, "}", ""])


def _scalars_and_lists(rule: RuleData) -> list[tuple[str, Value]]:
    """The keys present, except parameter blocks. Keys without effect get a value that parses."""
    written: list[tuple[str, Value]] = [
        ("capabilities", rule.capabilities),
        ("policy", rule.policy),
        ("required_parameters", rule.required_parameters),
        ("min_wrapping_ttl", rule.min_wrapping_ttl),
        ("max_wrapping_ttl", rule.max_wrapping_ttl),
        ("pagination_limit", rule.pagination_limit),
        ("expiration", rule.expiration),
    ]
    written += [(key, "c" if key == "comment" else ("m",)) for key in rule.other_keys]
    return [(key, value) for key, value in written if value is not None]


def _blocks(rule: RuleData) -> list[tuple[str, Parameters]]:
    written = [
        ("allowed_parameters", rule.allowed_parameters),
        ("denied_parameters", rule.denied_parameters),
    ]
    return [(key, block) for key, block in written if block is not None]


def _hcl(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_hcl(k)} = {_hcl(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_hcl(element) for element in value) + "]"
    raise ValueError("HCL has no null")


def _quoted(text: str) -> str:
    """A string literal that means the same in HCL and in the server's JSON."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'


def fits_json(rules: Iterable[RuleData]) -> bool:
    """Whether JSON can say it: the server's JSON reader mangles lists and objects in lists, and
    takes a `path` block that holds nothing but objects apart."""
    return not any(
        isinstance(value, list | tuple | Mapping)
        for rule in rules
        for _, block in _blocks(rule)
        for _, values in block
        for value in values
    )


def as_json_says(rules: Iterable[RuleData]) -> tuple[RuleData, ...]:
    """What the JSON form of the rules means: booleans in a list are dropped (section 2.1)."""

    def without_booleans(block: Parameters | None) -> Parameters | None:
        return block and tuple(
            (key, tuple(value for value in values if not isinstance(value, bool)))
            for key, values in block
        )

    return tuple(
        replace(
            rule,
            allowed_parameters=without_booleans(rule.allowed_parameters),
            denied_parameters=without_booleans(rule.denied_parameters),
        )
        for rule in rules
    )


def to_json(rules: Iterable[RuleData], *, paths_in_list: bool = False) -> str:
    """The rules as JSON text, repeated paths as repeated keys or as a list of objects.

    A comment is always written, so that no block holds only objects.
    """
    members = [f"{_quoted(rule.path)}: {_json_rule(rule)}" for rule in rules]
    if paths_in_list and members:
        return '{"path": [' + ", ".join(f"{{{member}}}" for member in members) + "]}"
    return '{"path": {' + ", ".join(members) + "}}"


def _json_rule(rule: RuleData) -> str:
    members = [f'"{key}": {_json(value)}' for key, value in _scalars_and_lists(rule)]
    if not rule.other_keys:
        members.append('"comment": "c"')
    members += [
        f'"{key}": {{' + ", ".join(f"{_quoted(n)}: {_json(v)}" for n, v in block) + "}"
        for key, block in _blocks(rule)
    ]
    return "{" + ", ".join(members) + "}"


def _json(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_json(element) for element in value) + "]"
    return json.dumps(value)
