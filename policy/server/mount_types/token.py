"""`auth/token/`: making, showing, renewing and revoking tokens (OpenBao 2.7.2)."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.inputs import Kind, parse_seconds
from policy.server.mount_types.auths import Terms, auth_of, clean_policies
from policy.server.mount_types.renewal import renewed
from policy.server.mount_types.token_roles import (
    ROLE_ROUTES,
    find_role,
    fits_alias,
    role_policies,
)
from policy.server.records import TokenRecord
from policy.server.routing import NAME, Route, Routes

if TYPE_CHECKING:
    from policy.server.records import RoleRecord
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES", "find_by_accessor", "timestamp"]

_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9-]")
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
    text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").removesuffix(".") + "Z"


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
        self.is_orphan = is_orphan
        held = call.acl.capabilities(call.path, call.namespace) if call.acl else []
        self.is_sudo = "root" in held or "sudo" in held
        self.is_from_outside = call.namespace != self.parent.namespace
        self.warnings: list[str] = []
        self.changes: dict[str, Record | None] = {}

    def run(self) -> Reply:
        """Check in the server's order, and make the token."""
        call, fields, parent, now = self.call, self.fields, self.parent, self.call.core.now()
        if parent.kind == "batch":
            raise Refused(400, "batch tokens cannot create more tokens")
        if parent.uses < 0:
            raise Refused(400, "parent token lookup failed: no parent found")
        if parent.uses:
            raise Refused(400, "restricted use token cannot generate child tokens")
        asked = fields.listed("policies")
        if self.is_from_outside:
            self._check_from_outside(asked)
        kind, uses = self._kind(), fields.integer("num_uses")
        if uses < 0:
            raise Refused(400, "number of uses cannot be negative")
        entity_id = self._entity()
        text = fields.text("id")
        if text and not self.is_sudo:
            raise Refused(400, "root or sudo privileges required to specify token id")
        if text and call.namespace:
            raise Refused(400, "token IDs can only be manually specified in the root namespace")
        policies = self._policies(asked, kind)
        is_orphan = self._orphan()
        own, terms = self._terms(kind)
        is_root = "root" in policies
        ttl = 0.0
        if terms.period or terms.ttl or not is_root:
            ttl, warnings = terms.lease(now, now)
            self.warnings += warnings
        ttl = ttl or terms.explicit_max_ttl
        if not ttl and parent.ttl:
            # A child of a root token that expires would outlive it otherwise.
            raise Refused(400, "expiring root tokens cannot create non-expiring root tokens")
        if text:
            self.warnings.append(_CUSTOM_ID)
            if kind == "service":
                self._check_id(text)
        record = TokenRecord(
            id="",
            accessor="",
            policies=policies,
            created=now,
            namespace=call.namespace,
            path=self._path(),
            role=self.role.name if self.role is not None else "",
            display_name=_display_name(fields.text("display_name")),
            kind=kind,
            ttl=ttl,
            expires=now + ttl if ttl else None,
            explicit_max_ttl=own.explicit_max_ttl,
            period=own.period,
            renewable=kind == "service" and bool(ttl) and self._renewable(),
            uses=self._uses(uses),
            parent="" if is_orphan else parent.id,
            entity_id=entity_id or ("" if is_orphan else parent.entity_id),
            meta=fields.pairs("meta"),
            bound_cidrs=self._addresses(is_orphan=is_orphan) if ttl else [],
        )
        made = call.core.tokens.create(
            record, text=text if kind == "service" else "", extra=self.changes
        )
        self._warn_about_missing(policies)
        auth = auth_of(call, made.record, made.text)
        return Reply(auth=auth, warnings=self.warnings or None)

    def _check_from_outside(self, asked: list[str]) -> None:
        if not self.is_sudo:
            raise Refused(
                400,
                "root or sudo privileges required to directly generate a token in a child "
                "namespace",
            )
        if "root" in asked:
            raise Refused(400, "root tokens may not be created from a parent namespace")

    def _renewable(self) -> bool:
        if self.role is not None and not self.role.renewable:
            return False
        return self.fields.boolean("renewable", default=True)

    def _uses(self, asked: int) -> int:
        limits = [uses for uses in (asked, self.role.uses if self.role else 0) if uses]
        return min(limits, default=0)

    def _addresses(self, *, is_orphan: bool) -> list[str]:
        if self.role is not None:
            return self.role.bound_cidrs
        return [] if is_orphan else self.parent.bound_cidrs

    def _path(self) -> str:
        suffix = self.role.path_suffix if self.role is not None else ""
        return f"{self.call.path}/{suffix}" if suffix else self.call.path

    def _kind(self) -> str:
        kind = self.fields.text("type")
        if self.role is not None:
            if self.role.kind in ("service", "batch"):
                kind = self.role.kind
            elif self.role.kind == "default-batch":
                kind = kind or "batch"
        if kind not in ("", "service", "batch"):
            raise Refused(400, "invalid 'token_type' value")
        if kind == "batch":
            self._check_batch()
        return kind or "service"

    def _check_batch(self) -> None:
        """The server looks at the first of these that is given, and at no other."""
        fields = self.fields
        bad = ""
        if fields.text("explicit_max_ttl"):
            bad = "explicit_max_ttl"
        elif fields.integer("num_uses"):
            bad = "num_uses"
        elif fields.text("period"):
            bad = "period"
        if bad in ("explicit_max_ttl", "period"):
            try:
                if not parse_seconds(fields.text(bad)):
                    bad = ""
            except ValueError:
                raise Refused(400, f"'{bad}' value could not be parsed") from None
        if bad:
            raise Refused(400, f'batch tokens cannot have "{bad}" set')

    def _entity(self) -> str:
        """The id of the entity that a request names by an alias; mostly there is none."""
        name = self.fields.text("entity_alias")
        if not name:
            return ""
        if self.role is None:
            raise Refused(400, "'entity_alias' is only allowed in combination with token role")
        if not fits_alias(self.role, name):
            raise Refused(400, "invalid 'entity_alias' value")
        accessor = self.call.mount.accessor if self.call.mount is not None else ""
        entity, self.changes = self.call.core.identity.create_or_fetch(
            name, accessor, self.call.namespace
        )
        if entity.disabled:
            raise Refused(403, "entity from given entity alias is disabled")
        return entity.id

    def _check_id(self, text: str) -> None:
        if text.startswith("s."):
            raise Refused(400, "custom token ID cannot have the 's.' prefix")
        if "." in text:
            raise Refused(400, "custom token ID cannot have a '.' in the value")
        if self.call.core.tokens.find(text) is not None:
            raise Refused(400, "cannot create a token with a duplicate ID")

    def _policies(self, asked: list[str], kind: str) -> list[str]:
        held, no_default = self.parent.policies, self.fields.boolean("no_default_policy")
        names = None
        if self.role is not None:
            names = role_policies(self.role, asked, held, no_default=no_default)
        if names is None:
            names = self._policies_of_parent(asked, no_default=no_default)
        if no_default:
            names = [name for name in names if name != "default"]
        if "response-wrapping" in names:
            raise Refused(400, 'cannot assign policy "response-wrapping"')
        if "root" in names:
            if "root" not in held:
                raise Refused(400, "root tokens may not be created without parent token being root")
            if kind == "batch":
                raise Refused(400, "batch tokens cannot be root tokens")
        return names

    def _policies_of_parent(self, asked: list[str], *, no_default: bool) -> list[str]:
        """What is asked for, as far as the parent may give it, or all that the parent has."""
        held = self.parent.policies
        if self.is_from_outside:
            return clean_policies(asked, add_default=not no_default)
        if not asked:
            return clean_policies(held)
        if not self.is_sudo and not set(clean_policies(asked)) <= set(clean_policies(held)):
            raise Refused(400, "child policies must be subset of parent")
        add_default = not no_default and (self.is_sudo or "default" in held)
        return clean_policies(asked, add_default=add_default)

    def _warn_about_missing(self, names: list[str]) -> None:
        for name in names:
            is_root = name == "root" and not self.call.namespace
            if not is_root and self.call.core.policy(name, self.call.namespace) is None:
                self.warnings.append(f'Policy "{name}" does not exist')

    def _terms(self, kind: str) -> tuple[Terms, Terms]:
        """What was asked for, and the same within the limits of the role."""
        explicit_max, period = self._seconds("explicit_max_ttl"), self._seconds("period")
        if period and not self.is_sudo:
            raise Refused(400, "root or sudo privileges required to create periodic token")
        name = "ttl" if self.fields.text("ttl") else "lease"
        own = Terms(self._seconds(name), period, 0, explicit_max)
        if self.role is None or kind == "batch":
            return own, own
        return own, own._replace(
            explicit_max_ttl=self._lesser(
                "Explicit max TTL", explicit_max, self.role.explicit_max_ttl
            ),
            period=self._lesser("Period", period, self.role.period),
        )

    def _seconds(self, name: str) -> float:
        try:
            seconds = parse_seconds(self.fields.text(name))
        except ValueError as error:
            raise Refused(400, str(error)) from None
        if seconds < 0:
            raise Refused(400, f"{name} must be positive")
        return seconds

    def _lesser(self, what: str, asked: float, of_role: float) -> float:
        if not (asked and of_role):
            return asked or of_role
        lesser = min(asked, of_role)
        self.warnings.append(
            f"{what} specified both during creation call and in role; using the lesser value of "
            f"{int(lesser)} seconds"
        )
        return lesser

    def _orphan(self) -> bool:
        if self.role is not None:
            return self.role.orphan
        if not self.fields.boolean("no_parent"):
            return self.is_orphan
        if not self.is_sudo:
            raise Refused(400, "root or sudo privileges required to create orphan token")
        return True


