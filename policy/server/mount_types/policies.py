"""`sys/policies/acl` and its old face `sys/policy` (OpenBao 2.7.2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from policy.lower import compile_policy, decode_policy_field
from policy.lower.scalars import NANOSECONDS, parse_expiration
from policy.server.answers import Refused, Reply
from policy.server.core import policy_key
from policy.server.mount_types.token import timestamp
from policy.server.policy_errors import refusal_text
from policy.server.records import PolicyRecord
from policy.server.routing import Route
from policy.source import Source

if TYPE_CHECKING:
    from policy.server.routing import Call

__all__ = ["POLICY_ROUTES"]

_FIXED: Final = ("root", "response-wrapping")


def _names(call: Call) -> list[str]:
    prefix = f"policy/{call.namespace}|"
    names = [key.removeprefix(prefix) for key, _ in call.core.storage.scan(prefix)]
    found = [
        name
        for name in names
        if name != "response-wrapping" and call.core.policy(name, call.namespace) is not None
    ]
    # Those with a slash come after the others, and root last, where there is one.
    found.sort(key=lambda name: ("/" in name, name))
    return found if call.namespace else [*found, "root"]


def _list(call: Call) -> Reply:
    if call.match.get("name"):
        inner = call.match["name"].strip("/").lower() + "/"
        names = [n.removeprefix(inner) for n in _names(call) if n.startswith(inner)]
        if not names:
            raise Refused.not_found()
        return Reply(data={"keys": names})
    return Reply(data={"keys": _names(call)})


def _list_old(call: Call) -> Reply:
    names = _names(call)
    return Reply(data={"keys": names, "policies": names})


def _shown(call: Call, word: str) -> Reply:
    name = call.match["name"].lower()
    data: dict[str, Any]
    if name == "root" and not call.namespace:
        stored = PolicyRecord("root", "", version=0)
    else:
        found = call.core.policy(name, call.namespace)
        if found is None:
            raise Refused.not_found()
        stored = found
    data = {
        "allow_slashes_in_identity_templates": stored.allow_slashes,
        "allow_wildcards_in_identity_templates": stored.allow_wildcards,
        "cas_required": stored.cas_required,
        "name": name,
        word: stored.text,
        "version": stored.version,
    }
    if stored.modified:
        data["modified"] = timestamp(stored.modified)
    if stored.expiration is not None:
        data["expiration"] = timestamp(stored.expiration)
    return Reply(data=data)


def _read(call: Call) -> Reply:
    return _shown(call, "policy")


def _read_old(call: Call) -> Reply:
    return _shown(call, "rules")


def _write(call: Call) -> None:
    _store(call, call.fields.text("policy"))


def _write_old(call: Call) -> Reply | None:
    text = call.fields.text("policy")
    if text:
        _store(call, text)
        return None
    _store(call, call.fields.text("rules"))
    return Reply(warnings=["'rules' is deprecated, please use 'policy' instead"])


def _store(call: Call, field: str) -> None:
    core, fields = call.core, call.fields
    name = call.match["name"].lower()
    if name in _FIXED:
        raise Refused(400, f'cannot update "{name}" policy')
    if not field:
        raise Refused(400, "'policy' parameter not supplied or empty")
    source = Source.of(decode_policy_field(field), name)
    compiled = compile_policy(source, name, core.dialect, core.now())
    if compiled.policy is None:
        raise Refused(400, refusal_text(compiled.diagnostics))
    known = core.policy(name, call.namespace)
    _check_version(call, known)
    stored = PolicyRecord(
        name=name,
        text=source.text,
        namespace=call.namespace,
        version=known.version + 1 if known else 1,
        modified=core.now(),
        expiration=_expiration(call),
        cas_required=fields.boolean("cas_required"),
        allow_slashes=fields.boolean("allow_slashes_in_identity_templates"),
        allow_wildcards=fields.boolean("allow_wildcards_in_identity_templates"),
    )
    core.write({policy_key(name, call.namespace): stored.record()})


def _check_version(call: Call, known: PolicyRecord | None) -> None:
    if "cas" not in call.fields:
        if known is not None and known.cas_required:
            raise Refused(400, "check-and-set parameter required for this call")
        return
    wanted = call.fields.integer("cas")
    if wanted == -1:
        if known is not None:
            raise Refused(400, "check-and-set parameter set to -1 on existing entry")
        return
    if known is None:
        raise Refused(400, "check-and-set parameter set on non-existing entry")
    if wanted != known.version:
        raise Refused(
            400,
            f"check-and-set parameter {wanted} did not match the current version {known.version}",
        )


def _expiration(call: Call) -> float | None:
    ttl, text = call.fields.seconds("ttl"), call.fields.text("expiration")
    if ttl and text:
        raise Refused(400, "cannot specify both 'ttl' and 'expiration'")
    if ttl < 0:
        raise Refused(400, "ttl must be positive")
    if ttl:
        return call.core.now() + ttl
    if not text:
        return None
    try:
        moment = parse_expiration(text)
    except ValueError as error:
        raise Refused(400, f"failed to parse expiration: {error}") from None
    if moment is None:
        return None
    if moment / NANOSECONDS <= math.floor(call.core.now()):
        raise Refused(400, "expiration must be in the future")
    return moment / NANOSECONDS


def _delete(call: Call) -> None:
    name = call.match["name"].lower()
    if name in _FIXED:
        raise Refused(400, f'cannot delete "{name}" policy')
    if name == "default":
        raise Refused(400, "cannot delete default policy")
    key = policy_key(name, call.namespace)
    if call.core.storage.read(key) is not None:
        call.core.write({key: None})


def _patch(call: Call) -> None:
    if call.core.policy(call.match["name"].lower(), call.namespace) is None:
        raise Refused(400, "policy not found")
    raise Refused(400, "the mock does not patch policies")


POLICY_ROUTES: Final = (
    Route("policies/acl/?", list=_list),
    Route(
        "policies/acl/(?P<name>.+)",
        read=_read,
        update=_write,
        delete=_delete,
        list=_list,
        patch=_patch,
    ),
    Route("policy/?", read=_list_old, list=_list_old, repeats=True),
    Route("policy/(?P<name>.+)", read=_read_old, update=_write_old, delete=_delete, repeats=True),
)
"""The paths below `sys/` that are about policies."""
