"""`auth/token/roles/`: what a token that is made with a role may and must have (OpenBao 2.7.2)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.go_text import quoted
from policy.server.records import RoleRecord
from policy.server.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.server.routing import Call

__all__ = ["ROLE_ROUTES", "find_role", "role_policies"]

_SUFFIX: Final = re.compile(r"\w[\w.-]+\w")
_KINDS: Final = ("default-service", "default-batch", "service", "batch", "default")
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


def role_policies(role: RoleRecord, asked: list[str]) -> list[str] | None:
    """The policies of a token made with a role; None where the role has no say in them.

    Raises `Refused` for policies the role does not give.
    """
    allowed, globs = role.allowed_policies, role.allowed_policies_glob
    added = [] if role.no_default_policy else ["default"]
    names = asked or allowed
    wanted = sorted({*names, *added})
    if allowed or globs:
        known = sorted({*allowed, *added})
        if not all(name in known or _fits(name, globs) for name in wanted):
            raise Refused(
                400,
                f"token policies ({_listed(wanted)}) must be subset of the role's allowed policies "
                f"({_listed(known)}) or glob policies ({_listed(globs)})",
            )
    elif not (role.disallowed_policies or role.disallowed_policies_glob):
        return None
    for name in wanted:
        if name in role.disallowed_policies or _fits(name, role.disallowed_policies_glob):
            raise Refused(400, f"token policy {quoted(name)} is disallowed by this role")
    return wanted if names else None


def _fits(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob.replace("[", "[[]")) for glob in globs)


def _listed(names: Iterable[str]) -> str:
    return "[" + " ".join(map(quoted, names)) + "]"


def _write(call: Call) -> None:
    fields, name = call.fields, call.match["name"]
    role = find_role(call, name) or RoleRecord(name, call.namespace)
    for key in _LISTS:
        if key in fields:
            names = sorted({n.strip().lower() for n in fields.texts(key) if n.strip()})
            role = role.but(**{key: names})
    for key in ("orphan", "renewable"):
        if key in fields:
            role = role.but(**{key: fields.boolean(key)})
    for key in ("period", "explicit_max_ttl"):
        if key in fields:
            seconds = _seconds(call, key)
            role = role.but(**{key: seconds, f"old_{key}": seconds})
        if f"token_{key}" in fields:
            role = role.but(**{key: _seconds(call, f"token_{key}"), f"old_{key}": 0})
    if "path_suffix" in fields:
        suffix = fields.text("path_suffix")
        if suffix and not _SUFFIX.fullmatch(suffix):
            raise Refused(
                400,
                "given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w",
            )
        role = role.but(path_suffix=suffix)
    if "token_no_default_policy" in fields:
        role = role.but(no_default_policy=fields.boolean("token_no_default_policy"))
    if "token_type" in fields:
        kind = fields.text("token_type")
        if kind not in _KINDS:
            raise Refused(400, f"invalid 'token_type' value {quoted(kind)}")
        if kind == "batch" and not role.orphan:
            raise Refused(
                400,
                "'token_type' cannot be 'batch' when role is set to generate non-orphan tokens",
            )
        role = role.but(kind=kind)
    call.core.write({_key(name, call.namespace): role.record()})


def _seconds(call: Call, name: str) -> float:
    seconds = call.fields.seconds(name)
    if seconds < 0:
        raise Refused(
            400,
            f"error converting input for field {quoted(name)}: cannot provide negative value "
            f"'{seconds:g}'",
        )
    return seconds


def _read(call: Call) -> Reply:
    role = find_role(call, call.match["name"])
    if role is None:
        raise Refused.not_found()
    data: dict[str, Any] = {
        "allowed_entity_aliases": None,
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
    return Reply(data=data | {key: getattr(role, key) for key in _LISTS})


def _delete(call: Call) -> None:
    if find_role(call, call.match["name"]) is not None:
        call.core.write({_key(call.match["name"], call.namespace): None})


def _list(call: Call) -> Reply:
    prefix = _key("", call.namespace)
    names = [key.removeprefix(prefix) for key, _ in call.core.storage.scan(prefix)]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


ROLE_ROUTES: Final = (
    Route("roles/?", list=_list),
    Route(
        "roles/(?P<name>[^/]+)",
        read=_read,
        update=_write,
        delete=_delete,
        exists=lambda call: find_role(call, call.match["name"]) is not None,
    ),
)
"""The paths of token roles, below `auth/token/`."""