def _display_name(name: str) -> str:
    if not name:
        return "token"
    return _NO_NAME.sub("-", f"token-{name}").removesuffix("-")


def _create(call: Call) -> Reply:
    return _Creation(call).run()


def _create_with_role(call: Call) -> Reply:
    role = find_role(call, call.match["role_name"])
    if role is None:
        raise Refused(400, f"unknown role {call.match['role_name']}")
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
    if call.namespace and call.namespace != token.namespace:
        # The server looks for the lease of the token in the namespace that is asked.
        data |= {"expire_time": None, "ttl": 0}
        data.pop("issue_time", None)
        data.pop("renewable", None)
    if token.period:
        data["period"] = int(token.period)
    if token.bound_cidrs:
        data["bound_cidrs"] = token.bound_cidrs
    if token.role:
        data["role"] = token.role
    if token.namespace:
        data["namespace_path"] = token.namespace
    if token.last_renewal is not None:
        data["last_renewal"] = timestamp(token.last_renewal)
        data["last_renewal_time"] = int(token.last_renewal)
    brought = call.core.identity.policies_of(token.entity_id) if token.entity_id else {}
    if brought:
        data["identity_policies"] = brought.pop(token.namespace, None)
        data["external_namespace_policies"] = {
            call.core.namespaces[path].id if path else "root": names
            for path, names in brought.items()
            if not path or path in call.core.namespaces
        }
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
    return find_by_accessor(call, accessor)


