"""Who may do something: on one path, or on which of the paths of a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.acl import BITS, SUDO_BIT
from policy.analyze.difference import OPERATIONS
from policy.analyze.evidence import allowed_request
from policy.analyze.partition import Partition, looked_up_elsewhere
from policy.analyze.path_map import combine, pattern_node, with_slash
from policy.analyze.path_set import PathSet
from policy.analyze.prospects import Prospects
from policy.analyze.reach import Reach, reach_within
from policy.analyze.touching import Touching
from policy.errors import UsageError
from policy.evaluate import Reason
from policy.model import (
    Capability,
    Operation,
    Pattern,
    PatternKind,
    Request,
    byte_text,
    plain_text,
)
from policy.policies import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.analyze.inventory import Holder, Inventory
    from policy.evaluate import ACL
    from policy.policies import PolicySet

__all__ = ["Question", "Who", "who_can"]


@dataclass(frozen=True, slots=True)
class Question:
    """An operation, whether the rule has to hold `sudo` as well, and the paths."""

    operation: Operation
    needs_sudo: bool
    pattern: Pattern

    @classmethod
    def of(cls, operation: str, path: str) -> Question:
        """From the words of a person: `update+sudo`, and a path or pattern.

        Raises `UsageError` for a word that is no operation rules tell apart, and for a pattern
        that a server refuses.
        """
        word, plus, capability = operation.lower().partition("+")
        known = {each.value: each for each in OPERATIONS}
        if word not in known or (plus and capability != "sudo"):
            raise UsageError(
                f"`{operation}`: give one of {', '.join(known)}, with `+sudo` if the rule "
                "has to hold it"
            )
        try:
            pattern = Pattern.compile(path.removeprefix("/").removeprefix("v1/"))
        except ValueError as error:
            raise UsageError(f"`{path}`: {error}") from None
        return cls(known[word], bool(plus), pattern)

    @property
    def is_one_path(self) -> bool:
        """Whether it is about one path and not a pattern."""
        return self.pattern.kind is PatternKind.EXACT


@dataclass(frozen=True)
class Who:
    """A holder who can, and by which rules on which paths."""

    holder: Holder
    rows: tuple[Reach, ...]


def who_can(
    policies: PolicySet,
    question: Question,
    inventory: Inventory,
    holders: Iterable[Holder] | None = None,
    *,
    now: float | None = None,
) -> tuple[Who, ...]:
    """Everybody who can, in the order of the inventory. Raises `AnalysisLimitError`.

    What needs no token at all is nobody's grant, and is not in the answer.
    """
    within = pattern_node(question.pattern)
    if question.operation.is_listing:
        within = combine(within, with_slash(within), max)
    holders = inventory.holders if holders is None else tuple(holders)
    near = _near(policies, question, inventory, holders)
    prospects = Prospects(policies, lambda pattern: ("there",) if pattern in near else ())
    needed = BITS[Capability(question.operation)] | (SUDO_BIT if question.needs_sudo else 0)
    asked = [
        holder
        for holder in holders
        if _holds_root(holder) or prospects.of(holder.token).get("there", 0) & needed == needed
    ]
    answers: dict[int, tuple[Reach, ...]] = {}
    found = []
    for holder, acl in inventory.acls(policies, asked, now=now):
        rows = answers.get(id(acl))
        if rows is None:
            if question.is_one_path and not acl.is_root:
                found_rows = _on_path(acl, question)
            else:
                partition = Partition(acl, near=near, only_rules=True)
                found_rows = reach_within(partition, [question.operation], within)
            rows = answers[id(acl)] = tuple(
                row
                for row in found_rows
                if not question.needs_sudo or row.grant is None or row.grant.mask & SUDO_BIT
            )
        if rows:
            found.append(Who(holder, rows))
    return tuple(found)


def _holds_root(holder: Holder) -> bool:
    return any(name == ROOT for _, name in holder.token.policy_names)


def _near(
    policies: PolicySet, question: Question, inventory: Inventory, holders: Iterable[Holder]
) -> Touching:
    """The paths that are asked about, and those by which some of them are looked up."""
    own = {byte_text(holder.token.namespace) for holder in holders}
    namespaces = {
        *own,
        *map(byte_text, inventory.namespaces),
        *(byte_text(policy.namespace) for policy in policies),
    }
    asked = question.pattern
    others = {
        Pattern(PatternKind.EXACT, path, False)
        for namespace in own
        for sent, path in looked_up_elsewhere(policies.dialect, namespaces - {""}, namespace)
        if asked.matches(sent) or asked.matches(sent + "/")
    }
    return Touching([asked, *others])


def _on_path(acl: ACL, question: Question) -> tuple[Reach, ...]:
    """For one path the evaluator is asked, and nothing else."""
    operation, path = question.operation, question.pattern.text
    decision = acl.decide(Request(operation, plain_text(path)))
    grant = decision.grant
    if not decision.allowed and grant is not None and grant.conditions is not None:
        decision = allowed_request(acl, operation, path, grant.conditions) or decision
    if not decision.allowed or decision.reason is Reason.UNAUTHENTICATED:
        return ()
    sent = path.removesuffix("/") if operation.is_listing else path
    return (
        Reach(
            grant,
            PathSet(pattern_node(Pattern(PatternKind.EXACT, sent, False))),
            operation.is_listing,
            () if decision.fact is None else (decision.fact,),
            (decision,),
        ),
    )
