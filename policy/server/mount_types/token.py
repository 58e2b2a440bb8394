"""`auth/token/`: making, showing, renewing and revoking tokens (OpenBao 2.7.2)."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.inputs import duration_text, parse_seconds
from policy.server.mount_types.token_roles import ROLE_ROUTES, find_role, role_policies
from policy.server.records import TokenRecord
from policy.server.routing import Route, Routes
from policy.server.tokens import DEFAULT_TTL

if TYPE_CHECKING:
    from policy.server.records import RoleRecord
    from policy.server.routing import Call

__all__ = ["ROUTES", "auth_of", "timestamp"]

_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9-]+")
_CUSTOM_ID: Final = (
    "Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure "
    "SHA2-256 HMAC for token obfuscation. SHA1 hashed tokens on the wire leads to less secure "
    "lookups."
)


_TIDY: Final = (
    "Tidy operation successfully started. Any information from the operation will be printed to "
    "OpenBao's server logs."
)


def timestamp(moment: float) -> str:
    """A time as the server writes it: RFC 3339, in UTC, with fractions."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def auth_of(call: Call, token: TokenRecord, text: str) -> dict[str, Any]:
    """The `auth` part of an answer that hands out or renews a token."""
    names = call.core.identity_policies(token) if token.entity_id else []
    auth: dict[str, Any] = {
        "client_token": text,
        "accessor": token.accessor,
        "policies": sorted({*token.policies, *names}),
        "token_policies": token.policies,
    }
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


# Making