def find_by_accessor(call: Call, accessor: str) -> TokenRecord:
    """The token with this accessor. Raises `Refused`."""
    id_ = accessor.partition(".")[2]
    if id_ and any(n.id == id_ and p != call.namespace for p, n in call.core.namespaces.items()):
        raise Refused.listed(500, "cannot lookup token in different namespace")
    token = call.core.tokens.by_accessor(accessor)
    if token is None:
        raise Refused.listed(400, "invalid accessor")
    if token.namespace != call.namespace:
        raise Refused.listed(500, "cannot lookup token in different namespace")
    return token


def _lookup_accessor(call: Call) -> Reply:
    return _shown(call, _by_accessor(call), "")


def _list_accessors(call: Call) -> Reply:
    keys = call.core.tokens.accessors(call.namespace)
    if not keys:
        raise Refused.not_found()
    return Reply(data={"keys": keys})


# Renewing


def _renew_self(call: Call) -> Reply | None:
    if call.subject.uses < 0:
        raise Refused(400, "token not found")
    return renewed(call, call.subject, call.token)


def _renew(call: Call) -> Reply | None:
    text = call.fields.text("token")
    if not text:
        raise Refused(400, "missing token ID")
    token = call.core.tokens.find(text)
    if token is None or token.uses < 0:
        raise Refused(400, "token not found")
    return renewed(call, token, text)


