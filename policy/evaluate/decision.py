"""What comes out: the verdict with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.acl import Grant
    from policy.catalog import Fact
    from policy.evaluate.acl import ACL
    from policy.evaluate.trace import Candidate
    from policy.model import Capability, Operation, Policy, Request, Rule

__all__ = ["Decision", "Outcome", "Reason"]


class Outcome(StrEnum):
    """May it be done?"""

    ALLOW = "allow"
    DENY = "deny"
    UNDETERMINED = "undetermined"
    """It cannot be told: the verdict hangs on something nobody said. Never treat it as allowed."""


class Reason(StrEnum):
    """Why. The first eight words allow, the others deny or leave it open."""

    GRANTED = "granted"
    HELP = "help"
    ROOT = "root"
    UNAUTHENTICATED = "unauthenticated"

    DENIED_PARAMETER = "denied-parameter"
    EMPTY_RULE = "empty-rule"
    EXPLICIT_DENY = "explicit-deny"
    MISSING_CAPABILITY = "missing-capability"
    MISSING_SUDO = "missing-sudo"
    NO_ACL = "no-acl"
    NO_MATCHING_RULE = "no-matching-rule"
    PAGINATION = "pagination"
    PARAMETER_NOT_ALLOWED = "parameter-not-allowed"
    REFUSED_BEFORE_ACL = "refused-before-acl"
    REQUIRED_PARAMETER = "required-parameter"
    UNSUPPORTED_OPERATION = "unsupported-operation"
    VALUE_NOT_ALLOWED = "value-not-allowed"
    WRAPPING = "wrapping"

    EXISTENCE_UNKNOWN = "existence-unknown"
    """The server makes the write a create or an update by whether the object exists."""
    NOT_DETERMINED = "not-determined"
    """Nobody has seen what this server does."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request, with everything that led to it.

    It is no boolean: compare `outcome`. `grant` is the winning rule with all that was merged into
    it; None where no rule decides. `missing` are the capabilities that rule would have to hold
    besides. `fact` says why the path is root-protected, or needs no token. `detail` is one phrase
    for people.
    """

    request: Request
    outcome: Outcome
    reason: Reason
    detail: str
    acl: ACL
    operation: Operation
    """The operation decided; for `write` the one that the server would make of it, if known."""
    path: str
    """The path the server looks up: with namespace and, for list and scan, a final slash."""
    grant: Grant | None = None
    needed: tuple[Capability, ...] = ()
    missing: tuple[Capability, ...] = ()
    fact: Fact | None = None

    def __bool__(self) -> bool:
        raise TypeError("a Decision is neither true nor false: compare its outcome")

    @property
    def allowed(self) -> bool:
        """Whether the outcome is allow: false for a denial and for what cannot be told."""
        return self.outcome is Outcome.ALLOW

    @property
    def rule(self) -> Rule | None:
        """The winning rule: the first of those merged, with its span in `policy.source`."""
        return self.grant.rules[0][1] if self.grant else None

    @property
    def policy(self) -> Policy | None:
        """The policy of the winning rule."""
        return self.grant.rules[0][0] if self.grant else None

    @property
    def is_root_protected(self) -> bool:
        """Whether the path needs `sudo` besides the capability of the operation."""
        return self.fact is not None and self.fact.kind == "sudo"

    @property
    def granted_by(self) -> tuple[str, ...]:
        """The names of the policies whose rules give something that is needed here."""
        if self.grant is None:
            return ()
        names = [
            policy.name
            for policy, rule in self.grant.rules
            if rule.capabilities & frozenset(self.needed)
        ]
        return tuple(dict.fromkeys(names))

    @property
    def trace(self) -> tuple[Candidate, ...]:
        """Every rule that matches the path, the winner first, and why each other one lost."""
        return self.acl.trace(self)

    def explain(self) -> str:
        """The whole story for a person, in a few lines."""
        from policy.evaluate.explain import explain  # only people need it

        return explain(self)
