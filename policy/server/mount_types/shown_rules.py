"""What a token may do, as the user interface is told; nothing is decided here (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model import Capability, PatternKind, plain_text
from policy.server.answers import Refused, Reply

if TYPE_CHECKING:
    from policy.evaluate import ACL
    from policy.model import Conditions
    from policy.server.routing import Call

__all__ = ["has_access", "resultant_acl"]


def has_access(call: Call, path: str) -> bool:
    """Whether there is anything for the caller at a path, given in full, or below it."""
    acl = call.acl
    if acl is None:
        return False
    if acl.is_root or acl.capabilities(path) != ["deny"]:
        return True
    return any(str(grant.pattern).startswith(path) and not grant.is_deny for grant in acl.table)


_ORDER: Final = (
    Capability.CREATE,
    Capability.DELETE,
    Capability.LIST,
    Capability.READ,
    Capability.SUDO,
    Capability.UPDATE,
    Capability.PATCH,
    Capability.SCAN,
)


def resultant_acl(call: Call) -> Reply:
    """`sys/internal/ui/resultant-acl`: what a token has been given. Raises `Refused`."""
    acl = call.acl
    if acl is None:
        raise Refused.no_token()
    if call.subject.uses < 0:
        # The last use of a token is not known to the page.
        raise Refused.not_allowed()
    if acl.is_root:
        return Reply(data={"root": True})
    exact, prefix = _shown_rules(acl)
    return Reply(data={"exact_paths": exact, "glob_paths": prefix, "root": False})


def _shown_rules(acl: ACL) -> tuple[dict[str, Any], dict[str, Any]]:
    exact: dict[str, Any] = {}
    prefix: dict[str, Any] = {}
    for grant in acl.table:
        pattern = grant.pattern
        if pattern.kind is PatternKind.SEGMENT:
            continue
        held = grant.capabilities
        words = ["deny"] if grant.is_deny or not held else [c.value for c in _ORDER if c in held]
        shown: dict[str, Any] = {"capabilities": words}
        if grant.conditions is not None:
            shown |= _shown_conditions(grant.conditions)
        place = exact if pattern.kind is PatternKind.EXACT else prefix
        place[plain_text(pattern.text)] = shown
    return dict(sorted(exact.items())), dict(sorted(prefix.items()))


def _shown_conditions(conditions: Conditions) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in ("allowed_parameters", "denied_parameters"):
        given = getattr(conditions, name)
        if given:
            shown[name] = {key: list(values) for key, values in sorted(given.items())}
    if conditions.required_parameters:
        shown["required_parameters"] = list(conditions.required_parameters)
    for name in ("min_wrapping_ttl", "max_wrapping_ttl"):
        nanoseconds = getattr(conditions, name)
        if nanoseconds:
            shown[name] = nanoseconds // 1_000_000_000
    if conditions.pagination_limit:
        shown["pagination_limit"] = conditions.pagination_limit
    return shown
