"""The ACL of a token: the place where every request is decided.

All doors (the command line, the mock server, the analysis) ask this class and nothing else.
`allows` is the fast way to a bool; `decide` gives the same verdict with its reasons. The order of
the checks is the server's (OpenBao 2.7.2; spec of the ACL, sections 1 and 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.acl import BITS, DENY_BIT, SUDO_BIT, Problem, Table
from policy.catalog import Guard, WriteKind
from policy.evaluate.decision import Decision, Outcome, Reason
from policy.evaluate.routing import refusal, route, written
from policy.evaluate.trace import Candidate, lost_by
from policy.model import Capability, Operation, Request, byte_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.acl import Grant
    from policy.catalog import Fact, MountTable
    from policy.model import Dialect, Token

__all__ = ["ACL", "BATCH_MEMORY"]

BATCH_MEMORY = 65_536
"""How many answers a batch keeps."""

_WITH_PARAMETERS = frozenset({Operation.READ, Operation.CREATE, Operation.UPDATE, Operation.PATCH})
_NEEDS: dict[str, Capability | None] = {o: o.capability for o in Operation}
_LISTINGS = frozenset({Operation.LIST, Operation.SCAN})
# Operations whose path is looked up as it is sent, with the bit of the capability they need.
_QUICK: dict[str, int] = {
    operation: BITS[operation.capability]
    for operation in (Operation.READ, Operation.DELETE)
    if operation.capability is not None
}


class ACL:
    """What one token may do. Immutable: share it between threads, and swap it as one value.

    Built by `PolicySet.acl`. An ACL that could not be built denies everything, and `error` says
    why. Rules that expire do so when the ACL is built: `expires_at` (seconds since 1970) tells
    when to build it anew.
    """

    __slots__ = (
        "_bare_mounts",
        "_exact",
        "_guard",
        "_guarded",
        "_pattern",
        "_problem",
        "_quick",
        "_root",
        "dialect",
        "namespaces",
        "table",
        "token",
        "unknown_policies",
    )

    def __init__(
        self,
        table: Table | Problem,
        token: Token,
        dialect: Dialect,
        mounts: MountTable,
        *,
        is_root: bool = False,
        namespaces: Iterable[str] = (),
        unknown_policies: tuple[str, ...] = (),
    ) -> None:
        self._problem = table if isinstance(table, Problem) else None
        self.table = table if isinstance(table, Table) else Table({}, (), dialect.listing)
        self.token = token
        self.dialect = dialect
        self.unknown_policies = unknown_policies
        """Names the token holds for which there is no policy: the server ignores them."""
        self.namespaces = tuple(
            sorted(
                {byte_text(n) for n in (*namespaces, token.namespace) if n}, key=len, reverse=True
            )
        )
        self._root = byte_text(token.namespace) if is_root else None
        self._guard = Guard(dialect, mounts)
        self._bare_mounts = frozenset(byte_text(mount.path[:-1]) for mount in mounts.mounts)
        # For `allows`: what it asks first, ready at hand. Where an ACL is anything but plain, no
        # operation is quick.
        plain = table is self.table and not is_root and not self.namespaces
        self._quick = _QUICK if plain else {}
        self._exact = self.table.exact.get
        self._pattern = self.table.find_pattern
        self._guarded = self._guard.prefixes

    @property
    def error(self) -> str | None:
        """Why no ACL could be built, or None."""
        return self._problem.message if self._problem else None

    @property
    def expires_at(self) -> float | None:
        """When the next rule expires, in seconds since 1970; after that, build the ACL anew."""
        return self.table.expires_at

    @property
    def is_root(self) -> bool:
        """Whether the token holds the `root` policy."""
        return self._root is not None

    def allows(self, operation: Operation | str, path: str) -> bool:
        """Whether an operation without parameters or wrapping is allowed, in the root namespace.

        The same verdict as `decide`, without its reasons: false for a denial and for what cannot
        be told. Raises `UsageError` for an unknown operation.
        """
        bit = self._quick.get(operation)
        if bit is None or path[:1] == "/" or not path.isascii():
            return self._allows_unusual(operation, path)
        grant = self._exact(path) or self._pattern(path)
        if grant is None or not grant.mask & bit:
            # Denied, unless no token is asked for there.
            return path.startswith(self._guarded) and self._allows_unusual(operation, path)
        if (
            grant.conditions is not None
            or path.startswith(self._guarded)
            or "//" in path
            or "/." in path
        ):
            return self._allows_unusual(operation, path)
        return True

    def _allows_unusual(self, operation: Operation | str, path: str) -> bool:
        """`allows` for everything that the quick look cannot tell."""
        bit = BITS.get(_NEEDS.get(operation))  # type: ignore[arg-type]  # None has no bit
        if bit is None or self._root is not None or self.namespaces or self._problem is not None:
            return self.decide(Request(operation, path)).allowed  # type: ignore[arg-type]
        sent = byte_text(path).lstrip("/")
        if operation in _LISTINGS:
            if not sent.endswith("/"):
                sent += "/"
            path = sent
            grant = self.table.find_listing(path)
        else:
            path = written(operation, sent, self._bare_mounts)
            grant = self.table.find(path)
        if grant is not None and grant.conditions is not None:
            return self.decide(Request(operation, plain_text(sent))).allowed  # type: ignore[arg-type]
        guard = self._guard
        granted = grant is not None and grant.mask & bit
        if granted and grant is not None and not grant.mask & SUDO_BIT:
            granted = guard.root_protected(path) is None
        return bool(granted or guard.unauthenticated(path)) and not refusal(operation, sent)

    def allows_many(self, requests: Iterable[tuple[str, str]]) -> Iterator[bool]:
        """`allows` for many pairs of operation and path, in order.

        Repeated pairs are answered from memory; at most `BATCH_MEMORY` answers are kept, and only
        for the batch. Raises `UsageError` for an unknown operation.
        """
        known: dict[tuple[str, str], bool] = {}
        for request in requests:
            answer = known.get(request)
            if answer is None:
                if len(known) == BATCH_MEMORY:
                    known.clear()
                answer = known[request] = self.allows(*request)
            yield answer

    def decide_many(self, requests: Iterable[Request]) -> Iterator[Decision]:
        """`decide` for many requests, in order.

        Equal requests without parameters share one decision; as many are kept as by
        `allows_many`, and only for the batch.
        """
        known: dict[tuple[str, str, str], Decision] = {}
        for request in requests:
            if request.data is not None or request.wrap_ttl_seconds is not None:
                yield self.decide(request)
                continue
            key = request.operation, request.path, request.namespace
            decision = known.get(key)
            if decision is None:
                if len(known) == BATCH_MEMORY:
                    known.clear()
                decision = known[key] = self.decide(request)
            yield decision

    def capabilities(self, path: str, namespace: str = "") -> list[str]:
        """What `sys/capabilities` answers for a path: sorted, `deny` alone when nothing is held,
        `root` alone for root. Conditions and root protection play no part in it."""
        if self._problem is not None:
            return ["deny"]
        # Leading slashes of the full path go; in a child namespace there are none.
        full = (byte_text(namespace) + byte_text(path)).lstrip("/")
        if self._root is not None:
            # Here it counts where the question is asked, not where the path leads.
            return ["root"] if byte_text(namespace).startswith(self._root) else ["deny"]
        grant = self.table.find_listing(full)
        if grant is None or not grant.mask:
            return ["deny"]
        return [capability.value for capability in grant.capabilities]

    def decide(self, request: Request) -> Decision:
        """Decide a request, with the reasons. Never raises for what the request says."""
        return _Case(self, request).decide(request.operation)

    def trace(self, decision: Decision) -> tuple[Candidate, ...]:
        """Every rule that matches the path of a decision, the winner first."""
        winner = decision.grant
        if winner is None:
            return ()
        is_listing = decision.operation.is_listing
        found = self.table.candidates(byte_text(decision.path), listing=is_listing)
        winner_form = next(form for form, grant in found if grant is winner)
        losers: list[Candidate] = []
        seen = {winner.pattern}
        for form, grant in found:
            if grant.pattern not in seen:
                seen.add(grant.pattern)
                step = lost_by(grant.pattern, form, winner.pattern, winner_form)
                losers.append(Candidate(grant, form, step))
        return (Candidate(winner, winner_form, None), *losers)

    def conditions_refuse(self, decision: Decision) -> bool:
        """Whether the winning rule would refuse the request even with all capabilities."""
        grant = decision.grant
        case = _Case(self, decision.request)
        return grant is not None and case.refusal(decision.operation, grant) is not None

    def useful_capabilities(self, path: str) -> frozenset[Capability] | None:
        """The capabilities that can matter on a path; None where the catalogue does not know it."""
        return self._guard.useful_capabilities(path)


class _Case:
    """One request before the ACL."""

    __slots__ = ("acl", "request", "route")

    def __init__(self, acl: ACL, request: Request) -> None:
        self.acl = acl
        self.request = request
        self.route = route(request, acl.namespaces)

    def decide(self, operation: Operation) -> Decision:
        if operation is Operation.WRITE:
            return self._write()
        acl = self.acl
        guard = acl._guard
        namespace, sent = self.route
        relative = written(operation, sent, acl._bare_mounts)
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
        problem = acl._problem
        if problem is not None:
            if problem.is_determined:
                return answer.deny(Reason.NO_ACL, problem.message)
            return answer.undetermined(Reason.NOT_DETERMINED, problem.message)
        if acl._root is not None:
            if path.startswith(acl._root):
                return answer.allow(Reason.ROOT, "the root policy allows everything")
            return answer.deny(
                Reason.NO_MATCHING_RULE,
                f"root of `{plain_text(acl._root)}` is nothing in another namespace",
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
        kind = self.acl._guard.write_becomes(self.route.path)
        update = self.decide(Operation.UPDATE)
        if kind is WriteKind.UPDATE:
            return update
        create = self.decide(Operation.CREATE)
        if create.outcome is update.outcome:
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

    def __init__(self, case: _Case, operation: Operation, path: str) -> None:
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