def _renew_accessor(call: Call) -> Reply | None:
    token = _by_accessor(call)
    is_lasting = token.expires is None or not token.renewable
    if token.kind != "batch" and (is_lasting or token.uses < 0):
        raise Refused.listed(400, "invalid request")
    return renewed(call, token, "")


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
    held = call.acl.capabilities(call.path, call.namespace) if call.acl else []
    if call.fields.text("token") and not {"root", "sudo"} & set(held):
        raise Refused(400, "root or sudo privileges required to revoke and orphan")
    token = _find_to_revoke(call)
    if token is None or token.uses < 0:
        raise Refused(400, "token to revoke not found")
    call.core.tokens.revoke(token, keep_children=True)


def _revoke_accessor(call: Call) -> Reply | None:
    accessor = call.fields.text("accessor")
    if not accessor:
        raise Refused.listed(400, "missing accessor")
    token = call.core.tokens.by_accessor(accessor)
    if token is None:
        return Reply(warnings=["No token found with this accessor"])
    if token.namespace != call.namespace:
        raise Refused.listed(500, "cannot lookup token in different namespace")
    if token.uses < 0:
        raise Refused(400, "token not found")
    call.core.tokens.revoke(token)
    return None


_CREATE: Final = {
    **dict.fromkeys(
        (
            *("display_name", "entity_alias", "explicit_max_ttl", "id", "lease", "period", "ttl"),
            "type",
        ),
        Kind.TEXT,
    ),
    **dict.fromkeys(("no_default_policy", "no_parent", "renewable"), Kind.BOOLEAN),
    "meta": Kind.PAIRS,
    "num_uses": Kind.INTEGER,
    "policies": Kind.LIST,
}
_TOKEN: Final = {"token": Kind.TEXT}
_ACCESSOR: Final = {"accessor": Kind.TEXT}
_INCREMENT: Final = {"increment": Kind.SECONDS}

ROUTES: Final = Routes(
    Route("create", _CREATE, update=_create),
    Route("create-orphan", _CREATE, update=_create_orphan),
    Route(f"create/(?P<role_name>{NAME})", _CREATE, update=_create_with_role),
    Route("lookup-self", _TOKEN, read=_lookup_self, update=_lookup_self),
    Route("lookup", _TOKEN, read=_lookup, update=_lookup),
    Route("lookup-accessor", _ACCESSOR, update=_lookup_accessor),
    Route("renew-self", _TOKEN | _INCREMENT, update=_renew_self),
    Route("renew", _TOKEN | _INCREMENT, update=_renew),
    Route("renew-accessor", _ACCESSOR | _INCREMENT, update=_renew_accessor),
    Route("revoke-self", update=_revoke_self),
    Route("revoke", _TOKEN, update=_revoke),
    Route("revoke-orphan", _TOKEN, update=_revoke_orphan),
    Route("revoke-accessor", _ACCESSOR, update=_revoke_accessor),
    Route("accessors/?", list=_list_accessors),
    Route("tidy", update=_tidy),
    *ROLE_ROUTES,
)
"""The paths of the token store."""