class _Creation:
    """One `create` on its way: what is asked for, and what may be given."""

    def __init__(
        self, call: Call, *, is_orphan: bool = False, role: RoleRecord | None = None
    ) -> None:
        self.call = call
        self.role = role
        self.fields = call.fields
        self.parent = call.subject
        self.is_orphan = is_orphan or (role is not None and role.orphan)
        held = call.acl.capabilities(call.path, call.namespace) if call.acl else []
        self.is_root = "root" in held
        self.is_sudo = self.is_root or "sudo" in held
        self.warnings: list[str] = []

    def run(self) -> Reply:
        """Check in the server's order, and make the token."""
        fields, parent = self.fields, self.parent
        if parent.uses:
            raise Refused(400, "restricted use token cannot generate child tokens")
        uses = fields.integer("num_uses")
        if uses < 0:
            raise Refused(400, "number of uses cannot be negative")
        kind = self._kind()
        text = fields.text("id")
        if text:
            self._check_id(text, kind)
        if kind == "batch":
            self._check_batch(uses)
        policies = self._policies()
        ttl, explicit_max, period = self._times()
        is_orphan = self._orphan()
        if period and not self.is_sudo and self.role is None:
            raise Refused(400, "root or sudo privileges required to create periodic token")
        ttl, expires = self._lease(policies, ttl, explicit_max, period)
        name = fields.text("display_name")
        record = TokenRecord(
            id="",
            accessor="",
            policies=policies,
            created=self.call.core.now(),
            namespace=self.call.namespace,
            path=self._path(),
            role=self.role.name if self.role is not None else "",
            display_name=_display_name(name),
            kind=kind,
            ttl=ttl,
            expires=expires,
            explicit_max_ttl=explicit_max,
            period=period,
            renewable=kind == "service" and expires is not None and self._renewable(),
            uses=uses,
            parent="" if is_orphan else parent.id,
            entity_id="" if is_orphan and self.call.path.endswith("orphan") else parent.entity_id,
            meta=fields.mapping("meta") or fields.mapping("metadata"),
        )
        made = self.call.core.tokens.create(record, text=text)
        auth = auth_of(self.call, made.record, made.text)
        return Reply(auth=auth, warnings=self.warnings or None)

    def _renewable(self) -> bool:
        if self.role is not None and not self.role.renewable:
            return False
        return self.fields.boolean("renewable", default=True)

    def _path(self) -> str:
        suffix = self.role.path_suffix if self.role is not None else ""
        return f"{self.call.path}/{suffix}" if suffix else self.call.path

    def _kind(self) -> str:
        kind = self.fields.text("type")
        if kind not in ("", "service", "batch"):
            raise Refused(400, "invalid 'token_type' value")
        return kind or "service"

    def _check_id(self, text: str, kind: str) -> None:
        if not self.is_sudo:
            raise Refused(400, "root or sudo privileges required to specify token id")
        if kind == "batch":
            raise Refused(400, "cannot specify token id when creating a batch token")
        if text.startswith("s."):
            raise Refused(400, "custom token ID cannot have the 's.' prefix")
        if "." in text:
            raise Refused(400, "custom token ID cannot have a '.' in the value")
        if self.call.core.tokens.find(text) is not None:
            raise Refused(400, "cannot create a token with a duplicate ID")
        self.warnings.append(_CUSTOM_ID)

    def _check_batch(self, uses: int) -> None:
        fields = self.fields
        if uses:
            raise Refused(400, 'batch tokens cannot have "num_uses" set')
        if fields.text("period") not in ("", "0", "0s"):
            raise Refused(400, "batch tokens cannot have periods")
        if fields.text("explicit_max_ttl") not in ("", "0", "0s"):
            raise Refused(400, "batch tokens cannot have explicit max TTLs")

    def _policies(self) -> list[str]:
        asked = _clean(self.fields.texts("policies", split=False))
        names = role_policies(self.role, asked) if self.role is not None else None
        if names is None:
            names = self._policies_of_parent(asked)
        if "root" in names:
            if "root" not in self.parent.policies:
                raise Refused(400, "root tokens may not be created without parent token being root")
            return ["root"]
        if self.fields.boolean("no_default_policy"):
            names = [name for name in names if name != "default"]
        if "response-wrapping" in names:
            raise Refused(400, 'cannot assign policy "response-wrapping"')
        self._warn_about_missing(names)
        return names

    def _policies_of_parent(self, asked: list[str]) -> list[str]:
        """What is asked for, as far as the parent may give it, or all that the parent has."""
        held = self.parent.policies
        if not asked:
            return _clean(held)
        if not self.is_sudo and not set(asked) <= set(held):
            raise Refused(400, "child policies must be subset of parent")
        if self.is_sudo or "default" in held:
            return sorted({*asked, "default"})
        return asked

    def _warn_about_missing(self, names: list[str]) -> None:
        for name in names:
            if self.call.core.policy(name, self.call.namespace) is None:
                self.warnings.append(f'Policy "{name}" does not exist')

    def _times(self) -> tuple[float, float, float]:
        fields = self.fields
        try:
            explicit_max = parse_seconds(fields.text("explicit_max_ttl"))
            period = parse_seconds(fields.text("period"))
            ttl = parse_seconds(fields.text("ttl") or fields.text("lease"))
        except ValueError as error:
            raise Refused(400, str(error)) from None
        if explicit_max < 0:
            raise Refused(400, "explicit_max_ttl must be positive")
        if period < 0:
            raise Refused(400, "period must be positive")
        if ttl < 0:
            raise Refused(400, "ttl must be positive")
        if self.role is not None:
            # A role's period is the token's; of two longest times the shorter one counts.
            period = self.role.period or period
            longest = [t for t in (explicit_max, self.role.explicit_max_ttl) if t and not period]
            explicit_max = min(longest, default=0.0)
        return ttl, explicit_max, period

    def _orphan(self) -> bool:
        if self.is_orphan:
            return True
        if not self.fields.boolean("no_parent"):
            return False
        if not self.is_sudo:
            raise Refused(400, "root or sudo privileges required to create orphan token")
        return True

    def _lease(
        self, policies: list[str], ttl: float, explicit_max: float, period: float
    ) -> tuple[float, float | None]:
        """The TTL, and when the token expires; None for never."""
        if policies == ["root"] and not ttl and not period and not explicit_max:
            if self.parent.expires is None:
                return 0.0, None
            # A child of a root token that expires would outlive it otherwise.
            raise Refused(400, "expiring root tokens cannot create non-expiring root tokens")
        longest = min(DEFAULT_TTL, explicit_max) if explicit_max else DEFAULT_TTL
        wanted = period or ttl or DEFAULT_TTL
        if period:
            longest = min(period, explicit_max) if explicit_max else period
        if wanted > longest:
            if ttl:
                self.warnings.append(
                    f'TTL of "{duration_text(wanted)}" exceeded the effective max_ttl of '
                    f'"{duration_text(longest)}"; TTL value is capped accordingly'
                )
            wanted = longest
        return wanted, self.call.core.now() + wanted


def _clean(names: list[str]) -> list[str]:
    return sorted({name.strip().lower() for name in names if name.strip()})


def _display_name(name: str) -> str:
    if not name:
        return "token"
    return "token-" + _NO_NAME.sub("-", name).strip("-")


def _create(call: Call) -> Reply:
    return _Creation(call).run()


def _create_with_role(call: Call) -> Reply:
    role = find_role(call, call.match["role"])
    if role is None:
        raise Refused(400, f"unknown role {call.match['role']}")
    return _Creation(call, role=role).run()


def _tidy(_: Call) -> Reply:
    """Nothing is to be tidied up here: what has expired is forgotten anyway."""
    return Reply(
        warnings=[_TIDY],
        status=202,
    )


def _create_orphan(call: Call) -> Reply:
    return _Creation(call, is_orphan=True).run()


# Showing


