"""One request before the policies: the plain function behind the middleware.

The verdict is the engine's. What stands here is what an application differs in from a server that
enforces these policies itself, and every difference is on the side of refusing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qsl, urlencode

from policy.errors import UsageError
from policy.evaluate import Outcome, Reason
from policy.middleware.metrics import Counters
from policy.middleware.targets import refusal
from policy.model import Operation, Request, http_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.evaluate import ACL, Decision
    from policy.model import Token

__all__ = ["Gate", "Refusal", "Verdict"]

_WRITES: Final = (Operation.WRITE, Operation.CREATE, Operation.UPDATE, Operation.PATCH)
_LIST_QUERIES: Final = ("list", "scan")
_ALLOWING: Final = (Reason.GRANTED, Reason.ROOT)


class Policies(Protocol):
    """Where ACLs come from: `LivePolicies`, or a `PolicySet` that never changes."""

    def acl(self, token: Token, /) -> ACL:
        """What a token may do."""


class Refusal(StrEnum):
    """Why a request is refused whatever the rules say. Stands beside `policy.Reason`."""

    FAILED = "failed"
    """Resolver, existence check or engine raised an exception: the log has its kind and place."""
    NAMESPACE = "namespace"
    """A header names a namespace, which the gate does not look at."""
    NO_SUBJECT = "no-subject"
    """There is no token, or nobody knows it."""
    ODD_PATH = "odd-path"
    """The path could be read as another one."""
    SEVERAL_TOKENS = "several-tokens"
    """Different tokens in one request: which one counts is not to be guessed."""
    UNENFORCEABLE = "unenforceable"
    """The winning rule wants what the gate cannot see to: see `Gate.check`."""
    UNKNOWN_METHOD = "unknown-method"
    """No operation stands for this method (and query)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen to a request. Neither true nor false: ask `allowed`."""

    outcome: Outcome
    reason: Reason | Refusal
    status: int
    """What to answer; 200 if it is allowed."""
    detail: str
    """One phrase for the log. A client is not told."""
    decision: Decision | None = None
    """The engine's decision, where there is one: the rule that won, and `explain()`."""

    def __bool__(self) -> bool:
        raise TypeError("a Verdict is neither true nor false: ask `allowed`")

    @property
    def allowed(self) -> bool:
        """Whether the application may go on: false for what cannot be told."""
        return self.outcome is Outcome.ALLOW

    @property
    def operation(self) -> Operation | None:
        """The operation that was decided; None where it did not come to that."""
        return self.decision.operation if self.decision is not None else None

    @classmethod
    def refused(cls, reason: Refusal, status: HTTPStatus, detail: str) -> Verdict:
        """A denial that no rule has a say in."""
        return cls(Outcome.DENY, reason, status, detail)


