"""`sys/mounts`, `sys/auth`, and what the user interface is told about mounts (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.go_text import quoted
from policy.server.inputs import Fields, Kind, parse_seconds
from policy.server.mount_types.shown_rules import has_access
from policy.server.routing import Route
from policy.server.tokens import DEFAULT_TTL

if TYPE_CHECKING:
    from policy.server.records import MountRecord
    from policy.server.routing import Call

__all__ = ["MOUNT_ROUTES"]

_SECRET_TYPES: Final = ("kv", "generic")
_AUTH_TYPES: Final = ("userpass",)
_BUILTIN: Final = ("cubbyhole", "identity", "system", "token")
_RESERVED: Final = ("auth/", "cubbyhole/", "identity/", "sys/")
_LISTS: Final = (
    "allowed_response_headers",
    "audit_non_hmac_request_keys",
    "audit_non_hmac_response_keys",
    "passthrough_request_headers",
)
_VISIBLE: Final = ("", "hidden", "unauth")
_TOKEN_TYPES: Final = ("default-service", "default-batch", "service", "batch")


def _find(call: Call, path: str) -> MountRecord | None:
    return next((m for m in call.core.mounts.all(call.namespace) if m.path == path), None)


def _around(call: Call, path: str) -> MountRecord | None:
    """The mount that a path is in."""
    found = call.core.mounts.find(path, call.namespace)
    return None if found is None else found[0]


def _path(call: Call, *, auth: bool) -> str:
    return ("auth/" if auth else "") + call.match["path"].strip("/") + "/"


class _Face:
    """The handlers for one of the two tables of mounts: secrets, or auth methods."""

    def __init__(self, *, auth: bool) -> None:
        self.auth = auth

    def list(self, call: Call) -> Reply:
        mounts = call.core.mounts
        return Reply(
            data={
                mount.path.removeprefix("auth/"): mounts.shown(mount)
                for mount in mounts.all(call.namespace)
                if mount.path.startswith("auth/") == self.auth
            }
        )

    def read(self, call: Call) -> Reply:
        path = _path(call, auth=self.auth)
        mount = _find(call, path) if self.auth else _around(call, path)
        if mount is None:
            kind = "auth engine" if self.auth else "secret engine mount"
            raise Refused(400, f"No {kind} at {call.match['path'].strip('/')}/")
        return Reply(data=call.core.mounts.shown(mount))

    # Making and taking away

    def write(self, call: Call) -> None:
        path, fields = _path(call, auth=self.auth), call.fields
        config = fields.mapping("config") or {}
        default_ttl, max_ttl = _given_ttls(config)
        kind, options = fields.text("type"), fields.pairs("options")
        if not kind:
            raise Refused(400, "backend type must be specified as a string")
        if kind == "plugin" and not fields.text("plugin_name"):
            raise Refused(400, "plugin_name must be provided for plugin backend")
        if kind in ("kv-v1", "kv-v2") and not self.auth:
            kind, options = "kv", {**(options or {}), "version": kind[-1]}
        elif kind != "kv" and (options or {}).get("version"):
            what = "auth method" if self.auth else "secrets engine"
            raise Refused(400, f"{what} {quoted(kind)} does not allow setting a version")
        self._check_place(call, path, kind)
        if kind not in (_AUTH_TYPES if self.auth else _SECRET_TYPES):
            raise Refused(400, f"plugin not found in the catalog: {kind}")
        if kind == "kv" and (options or {}).get("version", "1") not in ("", "1", "2"):
            raise Refused(400, 'nil backend of type "kv" returned from factory')
        # What is not there at all is an empty map, and null stays null.
        given = options if "options" in fields else options or {}
        made = call.core.mounts.new(
            path, kind, call.namespace, fields.text("description"), given
        ).but(
            default_ttl=default_ttl,
            max_ttl=max_ttl,
            local=fields.boolean("local"),
            seal_wrap=fields.boolean("seal_wrap"),
            external_entropy_access=fields.boolean("external_entropy_access"),
            config=self._config(config),
        )
        call.core.write(call.core.mounts.stored(made))

    def _check_place(self, call: Call, path: str, kind: str) -> None:
        """Whether such a mount may be there. Raises `Refused`."""
        if self.auth and kind == "token":
            raise Refused(400, "token credential backend cannot be instantiated")
        if not self.auth:
            if path.startswith(_RESERVED):
                raise Refused(400, f"cannot mount {quoted(path)}")
            if kind in _BUILTIN:
                raise Refused(400, f"mount type of {quoted(kind)} is not mountable")
        for other in call.core.mounts.all(call.namespace):
            if other.path.startswith(path) or path.startswith(other.path):
                taken = other.path.removeprefix("auth/")
                raise Refused(400, f"path is already in use at {taken}")

    def _config(self, given: dict[str, Any]) -> dict[str, Any]:
        fields = Fields(given)
        config: dict[str, Any] = {}
        visibility = fields.text("listing_visibility")
        if visibility not in _VISIBLE:
            raise Refused(400, f"invalid listing_visibility {visibility}")
        if visibility:
            config["listing_visibility"] = visibility
        if fields.boolean("force_no_cache"):
            config["force_no_cache"] = True
        if self.auth and fields.text("token_type") in _TOKEN_TYPES:
            config["token_type"] = fields.text("token_type")
        return config | {name: fields.texts(name) for name in _LISTS if name in given}

    def delete(self, call: Call) -> None:
        path = _path(call, auth=self.auth)
        mount = _find(call, path)
        if mount is None:
            return
        if mount.path == "auth/token/":
            raise Refused(400, "token credential backend cannot be disabled")
        if mount.type.removeprefix("ns_") in _BUILTIN:
            raise Refused(400, f"cannot unmount {quoted(path)}")
        call.core.write(call.core.mounts.remove(mount))

    # Tuning

    def read_tuning(self, call: Call) -> Reply:
        path = _path(call, auth=self.auth)
        mount = _around(call, path)
        if mount is None:
            raise Refused(400, f"cannot fetch sysview for path {quoted(path)}")
        shown = call.core.mounts.shown(mount)
        data = shown["config"] | {
            "default_lease_ttl": mount.default_ttl or int(DEFAULT_TTL),
            "description": mount.description,
            "max_lease_ttl": mount.max_ttl or int(DEFAULT_TTL),
        }
        if mount.options:
            data["options"] = mount.options
        if mount.external_entropy_access:
            data["external_entropy_access"] = True
        return Reply(data=data)

    def tune(self, call: Call) -> Reply | None:
        path, fields = _path(call, auth=self.auth), call.fields
        mount = _around(call, path)
        if mount is None:
            raise Refused(400, f"tune of path {quoted(path)} failed: no mount entry found")
        if path == "sys/" and fields.values:
            raise Refused(400, f"cannot tune parameter {min(fields.values)} of sys/")
        mount = _with_ttls(call, mount)
        if "description" in fields:
            mount = mount.but(description=fields.text("description"))
        config = dict(mount.config)
        if "listing_visibility" in fields:
            visibility = fields.text("listing_visibility")
            if visibility not in _VISIBLE:
                raise Refused(400, f"invalid listing_visibility {visibility}")
            config["listing_visibility"] = visibility
        if "token_type" in fields:
            if not self.auth:
                raise Refused(400, "'token_type' can only be modified on auth mounts")
            if fields.text("token_type") not in _TOKEN_TYPES:
                raise Refused(400, "invalid value for 'token_type'")
            config["token_type"] = fields.text("token_type")
        for name in _LISTS:
            if name in fields:
                config[name] = fields.texts(name)
        warnings: list[str] = []
        if fields.pairs("options"):
            mount = _with_options(call, mount, warnings)
        call.core.write(call.core.mounts.stored(mount.but(config=config)))
        return Reply(warnings=warnings) if warnings else None


def _given_ttls(config: dict[str, Any]) -> tuple[int, int]:
    """The default and the longest TTL that a new mount is to have. Raises `Refused`."""
    found = []
    for name, word in (("default_lease_ttl", "default"), ("max_lease_ttl", "max")):
        value = config.get(name)
        try:
            found.append(0 if value == "system" else int(parse_seconds(value)))
        except ValueError as error:
            raise Refused(400, f"unable to parse {word} TTL of {value}: {error}") from None
    default_ttl, max_ttl = found
    if max_ttl and default_ttl > max_ttl:
        raise Refused(400, "given default lease TTL greater than given max lease TTL")
    if default_ttl > DEFAULT_TTL and not max_ttl:
        raise Refused(
            400,
            f"given default lease TTL greater than system max lease TTL of {int(DEFAULT_TTL)}",
        )
    return default_ttl, max_ttl


def _with_ttls(call: Call, mount: MountRecord) -> MountRecord:
    found = {"default_lease_ttl": mount.default_ttl, "max_lease_ttl": mount.max_ttl}
    for name in found:
        text = call.fields.text(name)
        if text:
            try:
                found[name] = 0 if text == "system" else int(parse_seconds(text))
            except ValueError as error:
                raise Refused(400, str(error)) from None
    default_ttl, max_ttl = found.values()
    if default_ttl > (max_ttl or DEFAULT_TTL):
        raise Refused(
            400,
            f"backend max lease TTL of {max_ttl or int(DEFAULT_TTL)} would be less than backend "
            f"default lease TTL of {default_ttl}",
        )
    return mount.but(default_ttl=default_ttl, max_ttl=max_ttl)


def _with_options(call: Call, mount: MountRecord, warnings: list[str]) -> MountRecord:
    """Options are added to those there are; a version only goes up."""
    given, known = call.fields.pairs("options") or {}, mount.options or {}
    version, before = given.get("version"), known.get("version") or "0"
    if version is not None:
        if version not in ("1", "2"):
            raise Refused(400, f"invalid version provided: {version}")
        if version < before:
            raise Refused(400, f"cannot downgrade mount from version {before}")
        if version > before:
            warnings.append(
                "Upgrading mount from version 0 to version 0. This mount will be unavailable for "
                "a brief period and will resume service shortly."
            )
    return mount.but(options={**known, **given})


# What a person may see


def _ui_mounts(call: Call) -> Reply:
    """Everything for root, for others the mounts they have something in, or that are public."""
    if call.token and call.entry is None:
        raise Refused.no_token()
    shown: dict[str, dict[str, Any]] = {"auth": {}, "secret": {}}
    for mount in call.core.mounts.all(call.namespace):
        is_public = mount.config.get("listing_visibility") == "unauth"
        if is_public or has_access(call, call.namespace + mount.path):
            is_auth = mount.path.startswith("auth/")
            name = mount.path.removeprefix("auth/")
            shown["auth" if is_auth else "secret"][name] = call.core.mounts.shown(mount)
    return Reply(data=shown)


def _ui_mount(call: Call) -> Reply:
    if call.acl is None:
        raise Refused.no_token()
    path = call.match["path"].strip("/") + "/"
    found = call.core.mounts.find(path, call.namespace)
    if found is None or not has_access(call, call.namespace + found[0].path):
        raise Refused(
            403,
            "preflight capability check returned 403, please ensure client's policies grant "
            f'access to path "{path}"',
        )
    return Reply(data={**call.core.mounts.shown(found[0]), "path": found[0].path})


_MOUNT: Final = {
    "config": Kind.MAP,
    "description": Kind.TEXT,
    "external_entropy_access": Kind.BOOLEAN,
    "local": Kind.BOOLEAN,
    "options": Kind.PAIRS,
    "plugin_name": Kind.TEXT,
    "plugin_version": Kind.TEXT,
    "seal_wrap": Kind.BOOLEAN,
    "type": Kind.TEXT,
}
_TUNING: Final = {
    **dict.fromkeys(_LISTS, Kind.TEXTS),
    "default_lease_ttl": Kind.TEXT,
    "description": Kind.TEXT,
    "listing_visibility": Kind.TEXT,
    "max_lease_ttl": Kind.TEXT,
    "options": Kind.PAIRS,
    "plugin_version": Kind.TEXT,
    "token_type": Kind.TEXT,
    "user_lockout_config": Kind.MAP,
}


def _routes(place: str, face: _Face) -> tuple[Route, ...]:
    return (
        Route(place, read=face.list, repeats=True),
        Route(
            f"{place}/(?P<path>.+?)/tune",
            _TUNING,
            read=face.read_tuning,
            update=face.tune,
            repeats=True,
        ),
        Route(
            f"{place}/(?P<path>.+?)",
            _MOUNT,
            read=face.read,
            update=face.write,
            delete=face.delete,
            repeats=True,
        ),
    )


MOUNT_ROUTES: Final = (
    *_routes("mounts", _Face(auth=False)),
    *_routes("auth", _Face(auth=True)),
    Route("internal/ui/mounts", read=_ui_mounts),
    Route("internal/ui/mounts/(?P<path>.+)", read=_ui_mount),
)
"""The paths below `sys/` that are about mounts."""
