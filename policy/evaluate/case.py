"""One request before an ACL: the checks in the server's order, and the decision they lead to.

The order is that of OpenBao 2.7.2 (spec of the ACL, sections 1 and 9), and what a live server did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.acl import BITS, DENY_BIT, SUDO_BIT
from policy.catalog import WriteKind
from policy.evaluate.decision import Decision, Outcome, Reason
from policy.evaluate.routing import WRITES, refusal, route, written
from policy.model import Capability, Operation, byte_text, plain_text

if TYPE_CHECKING:
    from policy.acl import Grant
    from policy.catalog import Fact
    from policy.evaluate.acl import ACL
    from policy.model import Dialect, Request

__all__ = ["Case"]

_WITH_PARAMETERS = WRITES | {Operation.READ}


class Case:
    """One request before the ACL."""

    __slots__ = ("acl", "request", "route")

    def __init__(self, acl: ACL, request: Request) -> None:
        self.acl = acl
        self.request = request
        own = byte_text(acl.token.namespace) if acl.dialect.self_requests_follow_token else None
        self.route = route(request, acl.namespaces, own)

    def decide(self, operation: Operation) -> Decision:
        if operation is Operation.WRITE:
            return self._write()
        acl = self.acl
        guard = acl.guard
        namespace, sent = self.route
        relative = written(operation, sent, acl.bare_mounts)
        path = namespace + relative
        answer = _Answer(self, operation, plain_text(path))

        refused = refusal(operation, sent, namespace)
        if refused is None and namespace and guard.root_namespace_only(relative):
            refused = "only the root namespace answers this path"
        if refused is not None:
            return answer.deny(Reason.REFUSED_BEFORE_ACL, refused)
        fact = guard.unauthenticated(relative)
        if fact is not None:
            return answer.allow(Reason.UNAUTHENTICATED, "no token is asked for here", fact=fact)
        problem = acl.problem
        if problem is not None:
            if problem.is_determined:
                return answer.deny(Reason.NO_ACL, problem.message)
            return answer.undetermined(Reason.NOT_DETERMINED, problem.message)
        if acl.root is not None:
            if path.startswith(acl.root):
                return answer.allow(Reason.ROOT, "the root policy allows everything")
            return answer.deny(
                Reason.NO_MATCHING_RULE,
                f"root of `{plain_text(acl.root)}` is nothing in another namespace",
            )
        protected = guard.root_protected(relative, in_root_namespace=not namespace)
        if operation is Operation.HELP and not _help_needs_sudo(acl.dialect, protected):
            return answer.allow(Reason.HELP, "help needs no capability")
        find = acl.table.find_listing if operation.is_listing else acl.table.find
        return self._by_rule(answer, operation, find(path), protected)

    def _by_rule(
        self, answer: _Answer, operation: Operation, grant: Grant | None, protected: Fact | None
    ) -> Decision:
        """Decide by the winning rule, in the server's order."""
        capability = operation.capability
        needed = [] if capability is None else [capability]
        if protected is not None:
            needed.append(Capability.SUDO)
        answer.about(grant, tuple(needed), protected)
        if operation is Operation.HEADER:
            return answer.deny(Reason.UNSUPPORTED_OPERATION, "HEAD is for root alone")
        if grant is None:
            return answer.deny(Reason.NO_MATCHING_RULE, "no rule matches the path")
        if grant.mask & DENY_BIT:
            return answer.deny(Reason.EXPLICIT_DENY, "the winning rule denies")
        if capability is not None and not grant.mask & BITS[capability]:
            if not grant.mask:
                return answer.deny(Reason.EMPTY_RULE, "the winning rule grants nothing at all")
            return answer.deny(
                Reason.MISSING_CAPABILITY, f"the winning rule does not grant `{capability}`"
            )
        refusal = self.refusal(operation, grant)
        if refusal is not None:
            return answer.deny(*refusal)
        if protected is not None and not grant.mask & SUDO_BIT:
            return answer.deny(
                Reason.MISSING_SUDO, "root-protected, and the winning rule does not grant `sudo`"
            )
        return answer.allow(Reason.GRANTED, "the winning rule grants all that is needed")

    def refusal(self, operation: Operation, grant: Grant) -> tuple[Reason, str] | None:
        """What the conditions of the winning rule have against the request."""
        conditions = grant.conditions
        if conditions is None or operation is Operation.HELP:
            return None
        from policy.evaluate.limits import pagination_refusal, wrapping_refusal
        from policy.evaluate.parameters import parameter_refusal

        words = wrapping_refusal(conditions, self.request.wrap_ttl_seconds)
        if words is not None:
            return Reason.WRAPPING, words
        if operation in _WITH_PARAMETERS:
            data = self.request.data
            if operation is Operation.READ and data:
                # Parameters of a read are query parameters: a list is one that is repeated, and
                # equals nothing.
                data = {k: None if isinstance(v, list | tuple) else v for k, v in data.items()}
            refusal = parameter_refusal(conditions, data, self.acl.dialect)
            if refusal is not None:
                return Reason(refusal[0]), refusal[1]
        elif operation.is_listing:
            words = pagination_refusal(conditions, self.request.data)
            if words is not None:
                return Reason.PAGINATION, words
        return None

    def _write(self) -> Decision:
        """A PUT or POST of which nobody said whether the object exists."""
        kind = self.acl.guard.write_becomes(self.route.path)
        update = self.decide(Operation.UPDATE)
        if kind is WriteKind.UPDATE:
            return update
        create = self.decide(Operation.CREATE)
        if create.outcome is update.outcome:
            if update.outcome is Outcome.DENY and update.needed:
                # Denied either way: to be allowed for certain it needs both.
                answer = _Answer(self, Operation.WRITE, update.path)
                needed = (Capability.CREATE, *update.needed)
                answer.about(update.grant, needed, update.fact)
                return answer.deny(update.reason, update.detail)
            return update
        worse = create if update.allowed else update
        words = ("allowed", "denied") if update.allowed else ("denied", "allowed")
        detail = f"{words[0]} if the object exists already, {words[1]} if it does not"
        if kind is WriteKind.UNKNOWN:
            detail += "; what is mounted here is not known"
        answer = _Answer(self, Operation.WRITE, worse.path)
        answer.about(worse.grant, worse.needed, worse.fact)
        return answer.undetermined(Reason.EXISTENCE_UNKNOWN, detail)


