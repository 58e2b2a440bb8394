"""Requests that show what the analysis claims: made here, judged by `ACL.decide`.

Nothing is reported without one. Where a rule has conditions (parameters, wrapping, page size), a
handful of requests is made that meet them, or just do not; a condition that none of them can meet
counts as one that no request can meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError
from policy.lower.scalars import NANOSECONDS
from policy.model import Operation, Request, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.evaluate import ACL, Decision
    from policy.model import Conditions, ParameterValue

__all__ = ["AnalysisDefectError", "allowed_request", "confirm", "telling_request", "tries"]

_MAX_TRIES: Final = 400
_WITH_PARAMETERS: Final = frozenset(
    {Operation.READ, Operation.CREATE, Operation.UPDATE, Operation.PATCH}
)


class AnalysisDefectError(PolicyError):
    """The analysis and the evaluator disagree: a mistake in this program, never in a policy."""


def confirm(acl: ACL, request: Request, *, allowed: bool) -> Decision:
    """The decision on a request. Raises `AnalysisDefectError` when it is not as claimed."""
    decision = acl.decide(request)
    if decision.allowed is not allowed:
        claimed = "allowed" if allowed else "not allowed"
        raise AnalysisDefectError(
            f"internal disagreement: the analysis takes `{request.operation}` on "
            f"`{request.path}` to be {claimed}, the evaluator says {decision.outcome}; "
            "please report this with your policies"
        )
    return decision


def allowed_request(
    acl: ACL, operation: Operation, path: str, conditions: Conditions | None
) -> Decision | None:
    """The decision on a request that the ACL allows; `path` is byte text.

    None when nothing that was tried meets the conditions. Without conditions the plain request
    has to be allowed: raises `AnalysisDefectError` when it is not.
    """
    plain = Request(operation, plain_text(path))
    if conditions is None:
        return confirm(acl, plain, allowed=True)
    for request in tries(operation, plain.path, [conditions]):
        decision = acl.decide(request)
        if decision.allowed:
            return decision
    return None


def telling_request(
    allowing: ACL, refusing: ACL, operation: Operation, path: str, conditions: Sequence[Conditions]
) -> tuple[Decision, Decision] | None:
    """The decisions on a request that one ACL allows and the other refuses; None if none of those
    that were tried is one. `path` is byte text."""
    for request in tries(operation, plain_text(path), conditions):
        yes = allowing.decide(request)
        if yes.allowed:
            no = refusing.decide(request)
            if not no.allowed:
                return yes, no
    return None


def tries(operation: Operation, path: str, conditions: Sequence[Conditions]) -> Iterator[Request]:
    """Requests on both sides of every condition, the plain one first."""
    left = _MAX_TRIES
    wraps = list(dict.fromkeys(_wrappings(conditions)))
    for data in _parameters(operation, conditions):
        for wrap in wraps:
            yield Request(operation, path, "", data or None, wrap)
            left -= 1
            if not left:
                return


def _wrappings(conditions: Sequence[Conditions]) -> Iterator[float | None]:
    """TTLs at the bounds and just beyond them, in seconds."""
    yield None
    second = NANOSECONDS
    for condition in conditions:
        for bound in (condition.min_wrapping_ttl, condition.max_wrapping_ttl):
            if bound > 0:
                yield bound / second
    for condition in conditions:
        if condition.min_wrapping_ttl > second:
            yield (condition.min_wrapping_ttl - second) / second
        if condition.max_wrapping_ttl > 0:
            yield (condition.max_wrapping_ttl + second) / second


def _parameters(operation: Operation, conditions: Sequence[Conditions]) -> Iterator[dict[str, Any]]:
    yield {}
    if operation.is_listing:
        for condition in conditions:
            if condition.pagination_limit > 0:
                yield {"limit": str(condition.pagination_limit)}
                yield {"limit": str(condition.pagination_limit + 1)}
        yield {"limit": "1"}
        return
    if operation not in _WITH_PARAMETERS:
        return
    values: dict[str, dict[Any, None]] = {}
    for condition in conditions:
        for name in condition.required_parameters:
            values.setdefault(name.lower(), {})
        for parameters in (condition.allowed_parameters, condition.denied_parameters):
            for name, listed in parameters.items():
                if name != "*":
                    values.setdefault(name, {}).update(
                        dict.fromkeys(text for value in listed for text in _meeting(value))
                    )
    for known in values.values():
        known["any"] = None
    # All that each one requires, with every value; then one more parameter; then all but one.
    for condition in conditions:
        required = [name.lower() for name in condition.required_parameters]
        bases = list(_filled(required, values))
        yield from bases
        for base in bases[:2]:
            for name, known in values.items():
                for value in known:
                    yield {**base, name: value}
            yield {**base, "other": "any"}
            for name in required:
                yield {other: value for other, value in base.items() if other != name}


def _filled(names: list[str], values: dict[str, dict[Any, None]]) -> Iterator[dict[str, Any]]:
    """Each name with its first value, then with its second, and so on."""
    longest = max((len(values[name]) for name in names), default=1)
    for at in range(longest):
        yield {name: [*values[name]][min(at, len(values[name]) - 1)] for name in names}


def _meeting(value: ParameterValue) -> Iterator[str | bool]:
    """Values of a request that a value of a policy may fit; the stars of a text stand for any."""
    if isinstance(value, bool):
        yield value
    elif isinstance(value, str):
        yield value
        if len(value) > 1 and (value.startswith("*") or value.endswith("*")):
            bare = value.strip("*")
            yield from (bare, f"any{bare}", f"{bare}any")
