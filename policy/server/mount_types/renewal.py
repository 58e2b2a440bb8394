"""Renewing tokens: whoever handed a token out has a say in it (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.server.answers import Refused, Reply
from policy.server.go_text import quoted
from policy.server.mount_types.auths import Terms, auth_of
from policy.server.mount_types.token_roles import find_role
from policy.server.mount_types.userpass import terms_of_user

if TYPE_CHECKING:
    from policy.server.records import TokenRecord
    from policy.server.routing import Call

__all__ = ["renewed"]


def renewed(call: Call, token: TokenRecord, text: str) -> Reply | None:
    """Renew a token; nothing at all where its user is gone. Raises `Refused`."""
    if token.kind == "batch":
        raise Refused(400, "batch tokens cannot be renewed")
    if token.is_first_root:
        raise Refused(400, "invalid lease ID")
    if token.expires is None or not token.renewable:
        raise Refused(400, "lease is not renewable")
    terms = _terms(call, token)
    if terms is None:
        return None
    core = call.core
    ttl, warnings = terms.lease(core.now(), token.created, call.fields.seconds("increment"))
    token = core.tokens.renew(token, ttl)
    return Reply(auth=auth_of(call, token, text), warnings=warnings or None)


def _terms(call: Call, token: TokenRecord) -> Terms | None:
    if token.role:
        role = find_role(call, token.role)
        if role is None:
            raise _not_renewed(
                f"original token role {quoted(token.role)} could not be found, not renewing"
            )
        return Terms(token.granted_ttl, role.period, 0, role.explicit_max_ttl)
    if token.path.startswith("auth/token/"):
        return Terms(token.granted_ttl, token.period, 0, token.explicit_max_ttl)
    try:
        return terms_of_user(call, token)
    except ValueError as error:
        raise _not_renewed(str(error)) from None


def _not_renewed(why: str) -> Refused:
    return Refused.listed(500, f"failed to renew entry: {why}")
