"""`auth/token/roles/`: what a token that is made with a role may and must have (OpenBao 2.7.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.server.addresses import check_addresses
from policy.server.answers import DROP, Refused, Reply
from policy.server.go_text import quoted
from policy.server.inputs import Kind
from policy.server.mount_types.auths import clean_policies
from policy.server.records import RoleRecord
from policy.server.routing import NAME, Route
from policy.server.tokens import DEFAULT_TTL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.server.routing import Call

__all__ = ["ROLE_ROUTES", "find_role", "fits_alias", "role_policies"]

_SUFFIX: Final = re.compile(r"\w[\w.-]+\w", re.ASCII)
_KINDS: Final = ("default-service", "default-batch", "service", "batch")
_LISTS: Final = (
    "allowed_policies",
    "allowed_policies_glob",
    "disallowed_policies",
    "disallowed_policies_glob",
)


def _key(name: str, namespace: str) -> str:
    return f"role/{namespace}|{name}"


def find_role(call: Call, name: str) -> RoleRecord | None:
    """The role of that name."""
    record = call.core.storage.read(_key(name, call.namespace))
    return None if record is None else RoleRecord.of(record)


def role_policies(
    role: RoleRecord, asked: list[str], of_parent: list[str], *, no_default: bool
) -> list[str] | None:
    """The policies of a token made with a role; None where the role has no say in them.

    Raises `Refused` for policies the role does not give.
    """
    allowed, globs = role.allowed_policies, role.allowed_policies_glob
    banned, banned_globs = role.disallowed_policies, role.disallowed_policies_glob
    if not (allowed or globs or banned or banned_globs):
        return None
    add_default = not (
        no_default
        or role.no_default_policy
        or "default" in banned
        or _fits("default", banned_globs)
    )
    known = clean_policies(allowed, add_default=add_default)
    if asked:
        wanted = clean_policies(asked, add_default=add_default)
        is_open = not (allowed or globs)
        if not is_open and not all(name in known or _fits(name, globs) for name in wanted):
            raise Refused(
                400,
                f"token policies ({_listed(wanted)}) must be subset of the role's allowed policies "
                f"({_listed(known)}) or glob policies ({_listed(globs)})",
            )
    elif allowed or globs:
        wanted = known
    else:
        wanted = clean_policies(of_parent, add_default=add_default)
    for name in wanted:
        if name in banned or _fits(name, banned_globs):
            raise Refused(400, f"token policy {quoted(name)} is disallowed by this role")
    return wanted


def fits_alias(role: RoleRecord, name: str) -> bool:
    """Whether tokens of a role may belong to the entity of this name."""
    aliases, lower = role.allowed_entity_aliases or [], name.lower()
    return lower in aliases or _fits(lower, aliases)


def _fits(name: str, globs: Iterable[str]) -> bool:
    """Whether one of the patterns fits, in which `*` stands for anything."""
    return any(
        re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name, re.DOTALL) is not None
        for glob in globs
    )


def _listed(names: Iterable[str]) -> str:
    return "[" + " ".join(map(quoted, names)) + "]"


# The role itself


def _write(call: Call) -> Reply | None:
    fields, name = call.fields, call.match["role_name"]
    role = find_role(call, name) or RoleRecord(name, call.namespace)
    for key in ("orphan", "renewable"):
        if key in fields:
            role = role.but(**{key: fields.boolean(key)})
    if "path_suffix" in fields:
        role = role.but(path_suffix=_suffix(fields.text("path_suffix")))
    for key in _LISTS:
        if key in fields:
            role = role.but(**{key: clean_policies(fields.texts(key))})
    kind = fields.values.get("token_type", role.kind)
    if kind is None:
        raise Refused(400, "Invalid 'token_type' value: null")
    if not isinstance(kind, str):
        raise Refused(DROP)  # the server falls over its own feet
    role = _with_token_fields(call, role)
    if kind not in _KINDS:
        raise Refused(400, f"invalid 'token_type' value {quoted(kind)}")
    role = role.but(kind=kind)
    warnings: list[str] = []
    for key in ("period", "bound_cidrs", "explicit_max_ttl"):
        role = _with_old_name(call, role, key, warnings)
    longest = (
        role.explicit_max_ttl if "token_explicit_max_ttl" in fields else role.old_explicit_max_ttl
    )
    if longest > DEFAULT_TTL:
        warnings.append(
            f"Given explicit max TTL of {longest:.0f} is greater than system/mount allowed value "
            f"of {DEFAULT_TTL:.0f} seconds; until this is fixed attempting to create tokens "
            "against this role will result in an error"
        )
    if role.kind == "batch":
        _check_batch(role)
    if "allowed_entity_aliases" in fields:
        aliases = sorted({a.lower() for a in fields.texts("allowed_entity_aliases") if a})
        role = role.but(allowed_entity_aliases=aliases)
    call.core.write({_key(name, call.namespace): role.record()})
    return Reply(warnings=warnings) if warnings else None


def _suffix(suffix: str) -> str:
    if suffix and not _SUFFIX.search(suffix):
        raise Refused(
            400,
            "given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w",
        )
    if ".." in suffix:
        raise Refused(400, "error registering path suffix: path cannot contain parent references")
    return suffix


def _with_token_fields(call: Call, role: RoleRecord) -> RoleRecord:
    fields = call.fields
    for key in ("explicit_max_ttl", "period"):
        if fields.values.get(f"token_{key}") is not None:
            role = role.but(**{key: fields.seconds(f"token_{key}")})
    if "token_bound_cidrs" in fields:
        try:
            addresses = check_addresses(fields.texts("token_bound_cidrs"))
        except Refused as refusal:
            raise Refused(400, f"error parsing role fields: {refusal.texts[0]}") from None
        role = role.but(bound_cidrs=addresses)
    if "token_no_default_policy" in fields:
        role = role.but(no_default_policy=fields.boolean("token_no_default_policy"))
    if "token_num_uses" in fields:
        role = role.but(uses=fields.integer("token_num_uses"))
    if role.uses < 0:
        raise Refused(400, "error parsing role fields: 'token_num_uses' cannot be negative")
    if "token_type" not in fields and role.kind in ("batch", "default-batch"):
        is_batch = "'token_type' cannot be 'batch' or 'default_batch' when set to generate "
        if role.period:
            raise Refused(400, f"error parsing role fields: {is_batch}periodic tokens")
        if role.uses:
            raise Refused(
                400, f"error parsing role fields: {is_batch}tokens with limited use count"
            )
    return role


def _with_old_name(call: Call, role: RoleRecord, key: str, warnings: list[str]) -> RoleRecord:
    """The new name of a field wins over the old one, with a warning."""
    fields = call.fields
    nothing: Any = [] if key == "bound_cidrs" else 0
    if _is_given(call, f"token_{key}"):
        if _is_given(call, key):
            warnings.append(
                f"Both 'token_{key}' and deprecated '{key}' value supplied, ignoring the "
                "deprecated value"
            )
        return role.but(**{f"old_{key}": nothing})
    if not _is_given(call, key):
        return role
    value: Any = fields.seconds(key) if nothing == 0 else check_addresses(fields.texts(key))
    return role.but(**{key: value, f"old_{key}": value})


def _is_given(call: Call, name: str) -> bool:
    return call.data.get(name) is not None


def _check_batch(role: RoleRecord) -> None:
    is_batch = "'token_type' cannot be 'batch' when role is set to generate "
    if not role.orphan:
        raise Refused(400, f"{is_batch}non-orphan tokens")
    if role.period:
        raise Refused(400, f"{is_batch}periodic tokens")
    if role.renewable:
        raise Refused(400, f"{is_batch}renewable tokens")
    if role.explicit_max_ttl:
        raise Refused(400, f"{is_batch}tokens with an explicit max TTL")


def _read(call: Call) -> Reply:
    role = find_role(call, call.match["role_name"])
    if role is None:
        raise Refused.not_found()
    data: dict[str, Any] = {
        "allowed_entity_aliases": role.allowed_entity_aliases,
        "explicit_max_ttl": int(role.old_explicit_max_ttl),
        "name": role.name,
        "orphan": role.orphan,
        "path_suffix": role.path_suffix,
        "period": int(role.old_period),
        "renewable": role.renewable,
        "token_explicit_max_ttl": int(role.explicit_max_ttl),
        "token_no_default_policy": role.no_default_policy,
        "token_period": int(role.period),
        "token_type": role.kind,
    }
    if role.bound_cidrs:
        data["token_bound_cidrs"] = role.bound_cidrs
    if role.old_bound_cidrs:
        data["bound_cidrs"] = role.old_bound_cidrs
    if role.uses:
        data["token_num_uses"] = role.uses
    return Reply(data=data | {key: getattr(role, key) for key in _LISTS})


def _delete(call: Call) -> None:
    if find_role(call, call.match["role_name"]) is not None:
        call.core.write({_key(call.match["role_name"], call.namespace): None})


def _list(call: Call) -> Reply:
    prefix = _key("", call.namespace)
    names = [key.removeprefix(prefix) for key, _ in call.core.storage.scan(prefix)]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


_ROLE: Final = {
    **dict.fromkeys(
        ("allowed_entity_aliases", "bound_cidrs", "token_bound_cidrs", *_LISTS), Kind.TEXTS
    ),
    **dict.fromkeys(
        ("explicit_max_ttl", "period", "token_explicit_max_ttl", "token_period"), Kind.SECONDS
    ),
    **dict.fromkeys(("orphan", "renewable", "token_no_default_policy"), Kind.BOOLEAN),
    "path_suffix": Kind.TEXT,
    "token_num_uses": Kind.INTEGER,
    "token_type": Kind.TEXT,
}

ROLE_ROUTES: Final = (
    Route("roles/?", list=_list),
    Route(
        f"roles/(?P<role_name>{NAME})",
        _ROLE,
        read=_read,
        update=_write,
        delete=_delete,
        exists=lambda call: find_role(call, call.match["role_name"]) is not None,
    ),
)
"""The paths of token roles, below `auth/token/`."""
