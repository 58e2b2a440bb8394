"""Rules that do nothing, for a terminal and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from policy.analyze.simplify import Idle
from policy.report.analysis_words import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.analyze.simplify import IdleRule, Simplification

__all__ = ["SimplifyReport", "simplify_report", "simplify_text"]

_WORDS = {
    Idle.NEVER_WINS: "never wins",
    Idle.CHANGES_NOTHING: "changes nothing: what would win without it says the same",
}


class IdleRuleReport(TypedDict):
    """A rule that does nothing."""

    path: str
    line: int
    why: Literal["never-wins", "changes-nothing"]
    is_removed: bool


class PolicyReport(TypedDict):
    """One policy. `text` is the smaller text, proved to say the same."""

    policy: str
    namespace: str
    file: str
    idle: list[IdleRuleReport]
    text: str | None


class SimplifyReport(TypedDict):
    """All policies. `version` changes when a field changes its meaning or goes away."""

    version: Literal[1]
    policies: list[PolicyReport]


def simplify_text(found: Sequence[Simplification]) -> str:
    """A line for each rule that does nothing."""
    lines = []
    for each in found:
        for idle in each.idle:
            what = "" if idle.is_removed else "; it is a deny, and stays"
            lines.append(
                f'{place(each.policy, idle.rule)}: path "{idle.rule.path}" {_WORDS[idle.why]}{what}'
            )
    return "\n".join(lines) if lines else "every rule does something"


def simplify_report(found: Sequence[Simplification]) -> SimplifyReport:
    """The same as plain data, with the smaller texts."""
    return SimplifyReport(version=1, policies=[_policy(each) for each in found])


def _policy(each: Simplification) -> PolicyReport:
    return PolicyReport(
        policy=each.policy.name,
        namespace=each.policy.namespace,
        file=each.policy.source.name,
        idle=[_idle(each, idle) for idle in each.idle],
        text=each.text,
    )


def _idle(each: Simplification, idle: IdleRule) -> IdleRuleReport:
    return IdleRuleReport(
        path=idle.rule.path,
        line=each.policy.source.position(idle.rule.span.start).line,
        why=idle.why.value,
        is_removed=idle.is_removed,
    )