def _shown(call: Call, token: TokenRecord, text: str) -> Reply:
    data: dict[str, Any] = {
        "accessor": token.accessor,
        "creation_time": int(token.created),
        "creation_ttl": int(token.ttl),
        "display_name": token.display_name,
        "entity_id": token.entity_id,
        "expire_time": None if token.expires is None else timestamp(token.expires),
        "explicit_max_ttl": int(token.explicit_max_ttl),
        "id": text,
        "meta": token.meta,
        "num_uses": token.uses,
        "orphan": not token.parent,
        "path": token.path,
        "policies": token.policies,
        "ttl": call.core.tokens.remaining(token),
        "type": token.kind,
    }
    if not token.is_first_root:
        data["renewable"] = token.renewable
        if token.kind != "batch":
            data["issue_time"] = timestamp(token.created)
        else:
            data["issue_time"] = timestamp(math.floor(token.created))
    if token.period:
        data["period"] = int(token.period)
    if token.role:
        data["role"] = token.role
    if token.namespace:
        data["namespace_path"] = token.namespace
    if token.last_renewal is not None:
        data["last_renewal"] = timestamp(token.last_renewal)
        data["last_renewal_time"] = int(token.last_renewal)
    if token.entity_id:
        data["identity_policies"] = call.core.identity_policies(token)
        if not data["identity_policies"]:
            del data["identity_policies"]
    return Reply(data=data)


def _lookup_self(call: Call) -> Reply:
    return _shown(call, call.subject, call.token)


def _lookup(call: Call) -> Reply:
    text = call.fields.text("token")
    if not text:
        return _lookup_self(call)
    token = call.core.tokens.find(text)
    if token is None:
        raise Refused(403, "bad token")
    return _shown(call, token, text)


def _by_accessor(call: Call) -> TokenRecord:
    accessor = call.fields.text("accessor")
    if not accessor:
        raise Refused.listed(400, "missing accessor")
    token = call.core.tokens.by_accessor(accessor)
    if token is None:
        raise Refused.listed(400, "invalid accessor")
    return token


def _lookup_accessor(call: Call) -> Reply:
    return _shown(call, _by_accessor(call), "")


def _list_accessors(call: Call) -> Reply:
    keys = call.core.tokens.accessors(call.namespace)
    if not keys:
        raise Refused.not_found()
    return Reply(data={"keys": keys})


# Renewing


def _renewed(call: Call, token: TokenRecord, text: str) -> Reply:
    increment = call.fields.seconds("increment")
    if token.kind == "batch":
        raise Refused(400, "batch tokens cannot be renewed")
    if token.is_first_root or token.expires is None:
        raise Refused(400, "invalid lease ID" if token.is_first_root else "lease is not renewable")
    if not token.renewable:
        raise Refused(400, "lease is not renewable")
    token = call.core.tokens.renew(token, increment)
    return Reply(auth=auth_of(call, token, text))


def _renew_self(call: Call) -> Reply:
    return _renewed(call, call.subject, call.token)


def _renew(call: Call) -> Reply:
    text = call.fields.text("token")
    if not text:
        raise Refused(400, "missing token ID")
    token = call.core.tokens.find(text)
    if token is None:
        raise Refused(400, "token not found")
    return _renewed(call, token, text)


def _renew_accessor(call: Call) -> Reply:
    return _renewed(call, _by_accessor(call), "")


# Revoking


def _revoke_self(call: Call) -> None:
    if call.subject.kind == "batch":
        raise Refused(400, "batch tokens cannot be revoked")
    call.core.tokens.revoke(call.subject)


def _find_to_revoke(call: Call) -> TokenRecord | None:
    text = call.fields.text("token")
    if not text:
        raise Refused(400, "missing token ID")
    token = call.core.tokens.find(text)
    if token is not None and token.kind == "batch":
        raise Refused(400, "batch tokens cannot be revoked")
    return token


def _revoke(call: Call) -> None:
    token = _find_to_revoke(call)
    if token is not None:
        call.core.tokens.revoke(token)


def _revoke_orphan(call: Call) -> None:
    token = _find_to_revoke(call)
    if token is None:
        raise Refused(400, "token to revoke not found")
    call.core.tokens.revoke(token, keep_children=True)


def _revoke_accessor(call: Call) -> Reply | None:
    accessor = call.fields.text("accessor")
    if not accessor:
        raise Refused.listed(400, "missing accessor")
    token = call.core.tokens.by_accessor(accessor)
    if token is None:
        return Reply(warnings=["No token found with this accessor"])
    call.core.tokens.revoke(token)
    return None


ROUTES: Final = Routes(
    Route("create", update=_create),
    Route("create-orphan", update=_create_orphan),
    Route("create/(?P<role>[^/]+)", update=_create_with_role),
    Route("lookup-self", read=_lookup_self, update=_lookup_self),
    Route("lookup", read=_lookup, update=_lookup),
    Route("lookup-accessor", update=_lookup_accessor),
    Route("renew-self", update=_renew_self),
    Route("renew", update=_renew),
    Route("renew-accessor", update=_renew_accessor),
    Route("revoke-self", update=_revoke_self),
    Route("revoke", update=_revoke),
    Route("revoke-orphan", update=_revoke_orphan),
    Route("revoke-accessor", update=_revoke_accessor),
    Route("accessors/?", list=_list_accessors),
    Route("tidy", update=_tidy),
    *ROLE_ROUTES,
)
"""The paths of the token store."""
