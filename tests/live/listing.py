"""The compiled rules of a token: the server's listing, the engine's, and where they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from policy.model import PatternKind
from tests.live.world import PROBE_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.acl import Grant

__all__ = ["Difference", "compiled_rules", "first_difference", "listed_rules"]

_NANOSECONDS = 1_000_000_000
_KINDS = {PatternKind.EXACT: "exact", PatternKind.PREFIX: "prefix"}


def compiled_rules(grants: Iterable[Grant]) -> dict[str, dict[str, object]]:
    """Exact and prefix rules by path. Segment patterns are left out, as the server does."""
    rules: dict[str, dict[str, object]] = {"exact": {}, "prefix": {}}
    for grant in grants:
        kind = _KINDS.get(grant.pattern.kind)
        if kind is not None and str(grant.pattern) != PROBE_PATH:
            path = str(grant.pattern).removesuffix("*" if grant.pattern.is_open else "")
            rules[kind][_shown(path)] = _rule(grant)
    return rules


def _rule(grant: Grant) -> dict[str, object]:
    rule: dict[str, object] = {"capabilities": list(map(str, grant.capabilities)) or ["deny"]}
    conditions = grant.conditions
    if conditions is not None:
        for name in ("min_wrapping_ttl", "max_wrapping_ttl"):
            if nanoseconds := getattr(conditions, name):
                # Cut toward zero: half a second is listed as 0.
                rule[name] = int(nanoseconds / _NANOSECONDS)
        for name in ("allowed_parameters", "denied_parameters", "required_parameters"):
            if found := getattr(conditions, name):
                rule[name] = plain(found)
    return _without_effect(rule)


def _without_effect(rule: dict[str, object]) -> dict[str, object]:
    """A rule that allows nothing says nothing else: the server lists some of what was merged."""
    return {"capabilities": ["deny"]} if rule["capabilities"] == ["deny"] else rule


def listed_rules(answer: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """The server's listing in the same form: of merged rules, it does not sort the capabilities."""
    names = {"exact": "exact_paths", "prefix": "glob_paths"}
    rules: dict[str, dict[str, object]] = {"exact": {}, "prefix": {}}
    for kind, name in names.items():
        for path, rule in (answer.get(name) or {}).items():
            if path == PROBE_PATH:
                continue
            listed = plain(rule)
            assert isinstance(listed, dict)
            rules[kind][path] = _without_effect(
                {**listed, "capabilities": sorted(listed["capabilities"])}
            )
    return rules


class Difference(NamedTuple):
    """Where two listings differ. `attribute` is the name of the rule's attribute, if it is one."""

    place: str
    theirs: str
    ours: str
    attribute: str


def first_difference(theirs: object, ours: object, at: tuple[str, ...] = ()) -> Difference | None:
    """The first difference of two listings, as JSON: `true` is not 1, and order counts."""
    if _written(theirs) == _written(ours):
        return None
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            found = first_difference(theirs.get(key), ours.get(key), (*at, key))
            if found is not None:
                return found
    attribute = at[2] if len(at) > 2 else "rule"
    return Difference(" / ".join(map(repr, at)), _written(theirs), _written(ours), attribute)


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def plain(value: object) -> object:
    """A value as JSON carries it: tuples are lists, whole floats are integers, and bytes that are
    not UTF-8 are shown one by one as U+FFFD."""
    match value:
        case str():
            return _shown(value)
        case Mapping():
            return {_shown(str(key)): plain(inner) for key, inner in value.items()}
        case tuple() | list():
            return [plain(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _shown(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