def _help_needs_sudo(dialect: Dialect, protected: Fact | None) -> bool:
    """Whether help needs `sudo`: only old servers ask for it, and only the router does."""
    return dialect.help_needs_sudo and protected is not None and protected.enforced_by == "router"


class _Answer:
    """A decision in the making."""

    __slots__ = ("case", "fact", "grant", "needed", "operation", "path")

    def __init__(self, case: Case, operation: Operation, path: str) -> None:
        self.case = case
        self.operation = operation
        self.path = path
        self.grant: Grant | None = None
        self.needed: tuple[Capability, ...] = ()
        self.fact: Fact | None = None

    def about(self, grant: Grant | None, needed: tuple[Capability, ...], fact: Fact | None) -> None:
        self.grant, self.needed, self.fact = grant, needed, fact

    def allow(self, reason: Reason, detail: str, fact: Fact | None = None) -> Decision:
        self.fact = fact or self.fact
        return self._decision(Outcome.ALLOW, reason, detail)

    def deny(self, reason: Reason, detail: str) -> Decision:
        return self._decision(Outcome.DENY, reason, detail)

    def undetermined(self, reason: Reason, detail: str) -> Decision:
        return self._decision(Outcome.UNDETERMINED, reason, detail)

    def _decision(self, outcome: Outcome, reason: Reason, detail: str) -> Decision:
        mask = self.grant.mask if self.grant else 0
        return Decision(
            request=self.case.request,
            outcome=outcome,
            reason=reason,
            detail=detail,
            acl=self.case.acl,
            operation=self.operation,
            path=self.path,
            grant=self.grant,
            needed=self.needed,
            missing=tuple(c for c in self.needed if not mask & BITS[c]),
            fact=self.fact,
        )
