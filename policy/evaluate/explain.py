"""A decision in words: the whole story in under ten lines, for a person at two in the morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evaluate.decision import Outcome, Reason
from policy.model import Capability, Operation, Pattern, PatternKind, byte_text
from policy.source import printable

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
    return "\n".join(map(printable, lines))


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
        more = len(losers) - 1
        if more > 0 and note is not None:  # there is room for one line
            yield "lost", f"{_loser(losers[0])}; {more} more"
        elif losers:
            yield "lost", _loser(losers[0])
            if more == 1:
                yield "lost", _loser(losers[1])
            elif more > 1:
                yield "lost", f"and {more} more that match"
    if note is not None:
        yield "note", note
    words, rule = _advice(decision)
    if words:
        yield "to do", words
    if rule:
        yield "", rule


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
    """What would let the request through, where that can be said; None where it cannot.

    A rule to add stands on a line of its own, as one would write it in a policy of the token.
    """
    return "\n".join(filter(None, _advice(decision))) or None


def _advice(decision: Decision) -> tuple[str, str]:
    """What to do in words, and a rule to add; either may be empty."""
    if decision.outcome is not Outcome.DENY or decision.operation is Operation.HEADER:
        return "", ""
    grant = decision.grant
    reason = decision.reason
    if reason in _BY_CONDITIONS and grant is not None:
        return f"change the request, or the conditions of the rule at {location(grant)}", ""
    if reason is Reason.EXPLICIT_DENY and grant is not None:
        return f"ask why {location(grant)} denies it before you change anything", ""
    if not decision.missing:
        return "", ""
    rule = _rule(decision)
    # A rule of the winner's own pattern would be merged with it, conditions and all.
    own = PatternKind.EXACT, byte_text(decision.path), False
    is_merged = grant is not None and grant.pattern == own
    is_refused = grant is not None and decision.acl.conditions_refuse(decision)
    if is_merged and is_refused:
        rule = ""
    if grant is None or (reason is Reason.EMPTY_RULE and rule):
        return ("add this rule:", rule) if rule else ("", "")
    words = " and ".join(f"`{capability}`" for capability in decision.missing)
    words = f"add {words} to `{grant.pattern}`"
    if is_refused:
        words += f", and change the request or the conditions at {location(grant)}"
    return f"{words}, or this rule:" if rule else words, rule


def _rule(decision: Decision) -> str:
    """An exact rule for the path, to be added to a policy in the token's namespace; empty when
    there can be none. It would hide the rule that wins today, so it keeps what that one grants,
    as far as it can matter there."""
    namespace = decision.acl.token.namespace
    path = decision.path.removeprefix(namespace)
    if not decision.path.startswith(namespace) or not _is_exact(path):
        return ""
    held = set(decision.grant.capabilities) if decision.grant else set()
    useful = decision.acl.useful_capabilities(decision.path)
    if useful is not None:
        held &= useful
    words = ", ".join(f'"{c}"' for c in sorted((held | set(decision.needed)) - {Capability.DENY}))
    return f'path "{_quoted(path)}" {{ capabilities = [{words}] }}'


def _is_exact(path: str) -> bool:
    """Whether a path, written into a policy, stands for itself: it may hold what is a wildcard or
    a template there."""
    if "{{" in path or "}}" in path or path.startswith("/"):
        return False
    try:
        return Pattern.compile(path).kind is PatternKind.EXACT
    except ValueError:
        return False


def _quoted(path: str) -> str:
    """The path as it stands between double quotes in HCL."""
    parts = []
    for at, char in enumerate(path):
        if path.startswith("${", at):
            parts.append("\\x24")
        elif char in '"\\':
            parts.append("\\" + char)
        elif char.isprintable():
            parts.append(char)
        else:
            parts += [f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape")]
    return "".join(parts)
