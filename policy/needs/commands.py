"""From a `vault` or `bao` command line to the requests it sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from policy.errors import UsageError
from policy.model import http_request
from policy.needs.command_table import (
    COMMANDS,
    PARAMETERS,
    SWITCHES,
    TOKEN_FLAGS,
    VAULT_COMMANDS,
)
from policy.needs.kv import kv_commands, kv_requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.catalog import MountTable
    from policy.model import Request
    from policy.needs.command_table import Cases

__all__ = ["Commanded", "command_requests"]

_PLACEHOLDER = re.compile(r"\{([^}]+)\}")


class Commanded(NamedTuple):
    """The requests of a command line; the mounts, with any that had to be assumed; and what was
    assumed, for people."""

    requests: list[Request]
    mounts: MountTable
    notes: list[str]


def command_requests(
    words: Sequence[str],
    mounts: MountTable,
    *,
    namespace: str = "",
    exists: bool | None = None,
) -> Commanded:
    """The requests that a command line, such as `vault kv put secret/a k=v`, sends.

    `kv` commands depend on the version of the mount; one that `mounts` does not know is taken for
    version 2. Raises `UsageError` for a command that is not known or lacks an argument.
    """
    program, *rest = words
    name, rest = _command(rest)
    flags, arguments = _flags(rest)
    namespace = flags.get("namespace", flags.get("ns", namespace)).strip("/")
    if namespace:
        namespace += "/"
    if name.startswith("kv "):
        found, mounts, notes = kv_requests(name, flags, arguments, mounts)
    else:
        notes = []
        cases = VAULT_COMMANDS.get(name) if program.endswith("vault") else None
        found = _filled(name, cases or COMMANDS[name], flags, arguments)
    requests = [
        http_request(method, target, data=data, namespace=namespace, exists=exists)
        for method, target, data in found
    ]
    return Commanded(requests, mounts, notes)


def _command(words: Sequence[str]) -> tuple[str, list[str]]:
    """The name of the command, and the words behind it."""
    known = {*COMMANDS, *kv_commands()}
    for count in range(4, 0, -1):
        name = " ".join(words[:count])
        if name in known:
            return name, list(words[count:])
    from difflib import get_close_matches

    asked = " ".join(word for word in words[:3] if not word.startswith("-"))
    near = get_close_matches(asked, sorted(known), n=3, cutoff=0.5)
    hint = f"; near to it are {', '.join(f'`{name}`' for name in near)}" if near else ""
    raise UsageError(f"unknown command `{asked}`{hint}; write its request as METHOD PATH")


def _flags(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Flags, as Go programs take them, and arguments."""
    flags: dict[str, str] = {}
    arguments: list[str] = []
    pending = list(words)[::-1]
    while pending:
        word = pending.pop()
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            continue
        name, has_value, value = word.lstrip("-").partition("=")
        if not has_value and name not in SWITCHES:
            if not pending:
                raise UsageError(f"the flag `{word}` has no value")
            value = pending.pop()
        if value.lower() not in ("false", "f", "0") or name not in SWITCHES:
            flags["force" if name == "f" else name] = value
    return flags, arguments


def _filled(
    name: str, cases: Cases, flags: Mapping[str, str], arguments: Sequence[str]
) -> list[tuple[str, str, dict[str, object] | None]]:
    if isinstance(cases, str):
        cases = (("", cases),)
    recipe = next((text for case, text in cases if _fits(case, flags, arguments)), "")
    found = []
    for step in recipe.split("; "):
        method, target, *names = step.split(" ")
        pairs = _pairs(arguments[1:])
        if target.endswith("?*"):
            from urllib.parse import urlencode

            target = target[:-2] + ("?" + urlencode(pairs) if pairs else "")
        path = _PLACEHOLDER.sub(lambda match: _value(name, match[1], flags, arguments), target)
        found.append((method, path, _body(names, pairs, flags)))
    return found


def _fits(case: str, flags: Mapping[str, str], arguments: Sequence[str]) -> bool:
    if case.isdecimal():
        return len(arguments) >= int(case)
    flag, has_value, value = case.removeprefix("-").partition("=")
    return not case or (flag in flags and (not has_value or flags[flag] == value))


def _value(name: str, places: str, flags: Mapping[str, str], arguments: Sequence[str]) -> str:
    """What a placeholder stands for, ready for a URL."""
    from urllib.parse import quote

    for place in places.split("|"):
        if place == "":
            return ""
        if place.isdecimal() and int(place) < len(arguments):
            text = arguments[int(place)].removeprefix("/").removeprefix("v1/")
            # A final slash of a mount is no part of the API path; a list has one in any case.
            return quote(text if name in _AS_GIVEN else text.rstrip("/"), safe="/*+")
        if place in flags:
            return quote(flags[place].strip("/"), safe="/*+")
    raise UsageError(f"`{name}` lacks an argument")


_AS_GIVEN = frozenset({"delete", "list", "patch", "path-help", "read", "scan", "write"})


def _body(
    names: Sequence[str], pairs: dict[str, object], flags: Mapping[str, str]
) -> dict[str, object] | None:
    """Parameters, by name: the values do not matter to what a request needs."""
    if names == ["*"]:
        return pairs or None
    if names and names[0] in PARAMETERS:
        is_token = names[0] == "@token"
        more = [text for flag, text in TOKEN_FLAGS.items() if is_token and flag in flags]
        names = (*PARAMETERS[names[0]], *more)
    return dict.fromkeys(names, "") or None


def _pairs(arguments: Sequence[str]) -> dict[str, object]:
    """`k=v` arguments."""
    return {
        key: value
        for key, is_pair, value in (argument.partition("=") for argument in arguments)
        if is_pair
    }
