"""A decision in words: the whole story in under ten lines, for a person at two in the morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evaluate.decision import Outcome, Reason
from policy.model import Capability, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.acl import Grant
    from policy.evaluate.decision import Decision
    from policy.evaluate.trace import Candidate
    from policy.model import Policy, Rule

__all__ = ["explain", "location", "suggest"]

_MOST_LOSERS = 2
_BY_CONDITIONS = frozenset(
    {
        Reason.DENIED_PARAMETER,
        Reason.PAGINATION,
        Reason.PARAMETER_NOT_ALLOWED,
        Reason.REQUIRED_PARAMETER,
        Reason.VALUE_NOT_ALLOWED,
        Reason.WRAPPING,
    }
)


def explain(decision: Decision) -> str:
    """Outcome, what is needed, what the token has, the winning rule, the losers, what to add."""
    asked = f"{decision.operation} {decision.path}  ({decision.acl.dialect})"
    lines = [f"{decision.outcome.upper()}  {asked}: {decision.detail}"]
    lines += [f"  {label:<8}{text}" for label, text in _story(decision)]
    return "\n".join(lines)


def _story(decision: Decision) -> Iterator[tuple[str, str]]:
    if decision.needed:
        needs = " and ".join(f"`{capability}`" for capability in decision.needed)
        if decision.fact is not None:
            needs += f"; {decision.fact.describe()}"
        yield "needs", needs
    elif decision.fact is not None:
        yield "because", decision.fact.describe()
    grant = decision.grant
    if grant is not None:
        held = ", ".join(f"`{c}`" for c in grant.capabilities) or "nothing"
        yield "has", f"{held}, from {_sources(grant)}"
        yield "rule", f"`{grant.pattern}` at {location(grant)}"
        losers = decision.trace[1:]
        for candidate in losers[:_MOST_LOSERS]:
            yield "lost", _loser(candidate)
        if len(losers) > _MOST_LOSERS:
            yield "lost", f"and {len(losers) - _MOST_LOSERS} more that match"
    unknown = decision.acl.unknown_policies
    if unknown and not decision.allowed:
        yield "note", f"no such policy, ignored: {', '.join(f'`{name}`' for name in unknown)}"
    left_out = decision.acl.table.left_out
    if left_out and not decision.allowed:
        paths = ", ".join(f"`{rule.path}`" for _, rule in left_out[:3])
        yield "note", f"left out, its template has no value for this token: {paths}"
    advice = suggest(decision)
    if advice is not None:
        yield "to do", advice


def location(grant: Grant) -> str:
    """`file:line` of the rules that count."""
    places = []
    for policy, rule in _counting(grant):
        line = policy.source.position(rule.span.start).line
        places.append(f"{policy.source.name}:{line}")
    return _listed(dict.fromkeys(places))


def _sources(grant: Grant) -> str:
    names = dict.fromkeys(policy.name for policy, _ in _counting(grant))
    word = "policy" if len(names) == 1 else "policies"
    return f"{word} {_listed(f'`{name}`' for name in names)}"


def _counting(grant: Grant) -> list[tuple[Policy, Rule]]:
    """The rules that make the grant what it is: where one denies, the others do not count."""
    if grant.is_deny:
        return [(policy, rule) for policy, rule in grant.rules if rule.is_deny]
    return list(grant.rules)


def _listed(words: Iterable[str], most: int = 3) -> str:
    words = list(words)
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


def _loser(candidate: Candidate) -> str:
    assert candidate.lost_by is not None
    grant = candidate.grant
    return f"`{grant.pattern}` at {location(grant)}: {candidate.lost_by.words}"


def suggest(decision: Decision) -> str | None:
    """What would let the request through, where that can be said; None where it cannot."""
    if decision.outcome is not Outcome.DENY or decision.operation is Operation.HEADER:
        return None
    grant = decision.grant
    reason = decision.reason
    if reason in _BY_CONDITIONS and grant is not None:
        return f"change the request, or the conditions of the rule at {location(grant)}"
    if reason is Reason.EXPLICIT_DENY and grant is not None:
        return f"ask why {location(grant)} denies it before you change anything"
    if grant is not None and decision.missing and reason is not Reason.EMPTY_RULE:
        words = " and ".join(f"`{capability}`" for capability in decision.missing)
        return f"add {words} to `{grant.pattern}`, or this rule: {_rule(decision)}"
    if decision.missing:
        return f"add this rule: {_rule(decision)}"
    return None


def _rule(decision: Decision) -> str:
    """An exact rule for the path. It would hide the rule that wins today, so it keeps what that
    one grants, as far as it can matter there."""
    held = set(decision.grant.capabilities) if decision.grant else set()
    useful = decision.acl.useful_capabilities(decision.path)
    if useful is not None:
        held &= useful
    words = ", ".join(f'"{c}"' for c in sorted((held | set(decision.needed)) - {Capability.DENY}))
    path = decision.path.replace("\\", "\\\\").replace('"', '\\"')
    return f'path "{path}" {{ capabilities = [{words}] }}'
