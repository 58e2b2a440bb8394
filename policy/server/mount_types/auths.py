"""What a token is granted, and how an answer shows it (OpenBao 2.7.2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from policy.server.inputs import duration_text
from policy.server.tokens import DEFAULT_TTL

if TYPE_CHECKING:
    from policy.server.records import TokenRecord
    from policy.server.routing import Call

__all__ = ["Terms", "auth_of", "clean_policies"]


class Terms(NamedTuple):
    """What decides how long a token is good for. All in seconds, 0 where there is nothing."""

    ttl: float = 0
    period: float = 0
    max_ttl: float = 0
    explicit_max_ttl: float = 0
    mount_ttl: float = 0
    mount_max_ttl: float = 0

    def lease(self, now: float, created: float, increment: float = 0) -> tuple[float, list[str]]:
        """The time from now on, and warnings about what was asked for in vain."""
        now, created = math.floor(now), math.floor(created)
        longest = self.mount_max_ttl or DEFAULT_TTL
        longest = min(self.max_ttl or longest, self.explicit_max_ttl or longest, longest)
        warnings = []
        if self.period > 0:
            granted = self.period
            if granted > longest:
                warnings.append(_capped("period", granted, longest))
                granted = longest
            left = created + self.explicit_max_ttl - now if self.explicit_max_ttl else granted
        else:
            granted = increment if increment > 0 else self.ttl or self.mount_ttl or DEFAULT_TTL
            left = created + longest - now
        if granted > left:
            warnings.append(_capped("TTL", granted, left))
            granted = max(0, left)
        return granted, warnings


def _capped(what: str, asked: float, longest: float) -> str:
    return (
        f'{what} of "{duration_text(asked)}" exceeded the effective max_ttl of '
        f'"{duration_text(longest)}"; {what} value is capped accordingly'
    )


def clean_policies(names: list[str], *, add_default: bool = False) -> list[str]:
    """Names of policies in lower case, sorted, each once; `root` swallows all others."""
    found = {name.strip().lower() for name in names if name.strip()}
    if "root" in found:
        return ["root"]
    return sorted(found | {"default"}) if add_default else sorted(found)


def auth_of(call: Call, token: TokenRecord, text: str) -> dict[str, Any]:
    """The `auth` part of an answer that hands out or renews a token."""
    names = call.core.identity_policies(token) if token.entity_id else []
    auth: dict[str, Any] = {
        "client_token": text,
        "accessor": token.accessor,
        "policies": sorted({*token.policies, *names}),
    }
    if token.policies:
        auth["token_policies"] = token.policies
    if names:
        auth["identity_policies"] = names
    return auth | {
        "metadata": token.meta,
        "lease_duration": int(token.granted_ttl),
        "renewable": token.renewable,
        "entity_id": token.entity_id,
        "token_type": token.kind,
        "orphan": not token.parent,
        "mfa_requirement": None,
        "num_uses": token.granted_uses,
    }
