"""`sys/policies/acl` and its old face `sys/policy` (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.lower import compile_policy, decode_policy_field
from policy.server.answers import Refused, Reply
from policy.server.core import policy_key
from policy.server.inputs import Kind
from policy.server.mount_types.token import timestamp
from policy.server.policy_errors import refusal_text
from policy.server.records import PolicyRecord
from policy.server.routing import Route
from policy.source import Source

if TYPE_CHECKING:
    from policy.server.routing import Call

__all__ = ["POLICY_ROUTES"]

_FIXED: Final = ("root", "response-wrapping")
_ROOT: Final = PolicyRecord("root", "", version=0)


def _name(call: Call) -> str:
    return call.match["name"].rstrip("/").lower()


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


def _listed(call: Call) -> list[str]:
    """All names, or those below the path that is asked."""
    if "name" not in call.match:
        return _names(call)
    inner = call.match["name"].strip("/").lower() + "/"
    return [name for name in _names(call) if name.startswith(inner)]


def _list(call: Call) -> Reply:
    names = _listed(call)
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


def _list_old(call: Call) -> Reply:
    names = _listed(call)
    return Reply(data={"keys": names, "policies": names} if names else {"policies": None})


def _shown(call: Call, word: str) -> Reply:
    name = _name(call)
    data: dict[str, Any]
    if name == "root" and not call.namespace:
        stored = _ROOT
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


def _patch(call: Call) -> Reply:
    """What is not given stays as it is."""
    name = _name(call)
    known = call.core.policy(name, call.namespace)
    if name == "root" and not call.namespace:
        known = _ROOT
    if known is None:
        raise Refused(400, "policy not found")
    given = call.fields
    _store(call, given.text("policy") if "policy" in given else known.text, known)
    return Reply()


def _store(call: Call, field: str, patched: PolicyRecord | None = None) -> None:
    """Check in the server's order, and store the policy; on top of one that is patched."""
    core, fields = call.core, call.fields
    name = _name(call)
    if not field:
        raise Refused(400, "'policy' parameter not supplied or empty")
    if fields.moment("expiration") is not None and fields.values.get("ttl") is not None:
        raise Refused(400, "cannot supply both 'expiration' and 'ttl' for policies")
    expiration = _expiration(call)
    source = Source.of(decode_policy_field(field), name)
    compiled = compile_policy(source, name, core.dialect, core.now())
    if compiled.policy is None:
        raise Refused(400, refusal_text(compiled.diagnostics))
    if name in _FIXED:
        raise Refused(400, f'cannot update "{name}" policy')
    known = core.policy(name, call.namespace)
    is_required = fields.boolean("cas_required") and patched is None
    _check_version(call, known, is_required=is_required)
    settings = {
        "expiration": expiration,
        "cas_required": fields.boolean("cas_required"),
        "allow_slashes": fields.boolean("allow_slashes_in_identity_templates"),
        "allow_wildcards": fields.boolean("allow_wildcards_in_identity_templates"),
    }
    stored = PolicyRecord(name, source.text, call.namespace)
    if patched is not None:
        stored = patched.but(text=source.text)
        given = {
            "expiration": expiration is not None,
            "cas_required": "cas_required" in fields,
            "allow_slashes": "allow_slashes_in_identity_templates" in fields,
            "allow_wildcards": "allow_wildcards_in_identity_templates" in fields,
        }
        settings = {key: value for key, value in settings.items() if given[key]}
    version = known.version + 1 if known else 1
    stored = stored.but(version=version, modified=core.now(), **settings)
    core.write({policy_key(name, call.namespace): stored.record()})


def _check_version(call: Call, known: PolicyRecord | None, *, is_required: bool) -> None:
    if "cas" not in call.fields:
        if is_required or (known is not None and known.cas_required):
            raise Refused(400, "check-and-set parameter required for this call")
        return
    wanted, version = call.fields.integer("cas"), known.version if known is not None else 0
    if wanted == -1:
        if known is not None:
            raise Refused(400, "check-and-set parameter set to -1 on existing entry")
        return
    if wanted != version:
        raise Refused(
            400, f"check-and-set parameter {wanted} did not match the current version {version}"
        )


def _expiration(call: Call) -> float | None:
    fields, now = call.fields, call.core.now()
    moment = fields.moment("expiration")
    if fields.values.get("ttl") is not None:
        moment = now + fields.seconds("ttl")
    if moment is not None and moment <= now:
        raise Refused(400, "refusing to update policy as expiration time has already elapsed")
    return moment


def _delete(call: Call) -> None:
    name = _name(call)
    if name in _FIXED:
        raise Refused(400, f'cannot delete "{name}" policy')
    if name == "default":
        raise Refused(400, "cannot delete default policy")
    key = policy_key(name, call.namespace)
    if call.core.storage.read(key) is not None:
        call.core.write({key: None})


_POLICY: Final = {
    "allow_slashes_in_identity_templates": Kind.BOOLEAN,
    "allow_wildcards_in_identity_templates": Kind.BOOLEAN,
    "cas": Kind.INTEGER,
    "cas_required": Kind.BOOLEAN,
    "expiration": Kind.MOMENT,
    "policy": Kind.TEXT,
    "ttl": Kind.SECONDS,
}

POLICY_ROUTES: Final = (
    Route("policies/acl/?", list=_list),
    Route(
        "policies/acl/(?P<name>.+)",
        _POLICY,
        read=_read,
        update=_write,
        delete=_delete,
        list=_list,
        patch=_patch,
    ),
    Route("policy/?", read=_list_old, list=_list_old, repeats=True),
    Route(
        "policy/(?P<name>.+)",
        _POLICY | {"rules": Kind.TEXT},
        read=_read_old,
        update=_write_old,
        delete=_delete,
        list=_list_old,
        repeats=True,
    ),
)
"""The paths below `sys/` that are about policies."""
