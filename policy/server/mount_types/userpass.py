"""`userpass` mounts: users with passwords, and their login (OpenBao 2.7.2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from typing import TYPE_CHECKING, Final

from policy.server.answers import Refused, Reply
from policy.server.mount_types.token import auth_of
from policy.server.records import AliasRecord, EntityRecord, TokenRecord, UserRecord
from policy.server.routing import Route, Routes
from policy.server.tokens import DEFAULT_TTL

if TYPE_CHECKING:
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES"]

# A mock guards no real secret: enough that a password cannot be read back, and quick in tests.
_ROUNDS: Final = 2_000


def _secret(password: str, salt: str) -> str:
    found = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes.fromhex(salt), _ROUNDS)
    return found.hex()


def _key(call: Call) -> str:
    uuid_ = call.mount.uuid if call.mount is not None else ""
    return f"data/{uuid_}/user/{call.match['name'].lower()}"


def _user(call: Call) -> UserRecord | None:
    record = call.core.storage.read(_key(call))
    return None if record is None else UserRecord.of(record)


def _write_user(call: Call) -> None:
    fields, known = call.fields, _user(call)
    password = fields.text("password")
    if known is None and not password:
        raise Refused(400, "must provide either password or password_hash")
    user = known or UserRecord(call.match["name"].lower(), "", "")
    if password:
        salt = secrets.token_hex(16)
        user = user.but(salt=salt, secret=_secret(password, salt))
    for name in ("token_policies", "policies"):
        if name in fields:
            user = user.but(token_policies=_names(fields.texts(name)))
    for name in ("token_ttl", "token_max_ttl", "token_period"):
        if name in fields:
            user = user.but(**{name: fields.seconds(name)})
    if "token_num_uses" in fields:
        user = user.but(token_num_uses=fields.integer("token_num_uses"))
    if "token_no_default_policy" in fields:
        user = user.but(token_no_default_policy=fields.boolean("token_no_default_policy"))
    if "token_type" in fields:
        user = user.but(token_type=fields.text("token_type"))
    call.core.write({_key(call): user.record()})


def _names(given: list[str]) -> list[str]:
    return sorted({name.strip().lower() for name in given if name.strip()})


def _read_user(call: Call) -> Reply:
    user = _user(call)
    if user is None:
        raise Refused.not_found()
    return Reply(
        data={
            "token_bound_cidrs": [],
            "token_explicit_max_ttl": 0,
            "token_max_ttl": int(user.token_max_ttl),
            "token_no_default_policy": user.token_no_default_policy,
            "token_num_uses": user.token_num_uses,
            "token_period": int(user.token_period),
            "token_policies": user.token_policies,
            "token_strictly_bind_ip": False,
            "token_ttl": int(user.token_ttl),
            "token_type": user.token_type,
        }
    )


def _delete_user(call: Call) -> None:
    if _user(call) is not None:
        call.core.write({_key(call): None})


def _list_users(call: Call) -> Reply:
    prefix = f"data/{call.mount.uuid if call.mount is not None else ''}/user/"
    names = [key.removeprefix(prefix) for key, _ in call.core.storage.scan(prefix)]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


def _set_password(call: Call) -> None:
    user, password = _user(call), call.fields.text("password")
    if user is None:
        raise Refused.listed(500, "username does not exist")
    if not password:
        raise Refused(400, "must provide either password or password_hash")
    salt = secrets.token_hex(16)
    changed = user.but(salt=salt, secret=_secret(password, salt))
    call.core.write({_key(call): changed.record()})


def _set_policies(call: Call) -> None:
    user = _user(call)
    if user is None:
        raise Refused.listed(500, "username does not exist")
    name = "token_policies" if "token_policies" in call.fields else "policies"
    changed = user.but(token_policies=_names(call.fields.texts(name)))
    call.core.write({_key(call): changed.record()})


def _login(call: Call) -> Reply:
    password = call.fields.text("password")
    if not password:
        raise Refused(500, "missing password")
    user = _user(call)
    # The same work for an unknown user, so that the time tells nothing.
    salt = user.salt if user is not None else "00" * 16
    offered = _secret(password, salt)
    if user is None or not hmac.compare_digest(offered, user.secret):
        raise Refused(400, "invalid username or password")
    entity_id, changes = _entity_of(call, user.name)
    policies = [
        p for p in user.token_policies if p != "default" or not user.token_no_default_policy
    ]
    if not user.token_no_default_policy:
        policies = sorted({*policies, "default"})
    now, core = call.core.now(), call.core
    ttl = user.token_period or user.token_ttl or user.token_max_ttl or DEFAULT_TTL
    if user.token_max_ttl:
        ttl = min(ttl, user.token_max_ttl)
    kind = "batch" if user.token_type == "batch" else "service"  # noqa: S105 -- the name of a kind
    mount_path = call.mount.path if call.mount is not None else ""
    record = TokenRecord(
        id="",
        accessor="",
        policies=policies,
        created=now,
        namespace=call.namespace,
        path=call.path,
        display_name=f"{mount_path.removeprefix('auth/').strip('/').replace('/', '-')}-{user.name}",
        kind=kind,
        ttl=ttl,
        expires=now + ttl,
        period=user.token_period,
        renewable=kind == "service",
        uses=user.token_num_uses,
        entity_id=entity_id,
        meta={"username": user.name},
    )
    made = core.tokens.create(record, extra=changes)
    return Reply(auth=auth_of(call, made.record, made.text))


def _entity_of(call: Call, name: str) -> tuple[str, dict[str, Record | None]]:
    """The entity behind a user; made, with its alias, at the first login."""
    core, mount = call.core, call.mount
    accessor = mount.accessor if mount is not None else ""
    alias = core.identity.alias_named(name, accessor)
    if alias is not None:
        entity = core.identity.entity(alias.canonical_id)
        if entity is None or entity.disabled:
            raise Refused.no_token()
        return alias.canonical_id, {}
    now = core.now()
    entity = EntityRecord(
        str(uuid.uuid4()), f"entity_{secrets.token_hex(4)}", now, now, call.namespace
    )
    made = AliasRecord(str(uuid.uuid4()), name, accessor, entity.id, now, now, call.namespace)
    changes: dict[str, Record | None] = {
        f"identity/entity/{entity.id}": entity.record(),
        f"identity/alias/{made.id}": made.record(),
    }
    return entity.id, changes


ROUTES: Final = Routes(
    Route("users/?", list=_list_users),
    Route("users/(?P<name>[^/]+)/password", update=_set_password),
    Route("users/(?P<name>[^/]+)/policies", update=_set_policies),
    Route(
        "users/(?P<name>[^/]+)",
        read=_read_user,
        update=_write_user,
        delete=_delete_user,
        exists=lambda call: _user(call) is not None,
    ),
    Route("login/(?P<name>[^/]+)", update=_login),
)
"""The paths of a userpass mount."""
