"""Response wrapping: an answer is kept under a token of one use (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply, dump, envelope
from policy.server.inputs import Kind
from policy.server.mount_types.token import timestamp
from policy.server.records import TokenRecord
from policy.server.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.server.core import Core
    from policy.server.routing import Call

__all__ = ["WRAPPING_PATHS", "WRAPPING_ROUTES", "check_wrapping_token", "kept_response", "wrap"]

WRAPPING_PATHS: Final = ("sys/wrapping/lookup", "sys/wrapping/rewrap", "sys/wrapping/unwrap")
"""What is done with a wrapping token."""

_INVALID: Final = "wrapping token is not valid or does not exist"
_POLICY: Final = "response-wrapping"


def wrap(call: Call, reply: Reply, ttl_seconds: float) -> Reply:
    """Keep a reply under a new token; what goes out tells about that token alone."""
    core = call.core
    now = core.now()
    path = reply.wrap_path or call.path
    record = TokenRecord(
        id="",
        accessor="",
        policies=[_POLICY],
        created=now,
        namespace=call.namespace,
        path=call.path,
        display_name=_display_name(call, reply),
        ttl=ttl_seconds,
        expires=now + ttl_seconds,
        explicit_max_ttl=ttl_seconds,
        uses=1,
        wrapped_path=path,
    )
    made = core.tokens.create(record)
    kept = {
        "data": None if reply.data is None else dict(reply.data),
        "auth": None if reply.auth is None else dict(reply.auth),
        "warnings": reply.warnings,
        "raw": None if reply.raw is None else reply.raw.decode(),
        "status": reply.status,
        "lease_duration": reply.lease_duration,
    }
    core.write({f"cubbyhole/{made.record.id}/response": kept})
    info: dict[str, Any] = {
        "token": made.text,
        "accessor": made.record.accessor,
        "ttl": int(ttl_seconds),
        "creation_time": timestamp(now),
        "creation_path": path,
    }
    # The accessor of what is wrapped is shown the first time only.
    if reply.auth is not None and not reply.is_unwrapped:
        info["wrapped_accessor"] = reply.auth["accessor"]
    return Reply(wrap_info=info)


def _display_name(call: Call, reply: Reply) -> str:
    """The name of who asks; after a login, of who that turned out to be."""
    is_login = call.path.startswith("auth/") and not call.path.startswith("auth/token/")
    entry = call.entry
    if is_login and reply.auth is not None:
        entry = call.core.tokens.find(reply.auth["client_token"])
    return "" if entry is None else entry.display_name


def check_wrapping_token(core: Core, data: Mapping[str, Any], token: str) -> None:
    """Is there a wrapping token, in the body or as the caller's own? Asked before anything else
    about these paths. Raises `Refused`."""
    given = data.get("token")
    problem = ""
    if given is not None and not isinstance(given, str):
        problem = "could not decode token in request body"
    elif given == "":
        problem = "empty token in request body"
    elif not (given or token):
        problem = "token is empty"
    if problem:
        raise Refused(403, f"error validating wrapping token: {problem}")
    found = core.tokens.find(given or token)
    if found is None or not found.wrapped_path or found.uses < 0:
        raise Refused(400, _INVALID)


def _wrapping_token(call: Call) -> TokenRecord:
    """The wrapping token a request names, or comes with. Raises `Refused`."""
    token = call.core.tokens.find(call.fields.text("token") or call.token)
    if token is None:
        raise Refused(400, _INVALID)
    return token


def _kept(core: Core, token: TokenRecord) -> Reply:
    record = core.storage.read(f"cubbyhole/{token.id}/response")
    if record is None:
        raise Refused(400, _INVALID)
    return Reply(
        data=record["data"],
        auth=record["auth"],
        warnings=record["warnings"],
        raw=None if record["raw"] is None else record["raw"].encode(),
        status=record["status"],
        lease_duration=record["lease_duration"],
        is_unwrapped=True,
    )


def kept_response(core: Core, token: TokenRecord) -> str:
    """What a wrapping token finds in its own cubbyhole, as the text it is kept as."""
    kept = _kept(core, token)
    return dump(envelope(kept)).decode().removesuffix("\n")


def _wrap(call: Call) -> Reply:
    if not call.is_wrapped:
        raise Refused(400, "endpoint requires response wrapping to be used")
    return Reply(data=dict(call.data))


def _lookup(call: Call) -> Reply:
    token = _wrapping_token(call)
    return Reply(
        data={
            "creation_path": token.wrapped_path,
            "creation_time": timestamp(token.created),
            "creation_ttl": int(token.ttl),
        }
    )


def _unwrap(call: Call) -> Reply:
    token = _wrapping_token(call)
    if call.entry is not None and call.entry.id == token.id and call.fields.text("token"):
        # It has been used up already: as the token of the caller.
        raise Refused.listed(
            500,
            "error decrementing wrapping token's use-count: invalid token entry provided for use "
            "count decrementing",
        )
    reply = _kept(call.core, token)
    if call.entry is None or call.entry.id != token.id:
        call.core.tokens.revoke(token)
    return reply


def _rewrap(call: Call) -> Reply:
    token = _wrapping_token(call)
    reply = _kept(call.core, token)
    if call.entry is None or call.entry.id != token.id:
        call.core.tokens.revoke(token)
    reply.wrap_ttl_seconds, reply.wrap_path = token.ttl, token.wrapped_path
    return reply


_TOKEN: Final = {"token": Kind.TEXT}

WRAPPING_ROUTES: Final = (
    Route("wrapping/wrap", None, update=_wrap, repeats=True),
    Route("wrapping/lookup", _TOKEN, read=_lookup, update=_lookup),
    Route("wrapping/unwrap", _TOKEN, update=_unwrap),
    Route("wrapping/rewrap", _TOKEN, update=_rewrap),
)
"""The paths below `sys/` that are about wrapping."""
