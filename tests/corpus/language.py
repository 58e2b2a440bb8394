"""Policy texts: accepted or not, and what they mean."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from policy import DIALECTS, PolicySet, Token
from policy.acl import Problem, build_table
from policy.lower import decode_policy_field
from policy.model import PatternKind, plain_text
from policy.source import Source
from policy.syntax import parse
from tests.corpus.engine import NOW, Compilation, compilation, entity_of, groups_of
from tests.corpus.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy import Policy
    from policy.acl import Grant
    from tests.corpus.rows import PolicyRow, SyntaxRow

__all__ = ["policy_verdicts", "syntax_verdicts"]

_OPENBAO = DIALECTS["openbao-2.7"]
_NAME = "recorded"
_NANOSECONDS = 1_000_000_000
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def policy_verdicts(row: PolicyRow) -> Iterator[Verdict]:
    """Everything recorded about one text. What was recorded is compared even where the engine
    refuses the text, so that the number of verdicts hangs on the file alone."""
    text = _text(row)
    policy, accepted = (
        Compilation(None, accepted=False)
        if text is None
        else compilation(Source.of(text), _NAME, _OPENBAO)
    )
    policy = policy and replace(policy, **row.options.model_dump())
    yield Verdict("accepted", row.accepted, accepted)
    if not row.accepted:
        return
    token = Token((_NAME,), entity_of(row.identity), groups_of(row.identity))
    acl = None if policy is None else PolicySet([policy], dialect=_OPENBAO).acl(token, now=NOW)
    if row.acl is not None:
        built = acl is not None and acl.error is None
        yield Verdict("an ACL is built", row.acl == "built", built)
    if row.rules is not None:
        recorded = row.rules.model_dump()
        yield Verdict("rules", recorded, None if policy is None else _rules(policy, token))
    for path, recorded_capabilities in row.probes.items():
        found = None if acl is None else acl.capabilities(path)
        yield Verdict(f"capabilities of {path!a}", recorded_capabilities, found)


def syntax_verdicts(row: SyntaxRow) -> Iterator[Verdict]:
    """One text under three parsers: the whole check of OpenBao, and two stages of syntax."""
    source = Source.of(row.policy)
    _, accepted = compilation(source, _NAME, _OPENBAO)
    yield Verdict("accepted", row.openbao.accepted, accepted)
    old = parse(source, DIALECTS["vault-1.11"])
    yield Verdict("accepted by the old parser", row.syntax_old.accepted, old.accepted)
    strict = parse(source, DIALECTS["vault-2.0"])
    yield Verdict("accepted by the strict parser", row.syntax_strict.accepted, strict.accepted)


def _text(row: PolicyRow) -> str | bytes | None:
    """The policy text; None where the API wants a value and the language never sees it."""
    if row.policy_base64 is not None:
        return base64.b64decode(row.policy_base64)
    if row.is_api_field:
        return decode_policy_field(row.policy) if row.policy else None
    return row.policy


def _rules(policy: Policy, token: Token) -> object:
    """The merged rules in the recorded form, segment patterns left out."""
    table = build_table([policy], token, _OPENBAO, NOW)
    if isinstance(table, Problem):
        return table.message
    listing: dict[str, dict[str, object]] = {"exact": {}, "prefix": {}}
    for grant in table:
        kind = grant.pattern.kind
        if kind is not PatternKind.SEGMENT:
            listing[kind.value][_shown(plain_text(grant.pattern.text))] = _rule(grant)
    return listing


def _rule(grant: Grant) -> dict[str, object]:
    rule: dict[str, object] = {"capabilities": list(grant.capabilities) or ["deny"]}
    conditions = grant.conditions
    if conditions is not None:
        # A fraction of a second is a bound as well, although it shows as 0.
        for key in ("min_wrapping_ttl", "max_wrapping_ttl"):
            if nanoseconds := getattr(conditions, key):
                rule[key] = _seconds(nanoseconds)
        for key in ("allowed_parameters", "denied_parameters", "required_parameters"):
            if value := getattr(conditions, key):
                rule[key] = _plain(value)
    return rule


def _seconds(nanoseconds: int) -> int:
    """Whole seconds, rounded toward zero."""
    whole = abs(nanoseconds) // _NANOSECONDS
    return whole if nanoseconds > 0 else -whole


def _plain(value: object) -> object:
    """A parameter value as the server's JSON shows it."""
    if isinstance(value, str):
        return _shown(value)
    if isinstance(value, Mapping):
        return {_shown(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _shown(text: str) -> str:
    """Bytes that are not UTF-8 are shown one by one as U+FFFD."""
    return "".join(_REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in text)
