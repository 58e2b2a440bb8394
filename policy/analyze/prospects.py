"""What a token can hold at most, told from its policies before they are merged into an ACL.

A winning rule grants no more than all rules on its pattern together do, so whoever has no rule
that touches a place, or only rules without the capability that counts, need not be asked about.
Policies are held by many, and are looked at once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

from policy.acl import BITS
from policy.model import Pattern, PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from policy.model import Policy, Rule, Token
    from policy.policies import PolicySet

__all__ = ["Prospects"]

_Place = TypeVar("_Place")


class Prospects(Generic[_Place]):
    """The most that can be granted, by place. `places` tells which places a pattern touches."""

    def __init__(self, policies: PolicySet, places: Callable[[Pattern], Iterable[_Place]]) -> None:
        self._policies = policies
        self._places = places
        self._known: dict[tuple[str, str], Mapping[_Place, int]] = {}

    def of(self, token: Token) -> Mapping[_Place, int]:
        """Capabilities as bits, by place. What the policy `root` gives is not in it."""
        most: defaultdict[_Place, int] = defaultdict(int)
        for key in token.policy_names:
            for place, mask in self._of_policy(key).items():
                most[place] |= mask
        return most

    def _of_policy(self, key: tuple[str, str]) -> Mapping[_Place, int]:
        most = self._known.get(key)
        if most is None:
            most = self._known[key] = defaultdict(int)
            namespace, name = key
            policy = self._policies.get(name, namespace)
            for rule in () if policy is None else policy.rules:
                assert policy is not None
                mask = sum(BITS[capability] for capability in rule.capabilities)
                for place in self._places(_broadest(policy, rule)):
                    most[place] |= mask
        return most


def _broadest(policy: Policy, rule: Rule) -> Pattern:
    """A pattern for all paths that a rule can have, whatever its template is filled in with."""
    if rule.pattern is not None:
        if not policy.namespace:
            return rule.pattern
        return Pattern.compile(rule.path, policy.namespace)
    fixed = rule.path.partition("{{")[0].partition("+")[0]
    return Pattern.compile(fixed, policy.namespace)._replace(kind=PatternKind.PREFIX, is_open=True)
