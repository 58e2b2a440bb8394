"""Rules that do nothing, and a smaller text that says the same.

A rule may go when everybody who holds the policy can do exactly the same without it: whoever
holds it alone, and each holder of the inventory. It is taken away only together with that proof.
A deny is never taken away: it may be there for policies that are still to come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from policy.analyze.difference import equivalent
from policy.analyze.partition import Lookup, Partition
from policy.analyze.symbolic import symbolic_token
from policy.lower import compile_policy
from policy.policies import PolicySet
from policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.analyze.inventory import Inventory
    from policy.model import Pattern, Policy, Rule, Token

__all__ = ["Idle", "IdleRule", "Simplification", "simplify"]


class Idle(StrEnum):
    """Why a rule does nothing."""

    NEVER_WINS = "never-wins"
    """On every path a request can have another rule wins, or no request can have its paths."""
    CHANGES_NOTHING = "changes-nothing"
    """It wins somewhere, and what would win without it says the same."""


@dataclass(frozen=True, slots=True)
class IdleRule:
    """A rule that does nothing. A deny that never wins is only shown."""

    rule: Rule
    why: Idle
    is_removed: bool


@dataclass(frozen=True, slots=True)
class Simplification:
    """What can be taken from one policy.

    `text` is the smaller text, proved to say the same; None when there is nothing to take away or
    the policy is written in JSON.
    """

    policy: Policy
    idle: tuple[IdleRule, ...]
    text: str | None


def simplify(
    policies: PolicySet, name: str, inventory: Inventory, *, namespace: str = "", now: float = 0.0
) -> Simplification:
    """Find the rules of one policy that do nothing. `now` is in seconds since 1970.

    Raises `AnalysisLimitError`, and `KeyError` when there is no such policy.
    """
    policy = policies.get(name, namespace)
    if policy is None:
        raise KeyError(name)
    proof = _Proof(policies, policy, inventory, now)
    never = proof.never_winning()
    kept = policy
    idle: list[IdleRule] = []
    for rule in sorted(policy.rules, key=_specific, reverse=True):
        wins_never = proof.pattern(rule) in never
        if rule.is_deny:
            if wins_never:
                idle.append(IdleRule(rule, Idle.NEVER_WINS, is_removed=False))
            continue
        without = replace(kept, rules=tuple(other for other in kept.rules if other is not rule))
        if proof.same(kept, without):
            why = Idle.NEVER_WINS if wins_never else Idle.CHANGES_NOTHING
            idle.append(IdleRule(rule, why, is_removed=True))
            kept = without
    idle.sort(key=lambda each: each.rule.span.start)
    text = None
    if kept is not policy and not policy.source.is_json:
        text = _proved(proof, policy, [each.rule for each in idle if each.is_removed])
    return Simplification(policy, tuple(idle), text)


def _specific(rule: Rule) -> tuple[bool, int, str]:
    """Rules that others may cover come first: long literal beginnings."""
    pattern = rule.pattern
    if pattern is None:
        return False, len(rule.path), rule.path
    return pattern.kind == "exact", pattern.first_wildcard, pattern.text


class _Proof:
    """Everybody for whom a policy must keep its meaning."""

    def __init__(
        self, policies: PolicySet, policy: Policy, inventory: Inventory, now: float
    ) -> None:
        self._policy = policy
        self._others = [p for p in policies if p is not policy]
        self.dialect = policies.dialect
        self.now = now
        self._inventory = inventory
        key = policy.namespace, policy.name
        alone = symbolic_token([policy.name], [policy], namespace=policy.namespace)
        tokens = [h.token for h in inventory.holders if key in h.token.policy_names]
        unique = {(t.namespace, t.policy_names, id(t.entity)): t for t in tokens}
        self._tokens: list[Token] = [alone, *unique.values()]
        self._acl = inventory.acl(policies, alone, now=now)
        self._patterns = {id(rule): g.pattern for g in self._acl.table for _, rule in g.rules}

    def same(self, one: Policy, other: Policy) -> bool:
        """Whether both say the same for everybody."""
        before, after = (PolicySet([*self._others, p], self.dialect) for p in (one, other))
        return all(
            equivalent(
                self._inventory.acl(before, token, now=self.now),
                self._inventory.acl(after, token, now=self.now),
            )
            for token in self._tokens
        )

    def pattern(self, rule: Rule) -> Pattern | None:
        """The pattern of a rule where the policy is held alone; None when it has none."""
        return self._patterns.get(id(rule))

    def never_winning(self) -> frozenset[Pattern]:
        """The patterns that win on no path a request can have, where the policy is held alone.

        Rules of further policies can only take paths away from them.
        """
        partition = Partition(self._acl)
        winning = {
            cell.grant.pattern
            for lookup in Lookup
            for cell, paths in partition.divided(lookup)
            if cell.grant is not None and paths.witness(lookup.form) is not None
        }
        return frozenset(grant.pattern for grant in self._acl.table) - winning


def _proved(proof: _Proof, policy: Policy, rules: Sequence[Rule]) -> str | None:
    """The text without some rules, if it is proved to say the same."""
    text = _without(policy.source.normalized.text, rules)
    source = Source.of(text, policy.source.name)
    compiled = compile_policy(source, policy.name, proof.dialect, proof.now)
    if compiled.policy is None:
        return None
    smaller = replace(policy, rules=compiled.policy.rules, source=source)
    return text if proof.same(policy, smaller) else None


_COMMENT: Final = re.compile(r"[ \t]*(#|//)")


def _without(text: str, rules: Sequence[Rule]) -> str:
    """Take blocks out of a text, each with the comment lines right above it.

    A comment at the top of the file stays: it is about the file.
    """
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for rule in sorted(rules, key=lambda rule: rule.span.start, reverse=True):
        start, end = rule.span
        first = max(number for number, at in enumerate(starts) if at <= start)
        last = max(number for number, at in enumerate(starts) if at < end)
        before, behind = text[starts[first] : start], text[end : starts[last] + len(lines[last])]
        if before.strip() or behind.strip():
            text = text[:start] + text[end:]
            continue
        above = first
        while above > 0 and _COMMENT.match(lines[above - 1]):
            above -= 1
        if above == 0:
            above = first
        stop = last + 1
        if (
            above > 0
            and not lines[above - 1].strip()
            and stop < len(lines)
            and not lines[stop].strip()
        ):
            stop += 1
        text = text[: starts[above]] + text[starts[stop] :]
    return text
