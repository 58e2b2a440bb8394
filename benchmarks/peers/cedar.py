"""Cedar, through cedarpy: policies and entities are parsed once, and kept."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.workloads import RuleSpec

__all__ = ["Cedar", "cedar_text"]


def cedar_text(rules: Iterable[RuleSpec]) -> str:
    """The rules as somebody at home in Cedar would write them.

    An exact path is an entity, which the scope of a policy compares; patterns use `like`, where
    `*` stands for any characters. Two things cannot be said: that `+` ends at a slash, and that
    the best rule decides alone. Here all that match count, and a `forbid` beats them all.
    """
    return "\n".join(_policy(rule) for rule in rules)


def _policy(rule: RuleSpec) -> str:
    effect, actions = "permit", "action"
    if rule.capabilities == ("deny",):
        effect = "forbid"
    elif len(rule.capabilities) == 1:
        actions = f'action == Action::"{rule.capabilities[0]}"'
    else:
        words = ", ".join(f'Action::"{word}"' for word in rule.capabilities)
        actions = f"action in [{words}]"
    if "*" not in rule.path and "+" not in rule.path:
        return f'{effect}(principal, {actions}, resource == Path::"{rule.path}");'
    pattern = rule.path.replace("+", "*")
    return f'{effect}(principal, {actions}, resource) when {{ context.path like "{pattern}" }};'


class Cedar:
    """An authorizer that is ready to be asked."""

    def __init__(self, text: str) -> None:
        cedarpy = import_module("cedarpy")
        self._is_authorized = cedarpy.is_authorized
        self._policies = cedarpy.PolicySet.from_str(text)
        self._entities = cedarpy.Entities.from_json_str("[]")

    def allows(self, operation: str, path: str) -> bool:
        """Whether the request is authorized."""
        request = {
            "principal": {"type": "Token", "id": "ops"},
            "action": {"type": "Action", "id": operation},
            "resource": {"type": "Path", "id": path},
            "context": {"path": path},
        }
        allowed: bool = self._is_authorized(request, self._policies, self._entities).allowed
        return allowed