class Gate:
    """Checks requests to one application.

    `prefix` stands before every path, so that `GET /reports/1` is a read of `app/reports/1` with
    the prefix `app/`. Without one, the application's paths are those of the server itself, and
    what begins with `sys/` or `auth/` counts as there. `list_queries` says that the application
    takes `?list=true` and `?scan=true` as Vault does, by the `operation` of the verdict; otherwise
    only the methods LIST and SCAN list, which not every ASGI server lets through. `decisions`
    counts by `(outcome, reason)`. Safe to share between threads.

    Raises `UsageError` for a prefix that is no path.
    """

    def __init__(self, policies: Policies, *, prefix: str = "", list_queries: bool = False) -> None:
        if prefix and (not prefix.endswith("/") or refusal("/" + prefix, None) is not None):
            raise UsageError(f"`{prefix}` is no prefix; write it like `app/`")
        self._policies = policies
        self._prefix = prefix
        self._list_queries = list_queries
        self.decisions = Counters()

    def check(
        self,
        method: str,
        path: str,
        subject: Token | None,
        *,
        query: str = "",
        raw_path: bytes | None = None,
        data: Mapping[str, Any] | None = None,
        exists: bool | None = None,
    ) -> Verdict:
        """May this subject make this request?

        `path` is the decoded path by which the application chooses what it does, with its first
        slash; `raw_path` as it was sent, if that is known. `query` is without its question mark.
        `data` are the parameters in the body of a write, `{}` if there are none; with None the
        body was not looked at, and a rule that limits parameters cannot be enforced. Nor can a
        control group, an MFA method, or a filter of what a list shows: such a rule allows
        nothing here. `exists` tells whether a PUT or POST meets an object; as long as nobody
        says, it takes `create` and `update`. HEAD is a read, as most applications serve it.
        """
        verdict = self._check(method, path, subject, query, raw_path, data, exists)
        return self.count(verdict)

    def check_socket(
        self, path: str, subject: Token | None, *, raw_path: bytes | None = None
    ) -> Verdict:
        """May this subject open a WebSocket? It carries both ways: `read` and `update`."""
        for operation in (Operation.READ, Operation.UPDATE):
            verdict = self._judge(operation, path, subject, raw_path, None)
            if not verdict.allowed:
                break
        return self.count(verdict)

    def count(self, verdict: Verdict) -> Verdict:
        """Count a verdict that was found elsewhere. Returns it."""
        self.decisions.count(verdict.outcome, verdict.reason)
        return verdict

    def _check(
        self,
        method: str,
        path: str,
        subject: Token | None,
        query: str,
        raw_path: bytes | None,
        data: Mapping[str, Any] | None,
        exists: bool | None,
    ) -> Verdict:
        try:
            operation = self._operation(method, query, exists)
        except UsageError as error:
            return Verdict.refused(
                Refusal.UNKNOWN_METHOD, HTTPStatus.METHOD_NOT_ALLOWED, error.message
            )
        if operation not in _WRITES:
            data = _parameters(query)
        return self._judge(operation, path, subject, raw_path, data)

    def _operation(self, method: str, query: str, exists: bool | None) -> Operation:
        """The operation of a method. Raises `UsageError`."""
        # Most applications serve HEAD as a GET without a body; methods are told apart by case.
        served = "GET" if method == "HEAD" else method
        if served != served.upper() or served == "HELP":
            raise UsageError(f"no operation stands for the method `{method}`")
        target = "/"
        if self._list_queries and served == "GET":
            pairs = parse_qsl(query, keep_blank_values=True)
            target += "?" + urlencode([pair for pair in pairs if pair[0] in _LIST_QUERIES])
        return http_request(served, target, exists=exists).operation

    def _judge(
        self,
        operation: Operation,
        path: str,
        subject: Token | None,
        raw_path: bytes | None,
        data: Mapping[str, Any] | None,
    ) -> Verdict:
        odd = refusal(path, raw_path)
        if odd is not None:
            return Verdict.refused(Refusal.ODD_PATH, HTTPStatus.BAD_REQUEST, odd)
        if subject is None:
            return Verdict.refused(
                Refusal.NO_SUBJECT, HTTPStatus.FORBIDDEN, "nobody is known by this token"
            )
        acl = self._policies.acl(subject)
        paths = [path[1:]]
        if len(path) > 1 and path.endswith("/") and not operation.is_listing:
            # Many routers serve `a/` as `a`: what is not allowed there is not allowed here.
            paths.append(path[1:-1])
        for asked in paths:
            decision = acl.decide(Request(operation, self._prefix + asked, data=data))
            verdict = _verdict(decision, data)
            if not verdict.allowed:
                break
        return verdict


def _parameters(query: str) -> dict[str, str | None] | None:
    """Query parameters; one that is repeated is None, which equals nothing a policy says."""
    found: dict[str, str | None] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = None if name in found else value
    return found or None


def _verdict(decision: Decision, data: Mapping[str, Any] | None) -> Verdict:
    outcome, reason, detail = decision.outcome, decision.reason, decision.detail
    if not decision.allowed:
        return Verdict(outcome, reason, HTTPStatus.FORBIDDEN, detail, decision)
    if reason not in _ALLOWING:
        # Open paths and help are a server's own: no application was asked about them.
        return Verdict(Outcome.DENY, reason, HTTPStatus.FORBIDDEN, detail, decision)
    beyond = _beyond(decision, data)
    if beyond is not None:
        undetermined, why = Outcome.UNDETERMINED, Refusal.UNENFORCEABLE
        return Verdict(undetermined, why, HTTPStatus.FORBIDDEN, beyond, decision)
    return Verdict(Outcome.ALLOW, reason, HTTPStatus.OK, detail, decision)


def _beyond(decision: Decision, data: Mapping[str, Any] | None) -> str | None:
    """What the winning rule wants that nobody here sees to, or None."""
    conditions = decision.grant.conditions if decision.grant is not None else None
    if conditions is None:
        return None
    if conditions.control_group is not None:
        return "the rule has a control group"
    if conditions.mfa_methods:
        return "the rule has an MFA method"
    if decision.operation.is_listing:
        return "the rule filters what a list shows" if conditions.list_filter else None
    limits = (
        conditions.allowed_parameters,
        conditions.denied_parameters,
        conditions.required_parameters,
    )
    if decision.operation in _WRITES and data is None and any(limits):
        return "the rule limits parameters, and the body was not looked at"
    return None
