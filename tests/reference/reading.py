"""A tiny reader for the plain policy texts of the recorded cases.

It knows just the forms that occur there and raises `Unreadable` for everything else, which for a
recorded case must mean that the server refused the text.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tests.reference.data import Parameters, RuleData, Value

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][\w.-]*)
      | (?P<mark>[{}\[\],=])""",
    re.VERBOSE,
)


class Unreadable(Exception):
    """A text this reader does not know."""


class Item(NamedTuple):
    """A key, its labels, and a value: items for an object."""

    key: str
    labels: tuple[str, ...]
    value: Tree


class Items(tuple[Item, ...]):
    """The items of an object, repeated keys kept."""

    __slots__ = ()


Tree = str | bool | int | float | None | list["Tree"] | Items


def read_policy(text: str) -> tuple[RuleData, ...]:
    """The rules of a policy text. Raises `Unreadable`."""
    with contextlib.suppress(binascii.Error, ValueError):
        text = base64.b64decode(text, validate=True).decode()
    top = _json_items(text) if text.lstrip().startswith("{") else _hcl_items(text)
    rules: list[RuleData] = []
    for item in top:
        if item.key == "name":
            continue
        if item.key != "path" or len(item.labels) > 1 or not isinstance(item.value, Items):
            raise Unreadable(item.key)
        # A `path` block without a label is the path `path`.
        rules.append(_rule(item.labels[0] if item.labels else "path", item.value))
    return tuple(rules)


def _rule(path: str, items: Items) -> RuleData:
    rule = RuleData(path)
    for key, labels, value in items:
        if labels:
            raise Unreadable(key)
        rule = _with(rule, key, value)
    return rule


def _with(rule: RuleData, key: str, value: Tree) -> RuleData:
    """The rule with one more key. List keys given twice are joined, and so are parameter blocks;
    of other keys the last one counts."""
    match key, value:
        case "capabilities", list():
            return replace(rule, capabilities=(rule.capabilities or ()) + _words(value))
        case "required_parameters", list():
            joined = (rule.required_parameters or ()) + _words(value)
            return replace(rule, required_parameters=joined)
        case "allowed_parameters", Items():
            block = (rule.allowed_parameters or ()) + _parameters(value)
            return replace(rule, allowed_parameters=block)
        case "denied_parameters", Items():
            block = (rule.denied_parameters or ()) + _parameters(value)
            return replace(rule, denied_parameters=block)
        case "policy", str():
            return replace(rule, policy=value)
        case "min_wrapping_ttl", str() | int() | float():
            return replace(rule, min_wrapping_ttl=value)
        case "max_wrapping_ttl", str() | int() | float():
            return replace(rule, max_wrapping_ttl=value)
        case "pagination_limit", int():
            return replace(rule, pagination_limit=value)
        case "expiration", str() | int():
            return replace(rule, expiration=value)
        case (
            "comment"
            | "mfa_methods"
            | "list_scan_response_keys_filter_path"
            | "subscribe_event_types",
            _,
        ):
            return replace(rule, other_keys=(*rule.other_keys, key))
        case _:
            raise Unreadable(key)


def _words(values: list[Tree]) -> tuple[str, ...]:
    words = tuple(value for value in values if isinstance(value, str))
    if len(words) != len(values):
        raise Unreadable(repr(values))
    return words


def _parameters(items: Items) -> Parameters:
    block: list[tuple[str, tuple[Value, ...]]] = []
    for key, _, values in items:
        if not isinstance(values, list):
            raise Unreadable(key)
        block.append((key, tuple(_plain(element) for element in values)))
    return tuple(block)


def _plain(value: Tree) -> Value:
    if isinstance(value, Items):
        return {item.key: _plain(item.value) for item in value}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return value


def _json_items(text: str) -> Items:
    def members(pairs: list[tuple[str, Tree]]) -> Items:
        return Items(Item(key, (), value) for key, value in pairs)

    try:
        top = json.loads(text, object_pairs_hook=members)
    except ValueError:
        raise Unreadable(text) from None
    items: list[Item] = []
    for item in top:
        # `path` holds one object, or a list of objects, of paths.
        holders = item.value if isinstance(item.value, list) else [item.value]
        for holder in holders:
            if not isinstance(holder, Items):
                raise Unreadable(item.key)
            items += [Item(item.key, (path,), _without_booleans(rule)) for path, _, rule in holder]
    return Items(items)


def _without_booleans(value: Tree) -> Tree:
    """Section 2.1: in JSON booleans in a list are silently dropped, and null refuses the policy."""
    if isinstance(value, Items):
        return Items(Item(key, (), _without_booleans(inner)) for key, _, inner in value)
    if isinstance(value, list):
        if None in value:
            raise Unreadable("null")
        return [element for element in value if not isinstance(element, bool)]
    return value


def _hcl_items(text: str) -> Items:
    tokens = _Tokens(text)
    items = _items(tokens, "")
    return items


class _Tokens:
    def __init__(self, text: str) -> None:
        self._found = list(self._scan(text))
        self._at = 0

    @staticmethod
    def _scan(text: str) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise Unreadable(text[at : at + 20])
            if match.lastgroup != "space":
                yield match.lastgroup, match[0]
            at = match.end()
        yield "mark", ""

    def peek(self) -> str:
        return self._found[self._at][1]

    def take(self) -> tuple[str, str]:
        token = self._found[self._at]
        self._at += 1
        return token


def _items(tokens: _Tokens, end: str) -> Items:
    items: list[Item] = []
    while tokens.peek() != end:
        keys: list[str] = []
        while tokens.peek() not in ("{", "="):
            kind, text = tokens.take()
            if kind == "string":
                keys.append(json.loads(text))
            elif kind == "word":
                keys.append(text)
            else:
                raise Unreadable(text)
        if tokens.peek() == "=":
            tokens.take()
        if not keys:
            raise Unreadable("a value without a key")
        items.append(Item(keys[0], tuple(keys[1:]), _value(tokens)))
        if tokens.peek() == ",":
            tokens.take()
    tokens.take()
    return Items(items)


def _value(tokens: _Tokens) -> Tree:
    kind, text = tokens.take()
    if kind == "string":
        return str(json.loads(text))
    if kind == "number":
        return float(text) if "." in text else int(text)
    if text in ("true", "false"):
        return text == "true"
    if text == "{":
        return _items(tokens, "}")
    if text == "[":
        elements: list[Tree] = []
        while tokens.peek() != "]":
            elements.append(_value(tokens))
            if tokens.peek() == ",":
                tokens.take()
        tokens.take()
        return elements
    raise Unreadable(text)
