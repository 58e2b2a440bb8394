"""Key-value mounts without versions, and the cubbyhole every token has (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.server.answers import Refused, Reply
from policy.server.inputs import parse_seconds
from policy.server.routing import Route, Routes
from policy.server.wrapping import kept_response

if TYPE_CHECKING:
    from policy.server.routing import Call

__all__ = ["CUBBYHOLE", "ROUTES", "listing", "scanning"]


_DEPRECATED: Final = (
    "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap "
    "responses, as it provides additional security checks and other benefits."
)


def scanning(call: Call, prefix: str, path: str) -> Reply:
    """The names of everything below a path."""
    inner = prefix + (path.strip("/") + "/" if path.strip("/") else "")
    names = [key.removeprefix(inner) for key, _ in call.core.storage.scan(inner)]
    return Reply(data={"keys": sorted(names)} if names else {})


def listing(call: Call, prefix: str, path: str) -> Reply:
    """The names directly below a path, deeper ones with a final slash. Raises `Refused`."""
    inner = path.strip("/") + "/" if path.strip("/") else ""
    names = set()
    for key, _ in call.core.storage.scan(prefix + inner):
        head, slash, _ = key.removeprefix(prefix + inner).partition("/")
        names.add(head + slash)
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": sorted(names)})


def _prefix(call: Call) -> str:
    return f"data/{call.mount.uuid}/" if call.mount is not None else ""


def _own_prefix(call: Call) -> str:
    if call.subject.kind == "batch":
        raise Refused(400, "cubbyhole operations are only supported by 'service' type tokens")
    return f"cubbyhole/{call.subject.id}/"


class _Secrets:
    """The handlers of one kind of store; `of` tells where the secrets of a request lie."""

    def __init__(self, *, is_own: bool) -> None:
        self.of = _own_prefix if is_own else _prefix
        self.is_own = is_own

    def exists(self, call: Call) -> bool:
        return call.core.storage.read(self.of(call) + call.match["path"]) is not None

    def _key(self, call: Call) -> str:
        """Where the secret of a write lies. Raises `Refused` for what is no name."""
        path = call.match["path"]
        if any("\ud800" <= char <= "\udfff" for char in path):
            raise Refused.listed(500, "key contains invalid UTF-8 characters")
        return self.of(call) + path

    def read(self, call: Call) -> Reply:
        path = call.match["path"]
        if self.is_own and path == "response" and call.subject.wrapped_path:
            text = kept_response(call.core, call.subject)
            return Reply(data={"response": text}, warnings=[_DEPRECATED])
        record = call.core.storage.read(self.of(call) + path)
        if record is None:
            if self.is_own and not path:
                raise Refused.listed(500, "missing path")
            raise Refused.not_found()
        if self.is_own:
            return Reply(data=record["data"])
        return Reply(data=record["data"], lease_duration=_lease(record["data"]))

    def write(self, call: Call) -> None:
        path = call.match["path"]
        if self.is_own:
            if not call.data:
                raise Refused.listed(500, "missing data fields")
            if not path:
                raise Refused.listed(500, "missing path")
        elif not path or not call.data:
            raise Refused(400, "missing data fields" if path else "missing path")
        call.core.write({self._key(call): {"data": dict(call.data)}})

    def delete(self, call: Call) -> None:
        key = self._key(call)
        if call.core.storage.read(key) is not None:
            call.core.write({key: None})

    def list(self, call: Call) -> Reply:
        return listing(call, self.of(call), call.match["path"])

    def scan(self, call: Call) -> Reply:
        return scanning(call, self.of(call), call.match["path"])

    def routes(self) -> Routes:
        return Routes(
            Route(
                "(?P<path>.*)",
                {},
                read=self.read,
                update=self.write,
                delete=self.delete,
                list=self.list,
                scan=None if self.is_own else self.scan,
                exists=self.exists,
            )
        )


def _lease(data: dict[str, object]) -> int:
    """A secret may say how long it is good for."""
    for name in ("ttl", "lease"):
        if name in data:
            try:
                return int(parse_seconds(data[name]))
            except ValueError:
                break
    return 2_764_800


ROUTES: Final = _Secrets(is_own=False).routes()
"""The paths of a key-value mount of version 1."""

CUBBYHOLE: Final = _Secrets(is_own=True).routes()
"""The paths of the cubbyhole."""
