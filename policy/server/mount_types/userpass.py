"""`userpass` mounts: users with passwords, and their login (OpenBao 2.7.2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any, Final

from policy.server.addresses import check_addresses
from policy.server.answers import Refused, Reply
from policy.server.go_text import quoted
from policy.server.inputs import Kind
from policy.server.mount_types.auths import Terms, auth_of, clean_policies
from policy.server.records import TokenRecord, UserRecord
from policy.server.routing import NAME, Route, Routes

if TYPE_CHECKING:
    from policy.server.records import MountRecord
    from policy.server.routing import Call

__all__ = ["ROUTES", "terms_of_user"]

# A mock guards no real secret: enough that a password cannot be read back, and quick in tests.
_ROUNDS: Final = 2_000

_OLD_NAMES: Final = {"policies": "token_policies", "ttl": "token_ttl", "max_ttl": "token_max_ttl"}
"""What some fields were called once, with their names of today."""


def _secret(password: str, salt: str) -> str:
    found = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes.fromhex(salt), _ROUNDS)
    return found.hex()


def _prefix(call: Call) -> str:
    return f"data/{call.mount.uuid if call.mount is not None else ''}/user/"


def _user(call: Call) -> UserRecord | None:
    record = call.core.storage.read(_prefix(call) + call.match["username"].lower())
    return None if record is None else UserRecord.of(record)


def _write_user(call: Call) -> None:
    name = call.match["username"].lower()
    user = _user(call)
    is_new = user is None
    if user is None and not _offered(call):
        raise Refused(400, "must provide either password or password_hash")
    user = _with_token_fields(call, user or UserRecord(name, "", ""))
    if is_new or _offered(call):
        user = _with_password(call, user)
    for old, new in _OLD_NAMES.items():
        user = _with_old_name(call, user, old, new)
    call.core.write({_prefix(call) + name: user.record()})


def _with_token_fields(call: Call, user: UserRecord) -> UserRecord:
    """What the tokens of a user will be like, as far as a request says it. Raises `Refused`."""
    fields = call.fields
    changes: dict[str, Any] = {}
    for name in ("token_explicit_max_ttl", "token_max_ttl", "token_period", "token_ttl"):
        if fields.values.get(name) is not None:
            changes[name] = fields.seconds(name)
    for name in ("token_no_default_policy", "token_strictly_bind_ip"):
        if name in fields:
            changes[name] = fields.boolean(name)
    if "token_bound_cidrs" in fields:
        changes["token_bound_cidrs"] = check_addresses(fields.texts("token_bound_cidrs"))
    if "token_policies" in fields:
        changes["token_policies"] = fields.texts("token_policies")
    if "token_type" in fields:
        kind = fields.text("token_type") or "default"
        if kind not in ("default", "service", "batch"):
            raise Refused(400, f"invalid 'token_type' value {quoted(kind)}")
        changes["token_type"] = kind
    if "token_num_uses" in fields:
        changes["token_num_uses"] = fields.integer("token_num_uses")
    user = user.but(**changes)
    if user.token_num_uses < 0:
        raise Refused(400, "'token_num_uses' cannot be negative")
    if user.token_type == "batch":  # noqa: S105 -- the name of a kind
        is_batch = "'token_type' cannot be 'batch' or 'default_batch' when set to generate "
        if user.token_period:
            raise Refused(400, f"{is_batch}periodic tokens")
        if user.token_num_uses:
            raise Refused(400, f"{is_batch}tokens with limited use count")
    if user.token_max_ttl and user.token_ttl > user.token_max_ttl:
        raise Refused(400, "'token_ttl' cannot be greater than 'token_max_ttl'")
    return user


def _with_old_name(call: Call, user: UserRecord, old: str, new: str) -> UserRecord:
    """The new name of a field wins; the old one shows only what was given by it."""
    fields = call.fields
    if new in fields:
        return user.but(
            **{old: getattr(user, new) if old in fields else type(getattr(user, old))()}
        )
    if old not in fields:
        return user
    value: Any = clean_policies(fields.texts(old)) if old == "policies" else fields.seconds(old)
    return user.but(**{old: value, new: value})


def _offered(call: Call) -> bool:
    """Whether a request has a password, of whatever form."""
    return bool(call.fields.text("password") or call.fields.text("password_hash"))


def _with_password(call: Call, user: UserRecord) -> UserRecord:
    password, hashed = call.fields.text("password"), call.fields.text("password_hash")
    if password and hashed:
        raise Refused(400, "only one of password or password_hash may be provided")
    if not password and not hashed:
        raise Refused(400, "must provide either password or password_hash")
    if hashed:
        # The mock has no bcrypt.
        raise Refused(400, "password_hash is not a valid bcrypt hash")
    salt = secrets.token_hex(16)
    return user.but(salt=salt, secret=_secret(password, salt))


def _read_user(call: Call) -> Reply:
    user = _user(call)
    if user is None:
        raise Refused.not_found()
    data: dict[str, Any] = {name: getattr(user, name) for name in _TOKEN_FIELDS}
    data |= {old: getattr(user, old) for old in ("ttl", "max_ttl") if getattr(user, old)}
    if user.policies:
        data["policies"] = user.token_policies
    return Reply(data=data)


def _delete_user(call: Call) -> None:
    if _user(call) is not None:
        call.core.write({_prefix(call) + call.match["username"].lower(): None})


def _list_users(call: Call) -> Reply:
    prefix = _prefix(call)
    names = [key.removeprefix(prefix) for key, _ in call.core.storage.scan(prefix)]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


def _set_password(call: Call) -> None:
    user = _user(call)
    if user is None:
        raise Refused.listed(500, "username does not exist")
    _store_as_named(call, _with_password(call, user))


def _set_policies(call: Call) -> None:
    user, fields = _user(call), call.fields
    if user is None:
        raise Refused.listed(500, "username does not exist")
    if "token_policies" in fields:
        names = clean_policies(fields.texts("token_policies"))
        user = user.but(token_policies=names, policies=names if "policies" in fields else [])
    elif "policies" in fields:
        names = clean_policies(fields.texts("policies"))
        user = user.but(token_policies=names, policies=names)
    _store_as_named(call, user)


def _store_as_named(call: Call, user: UserRecord) -> None:
    """The server looks for `u1`, and stores what it found as the `U1` that the path may say."""
    call.core.write({_prefix(call) + call.match["username"]: user.record()})


# Login


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
    core, now = call.core, call.core.now()
    policies = clean_policies(user.token_policies, add_default=not user.token_no_default_policy)
    if "root" in policies:
        raise Refused(400, "auth methods cannot create root tokens")
    accessor = call.mount.accessor if call.mount is not None else ""
    entity, changes = core.identity.create_or_fetch(user.name, accessor, call.namespace)
    if entity.disabled:
        raise Refused.no_token()
    ttl, warnings = _terms(user, call.mount).lease(now, now)
    kind = _kind(user, call.mount)
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
        explicit_max_ttl=user.token_explicit_max_ttl,
        period=user.token_period,
        renewable=kind == "service",
        uses=user.token_num_uses,
        entity_id=entity.id,
        meta={"username": user.name},
        bound_cidrs=user.token_bound_cidrs,
    )
    made = core.tokens.create(record, extra=changes)
    return Reply(auth=auth_of(call, made.record, made.text), warnings=warnings or None)


def _kind(user: UserRecord, mount: MountRecord | None) -> str:
    """Which kind of token a login hands out: the mount may insist, or know what is usual."""
    tuned = mount.config.get("token_type", "") if mount is not None else ""
    if tuned in ("service", "batch"):
        return str(tuned)
    if user.token_type != "default":  # noqa: S105 -- the name of a kind
        return user.token_type
    return "batch" if tuned == "default-batch" else "service"


def _terms(user: UserRecord, mount: MountRecord | None) -> Terms:
    return Terms(
        user.token_ttl,
        user.token_period,
        user.token_max_ttl,
        user.token_explicit_max_ttl,
        mount.default_ttl if mount is not None else 0,
        mount.max_ttl if mount is not None else 0,
    )


def terms_of_user(call: Call, token: TokenRecord) -> Terms | None:
    """On what terms a token that a login handed out is renewed; None where the user is gone.

    Raises `ValueError` where it is not to be.
    """
    found = call.core.mounts.find(token.path, token.namespace)
    name = (token.meta or {}).get("username", "")
    record = found and call.core.storage.read(f"data/{found[0].uuid}/user/{name}")
    if not record:
        return None
    user = UserRecord.of(record)
    wanted, held = {*user.token_policies}, {*token.policies}
    if wanted - {"default"} != held - {"default"}:
        raise ValueError("policies have changed, not renewing")
    return _terms(user, found[0] if found else None)._replace(
        explicit_max_ttl=token.explicit_max_ttl
    )


_TOKEN_FIELDS: Final = {
    "token_bound_cidrs": Kind.TEXTS,
    "token_explicit_max_ttl": Kind.SECONDS,
    "token_max_ttl": Kind.SECONDS,
    "token_no_default_policy": Kind.BOOLEAN,
    "token_num_uses": Kind.INTEGER,
    "token_period": Kind.SECONDS,
    "token_policies": Kind.TEXTS,
    "token_strictly_bind_ip": Kind.BOOLEAN,
    "token_ttl": Kind.SECONDS,
    "token_type": Kind.TEXT,
}
_PASSWORD: Final = {"password": Kind.TEXT, "password_hash": Kind.TEXT}
_USER: Final = {
    **_TOKEN_FIELDS,
    **_PASSWORD,
    "bound_cidrs": Kind.TEXTS,
    "max_ttl": Kind.SECONDS,
    "policies": Kind.TEXTS,
    "ttl": Kind.SECONDS,
}

ROUTES: Final = Routes(
    Route("users/?", {"after": Kind.TEXT, "limit": Kind.INTEGER}, list=_list_users),
    Route(f"users/(?P<username>{NAME})/password", _PASSWORD, update=_set_password),
    Route(
        f"users/(?P<username>{NAME})/policies",
        {"policies": Kind.TEXTS, "token_policies": Kind.TEXTS},
        update=_set_policies,
    ),
    Route(
        f"users/(?P<username>{NAME})",
        _USER,
        read=_read_user,
        update=_write_user,
        delete=_delete_user,
        exists=lambda call: _user(call) is not None,
        is_lower_case=True,
    ),
    Route(f"login/(?P<username>{NAME})", {"password": Kind.TEXT}, update=_login),
)
"""The paths of a userpass mount."""
