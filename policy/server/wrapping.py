"""Response wrapping: an answer is kept under a token of one use (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.mount_types.token import timestamp
from policy.server.records import TokenRecord
from policy.server.routing import Route

if TYPE_CHECKING:
    from policy.server.routing import Call

__all__ = ["WRAPPING_ROUTES", "wrap"]

_INVALID: Final = "wrapping token is not valid or does not exist"
_POLICY: Final = "response-wrapping"


def wrap(call: Call, reply: Reply, ttl_seconds: float, path: str = "") -> Reply:
    """Keep a reply under a new token; what goes out tells about that token alone."""
    core = call.core
    now = core.now()
    path = path or call.path
    record = TokenRecord(
        id="",
        accessor="",
        policies=[_POLICY],
        created=now,
        namespace=call.namespace,
        path=path,
        display_name=_POLICY,
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
    }
    core.write({f"cubbyhole/{made.record.id}/response": kept})
    info: dict[str, Any] = {
        "token": made.text,
        "accessor": made.record.accessor,
        "ttl": int(ttl_seconds),
        "creation_time": timestamp(now),
        "creation_path": path,
    }
    if reply.auth is not None:
        info["wrapped_accessor"] = reply.auth["accessor"]
    return Reply(wrap_info=info)


def _wrapping_token(call: Call) -> TokenRecord:
    """The wrapping token a request names, or comes with. Raises `Refused`."""
    text = call.fields.text("token") or call.token
    token = call.core.tokens.find(text)
    if token is None or not token.wrapped_path:
        raise Refused(400, _INVALID)
    if token.uses < 0 and (call.entry is None or call.entry.id != token.id):
        raise Refused(400, _INVALID)
    return token


def _kept(call: Call, token: TokenRecord) -> Reply:
    record = call.core.storage.read(f"cubbyhole/{token.id}/response")
    if record is None:
        raise Refused(400, _INVALID)
    return Reply(data=record["data"], auth=record["auth"], warnings=record["warnings"])


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
    reply = _kept(call, token)
    if call.entry is None or call.entry.id != token.id:
        call.core.tokens.revoke(token)
    return reply


def _rewrap(call: Call) -> Reply:
    token = _wrapping_token(call)
    reply = _kept(call, token)
    if call.entry is None or call.entry.id != token.id:
        call.core.tokens.revoke(token)
    again = wrap(call, reply, token.ttl, token.wrapped_path)
    # The accessor of what is wrapped is shown the first time only.
    info = again.wrap_info or {}
    return Reply(wrap_info={k: v for k, v in info.items() if k != "wrapped_accessor"})


WRAPPING_ROUTES: Final = (
    Route("wrapping/wrap", update=_wrap, repeats=True),
    Route("wrapping/lookup", read=_lookup, update=_lookup),
    Route("wrapping/unwrap", update=_unwrap),
    Route("wrapping/rewrap", update=_rewrap),
)
"""The paths below `sys/` that are about wrapping."""
