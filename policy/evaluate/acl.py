"""The ACL of a token: the place where every request is decided.

All doors (the command line, the mock server, the analysis) ask this class and nothing else.
`allows` is the fast way to a bool; `decide` gives the same verdict with its reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.acl import BITS, SUDO_BIT, Problem, Table, capability_words
from policy.catalog import Guard
from policy.evaluate.case import Case
from policy.evaluate.glance import UNUSUAL, Glance
from policy.evaluate.routing import refusal, written
from policy.evaluate.trace import Candidate, lost_by
from policy.model import Capability, Operation, Request, byte_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policy.catalog import MountTable
    from policy.evaluate.decision import Decision
    from policy.model import Dialect, Token

    _Look = tuple[int, Callable[[str], int | None], Callable[[str], int]]

__all__ = ["ACL", "BATCH_MEMORY"]

BATCH_MEMORY = 65_536
"""How many answers a batch keeps."""

_NEEDS: dict[str, Capability | None] = {o: o.capability for o in Operation}
_LISTINGS = frozenset({Operation.LIST, Operation.SCAN})


class ACL:
    """What one token may do. Immutable: share it between threads, and swap it as one value.

    Built by `PolicySet.acl`. An ACL that could not be built denies everything, and `error` says
    why. Rules that expire do so when the ACL is built: `expires_at` (seconds since 1970) tells
    when to build it anew.
    """

    __slots__ = (
        "_is_plain",
        "_looks",
        "bare_mounts",
        "dialect",
        "guard",
        "namespaces",
        "problem",
        "root",
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
        # What a `Case` asks for. `root` is the namespace in which, and below which, the token is
        # root; None for every other token. `bare_mounts` are the mounts without their slash.
        self.problem = table if isinstance(table, Problem) else None
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
        self.root = byte_text(token.namespace) if is_root else None
        self.guard = Guard(dialect, mounts)
        self.bare_mounts = frozenset(byte_text(mount.path[:-1]) for mount in mounts.mounts)
        # For `allows`; see `_prepare`. Where an ACL is anything but plain, they stay empty.
        self._looks: dict[str, _Look] = {}
        self._is_plain = table is self.table and not is_root and not self.namespaces

    def _prepare(self) -> None:
        """Lay out what `allows` asks first: for every operation the bit it needs, and the way to
        the mask of a path with an exact rule and of any other.

        The first call does it. Should two threads come first at once, both lay out the same.
        """
        glance = Glance(self.table, self.guard.beginnings, self.bare_mounts)
        as_it_is = glance.exact.get, glance.find
        with_slash = glance.exact_listed.get, glance.find_listed
        self._looks = {
            operation: (BITS[capability], *(with_slash if operation in _LISTINGS else as_it_is))
            for operation, capability in _NEEDS.items()
            if capability is not None
        }

    @property
    def error(self) -> str | None:
        """Why no ACL could be built, or None."""
        return self.problem.message if self.problem else None

    @property
    def expires_at(self) -> float | None:
        """When the next rule expires, in seconds since 1970; after that, build the ACL anew."""
        return self.table.expires_at

    @property
    def is_root(self) -> bool:
        """Whether the token holds the `root` policy."""
        return self.root is not None

    def allows(
        self,
        operation: Operation | str,
        path: str,
        *,
        data: Mapping[str, Any] | None = None,
        wrap_ttl_seconds: float | None = None,
    ) -> bool:
        """Whether an operation is allowed, in the root namespace.

        The same verdict as `decide`, without its reasons: false for a denial and for what cannot
        be told. `data` and `wrap_ttl_seconds` are those of `Request`. Raises `UsageError` for an
        unknown operation.
        """
        look = self._looks.get(operation)
        if look is not None:
            # The rules found here have no conditions, so that nothing else of a request counts.
            bit, exact, find = look
            mask = exact(path)
            if mask is not None:
                return mask & bit != 0
            mask = find(path)
            if not mask & bit:
                return False
            if mask != UNUSUAL and not (
                "//" in path or "/." in path or path[-1] == "/" or not path.isprintable()
            ):
                return True
        elif self._is_plain and not self._looks:
            self._prepare()
            return self.allows(operation, path, data=data, wrap_ttl_seconds=wrap_ttl_seconds)
        if data is None and wrap_ttl_seconds is None:
            return self._allows_unusual(operation, path)
        request = Request(operation, path, "", data, wrap_ttl_seconds)  # type: ignore[arg-type]  # a str becomes an Operation
        return self.decide(request).allowed

    def _allows_unusual(self, operation: Operation | str, path: str) -> bool:
        """`allows` for everything that the quick look cannot tell."""
        bit = BITS.get(_NEEDS.get(operation))  # type: ignore[arg-type]  # None has no bit
        if bit is None or self.root is not None or self.namespaces or self.problem is not None:
            return self.decide(Request(operation, path)).allowed  # type: ignore[arg-type]
        sent = byte_text(path).lstrip("/")
        if operation in _LISTINGS:
            if not sent.endswith("/"):
                sent += "/"
            path = sent
            grant = self.table.find_listing(path)
        else:
            path = written(operation, sent, self.bare_mounts)
            grant = self.table.find(path)
        if grant is not None and grant.conditions is not None:
            return self.decide(Request(operation, plain_text(sent))).allowed  # type: ignore[arg-type]
        guard = self.guard
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
        if self.problem is not None:
            return ["deny"]
        # Leading slashes of the full path go; in a child namespace there are none.
        full = (byte_text(namespace) + byte_text(path)).lstrip("/")
        if self.root is not None:
            # Here it counts where the question is asked, not where the path leads.
            return ["root"] if byte_text(namespace).startswith(self.root) else ["deny"]
        grant = self.table.find_listing(full)
        if grant is None or not grant.mask:
            return ["deny"]
        return list(capability_words(grant.mask))

    def decide(self, request: Request) -> Decision:
        """Decide a request, with the reasons. Never raises for what the request says."""
        return Case(self, request).decide(request.operation)

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
        case = Case(self, decision.request)
        return grant is not None and case.refusal(decision.operation, grant) is not None

    def useful_capabilities(self, path: str) -> frozenset[Capability] | None:
        """The capabilities that can matter on a path; None where the catalogue does not know it."""
        return self.guard.useful_capabilities(path)
