"""Two revisions of policies: what changes for every policy alone, and for everybody who holds
some."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy.analyze.difference import Change, Direction, difference
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.symbolic import symbolic_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.model import Policy, Token
    from policy.policies import PolicySet

__all__ = ["HolderChanges", "adding", "review"]


@dataclass(frozen=True)
class HolderChanges:
    """What changes for one holder."""

    holder: Holder
    changes: tuple[Change, ...]

    @property
    def directions(self) -> frozenset[Direction]:
        """Everything that happens."""
        return frozenset(d for change in self.changes for d in change.directions)

    @property
    def touches_root_protected(self) -> bool:
        """Whether something is gained on a root-protected path."""
        return any(
            bool(change.protected) and any(d.is_more for d in change.directions)
            for change in self.changes
        )


def review(
    old: PolicySet, new: PolicySet, inventory: Inventory | None = None, *, now: float | None = None
) -> tuple[HolderChanges, ...]:
    """Every policy and every holder of the inventory for whom something changes.

    A policy alone stands for a token that holds nothing else; a selector in its paths stands for
    one unknown value (see `policy.analyze.symbolic`). Raises `AnalysisLimitError`.
    """
    inventory = Inventory() if inventory is None else inventory
    touched = frozenset(_touched(old, new))
    found = []
    for holder in (*_each_policy(old, new), *inventory.holders):
        if touched.isdisjoint(holder.token.policy_names):
            continue
        before = inventory.acl(old, holder, now=now)
        after = inventory.acl(new, holder, now=now)
        changes = difference(before, after)
        if changes:
            found.append(HolderChanges(holder, changes))
    return tuple(found)


def adding(
    policies: PolicySet,
    token: Token,
    name: str,
    inventory: Inventory | None = None,
    *,
    now: float | None = None,
) -> tuple[Change, ...]:
    """What one more policy changes for a token. It can take away as well as give: a rule of it
    that wins over others grants what it says and nothing else."""
    inventory = Inventory() if inventory is None else inventory
    more = replace(token, policies=(*token.policies, name))
    return difference(
        inventory.acl(policies, token, now=now), inventory.acl(policies, more, now=now)
    )


def _touched(old: PolicySet, new: PolicySet) -> Iterator[tuple[str, str]]:
    """Namespace and name of every policy that is not the same text in both."""
    before = {(policy.namespace, policy.name): policy for policy in old}
    after = {(policy.namespace, policy.name): policy for policy in new}
    for key in {**before, **after}:
        one, other = before.get(key), after.get(key)
        if one is None or other is None or not _same(one, other) or old.dialect != new.dialect:
            yield key


def _same(one: Policy, other: Policy) -> bool:
    """Whether the texts, and the options beside them, are equal; the rest follows from these."""
    return (
        one.source.text == other.source.text
        and replace(one, source=other.source, rules=other.rules) == other
    )


def _each_policy(old: PolicySet, new: PolicySet) -> Iterable[Holder]:
    """One holder for each policy, under the identity that fits both revisions."""
    both: dict[tuple[str, str], list[Policy]] = {}
    for policy in (*old, *new):
        both.setdefault((policy.namespace, policy.name), []).append(policy)
    for (namespace, name), versions in sorted(both.items()):
        token = symbolic_token([name], versions, namespace=namespace)
        yield Holder(HolderKind.POLICY, namespace + name, token)
