"""A decision in words: the whole story in under ten lines, for a person at two in the morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evaluate.decision import Outcome, Reason
from policy.model import Capability, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.acl import Grant
    from policy.catalog import Fact
    from policy.evaluate.decision import Decision
    from policy.evaluate.trace import Candidate
    from policy.model import Policy, Rule

__all__ = ["explain", "location", "suggest"]

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
    """Outcome, why, what is needed, the rule that won, what it grants, the losers, what to do."""
    asked = f"{decision.operation} {decision.path}"
    lines = [f"{decision.outcome.upper()}  {asked}  ({decision.acl.dialect})"]
    for label, text in _story(decision):
        lines.append(f"  {label:<8}{text}")
    return "\n".join(lines)


def _story(decision: Decision) -> Iterator[tuple[str, str]]:
    yield "why", decision.detail
    fact = decision.fact
    if decision.needed:
        needs = " and ".join(f"`{capability}`" for capability in decision.needed)
        yield "needs", needs if fact is None else f"{needs}: root-protected {_seen(fact)}"
    elif fact is not None:
        yield "needs", f"no token: unauthenticated {_seen(fact)}"
    grant = decision.grant
    note = None if decision.allowed else _note(decision)
    if grant is not None:
        yield "rule", f"`{grant.pattern}` of {_sources(grant)} ({location(grant)})"
        yield "has", ", ".join(grant.capabilities) or "nothing"
        losers = decision.trace[1:]
        if losers:
            yield "lost", _loser(losers[0])
        if len(losers) == 2 and note is None:
            yield "lost", _loser(losers[1])
        elif len(losers) > 1:
            yield "lost", f"and {len(losers) - 1} more that match"
    if note is not None:
        yield "note", note
    advice = suggest(decision)
    if advice is not None:
        yield "to do", advice.replace("\n", "\n" + " " * 10)


def _seen(fact: Fact) -> str:
    """Who enforces a fact, and where it was seen: one place stands for all."""
    short = [source.partition(":")[0] for source in fact.sources]
    more = ", …" if len(short) > 1 else ""
    return (
        f"by the {fact.enforced_by} ({short[0]}{more})" if short else f"by the {fact.enforced_by}"
    )


def _note(decision: Decision) -> str | None:
    """What else may be behind a denial."""
    unknown = decision.acl.unknown_policies
    if unknown:
        return f"no such policy, ignored: {_listed(f'`{name}`' for name in unknown)}"
    left_out = decision.acl.table.left_out
    if left_out:
        paths = _listed((f"`{rule.path}`" for _, rule in left_out), most=1)
        return f"left out, the template has no value for this token: {paths}"
    return None


def location(grant: Grant) -> str:
    """`file:line` of the rules that count."""
    places = []
    for policy, rule in _counting(grant):
        line = policy.source.position(rule.span.start).line
        places.append(f"{policy.source.name}:{line}")
    return _listed(dict.fromkeys(places))


def _sources(grant: Grant) -> str:
    names = dict.fromkeys(policy.name for policy, _ in _counting(grant))
    return _listed(f"`{name}`" for name in names)


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
    return f"`{grant.pattern}` ({location(grant)}): {candidate.lost_by.words}"


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
        return f"add {words} to `{grant.pattern}`, or this rule:\n{_rule(decision)}"
    if decision.missing:
        return f"add this rule:\n{_rule(decision)}"
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
