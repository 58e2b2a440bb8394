"""Key-value mounts with versions (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model import Operation
from policy.server.answers import Refused, Reply
from policy.server.inputs import Kind, whole_duration_text
from policy.server.mount_types.kv1 import listing, scanning
from policy.server.mount_types.metadata import check_custom_metadata
from policy.server.mount_types.token import timestamp
from policy.server.routing import Route, Routes

if TYPE_CHECKING:
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES"]

_INVALID_PATH: Final = (
    "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API "
    "endpoints to use. If using the OpenBao CLI, use 'bao kv {}' for this operation."
)
_NOT_LISTING: Final = "Non-listing operations on the root of a K/V v2 mount are not supported."
_COMMANDS: Final = {
    Operation.DELETE: "delete",
    Operation.LIST: "list",
    Operation.PATCH: "patch",
    Operation.READ: "get",
    Operation.SCAN: "scan",
    Operation.UPDATE: "put",
}
_DEFAULT_VERSIONS: Final = 10
_UNSIGNED: Final = 2**32
"""Numbers of versions are kept without a sign: what is below zero becomes very large."""


class _Secret:
    """One secret with all its versions, to be changed and stored anew.

    `stored` has the settings of the secret, and under `versions` by number (as a text) the data,
    the times, and whether it is destroyed.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        mount = call.mount
        self.key = f"data/{mount.uuid if mount else ''}/secret/{call.match['path'].rstrip('/')}"
        record = call.core.storage.read(self.key)
        self.exists = record is not None
        now = call.core.now()
        self.stored: dict[str, Any] = {
            "cas_required": False,
            "created": now,
            "metadata_version": 0,
            "current": 0,
            "custom_metadata": None,
            "delete_after": 0,
            "max_versions": 0,
            "metadata_cas_required": False,
            "updated": now,
            "versions": {},
            **({} if record is None else record),
        }
        self.versions: dict[str, dict[str, Any]] = {
            number: dict(version) for number, version in self.stored["versions"].items()
        }

    def save(self) -> None:
        self.call.core.write({self.key: {**self.stored, "versions": self.versions}})

    def version(self, number: int) -> dict[str, Any] | None:
        return self.versions.get(str(number or self.stored["current"]))

    def shown(self, number: int) -> dict[str, Any]:
        version = self.versions[str(number)]
        return {
            "created_time": timestamp(version["created"]),
            "custom_metadata": self.stored["custom_metadata"],
            "deletion_time": _deletion(version),
            "destroyed": version["destroyed"],
            "version": number,
        }

    def add(self, data: dict[str, Any] | None) -> Reply:
        """Store the next version, and forget the oldest beyond the limit."""
        now = self.call.core.now()
        number = self.stored["current"] + 1
        self.versions[str(number)] = {
            "data": data,
            "created": now,
            "deleted": self.end_of_life,
            "destroyed": False,
        }
        self.stored |= {"current": number, "updated": now}
        if number == 1:
            self.stored["created"] = now
        limits = self.stored["max_versions"], _config(self.call)["max_versions"]
        longest = max(limits) or _DEFAULT_VERSIONS
        for old in [n for n in self.versions if int(n) <= number - longest]:
            del self.versions[old]
        self.save()
        return Reply(data=self.shown(number))

    @property
    def end_of_life(self) -> float | None:
        """When a version that lives from now on is deleted by itself, if ever."""
        delete_after = self.stored["delete_after"] or _config(self.call)["delete_after"]
        return self.call.core.now() + delete_after if delete_after > 0 else None

    def is_alive(self, version: Record) -> bool:
        """Whether a version is neither deleted nor destroyed."""
        deleted = version["deleted"]
        is_deleted = deleted is not None and deleted <= self.call.core.now()
        return not (is_deleted or version["destroyed"])

    def delete(self, version: dict[str, Any]) -> None:
        if self.is_alive(version):
            version["deleted"] = self.call.core.now()

    def check_version(self) -> None:
        """Check-and-set. Raises `Refused`."""
        options = self.call.fields.mapping("options") or {}
        if "cas" not in options:
            if self.stored["cas_required"] or _config(self.call)["cas_required"]:
                raise Refused(400, "check-and-set parameter required for this call")
            return
        try:
            wanted = Kind.INTEGER.converted("cas", options["cas"])
        except ValueError:
            raise Refused(400, "error parsing check-and-set parameter") from None
        if wanted != self.stored["current"]:
            raise Refused(400, "check-and-set parameter did not match the current version")


def _deletion(version: Record) -> str:
    return timestamp(version["deleted"]) if version["deleted"] is not None else ""


def _config(call: Call) -> dict[str, Any]:
    record = call.core.storage.read(f"data/{call.mount.uuid if call.mount else ''}/config")
    return {
        "cas_required": False,
        "delete_after": 0.0,
        "max_versions": 0,
        "metadata_cas_required": False,
        **(record or {}),
    }


def _exists(call: Call) -> bool:
    secret = _Secret(call)
    return secret.exists and bool(secret.versions)


def _read_data(call: Call) -> Reply:
    secret = _Secret(call)
    number = max(0, call.fields.integer("version")) or secret.stored["current"]
    version = secret.version(number)
    if version is None:
        raise Refused.not_found()
    is_gone = not secret.is_alive(version)
    data = {"data": None if is_gone else version["data"], "metadata": secret.shown(number)}
    return Reply(data=data, status=404 if is_gone else 200)


def _given_data(call: Call) -> dict[str, Any] | None:
    if "data" not in call.fields:
        raise Refused(400, "no data provided")
    return call.fields.mapping("data")


def _write_data(call: Call) -> Reply:
    secret = _Secret(call)
    data = _given_data(call)
    secret.check_version()
    return secret.add(data)


def _patch_data(call: Call) -> Reply:
    secret = _Secret(call)
    data = _given_data(call)
    if not secret.exists:
        return Reply(raw=b"", status=404)
    secret.check_version()
    version = secret.version(0)
    if version is None:
        return Reply(raw=b"", status=404)
    if not secret.is_alive(version):
        return Reply(data=secret.shown(secret.stored["current"]), status=404)
    if version["data"] is None:
        raise Refused.listed(500, "resource does not exist")
    return secret.add(_merged(version["data"], data or {}))


def _merged(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396)."""
    merged = dict(old)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            inner = merged.get(key)
            merged[key] = _merged(inner if isinstance(inner, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _delete_latest(call: Call) -> None:
    secret = _Secret(call)
    version = secret.version(0)
    if version is not None and secret.is_alive(version):
        secret.delete(version)
        secret.save()


def _numbers(call: Call, nothing: str = "No version number provided") -> list[int]:
    numbers = call.fields.integers("versions")
    if not numbers:
        raise Refused(400, nothing)
    return numbers


def _delete(call: Call) -> None:
    secret = _Secret(call)
    for number in _numbers(call):
        version = secret.versions.get(str(number))
        if version is not None:
            secret.delete(version)
    _save_known(secret)


def _undelete(call: Call) -> None:
    secret = _Secret(call)
    for number in _numbers(call):
        version = secret.versions.get(str(number))
        if version is not None and not version["destroyed"]:
            version["deleted"] = secret.end_of_life
    _save_known(secret)


def _destroy(call: Call) -> None:
    secret = _Secret(call)
    for number in _numbers(call, "no version number provided"):
        version = secret.versions.get(str(number))
        if version is not None:
            version |= {"destroyed": True, "data": None}
    _save_known(secret)


def _save_known(secret: _Secret) -> None:
    if secret.exists:
        secret.save()


def _read_metadata(call: Call) -> Reply:
    secret = _Secret(call)
    if not secret.exists:
        raise Refused.not_found()
    stored = secret.stored
    numbers = [int(number) for number in secret.versions]
    oldest = min(numbers, default=0)
    return Reply(
        data={
            "cas_required": stored["cas_required"],
            "created_time": timestamp(stored["created"]),
            "current_metadata_version": stored["metadata_version"],
            "current_version": stored["current"],
            "custom_metadata": stored["custom_metadata"],
            "delete_version_after": whole_duration_text(stored["delete_after"]),
            "max_versions": stored["max_versions"],
            "metadata_cas_required": stored["metadata_cas_required"],
            "oldest_version": oldest if oldest > 1 else 0,
            "updated_time": timestamp(stored["updated"]),
            "versions": {
                number: {
                    "created_time": timestamp(version["created"]),
                    "deletion_time": _deletion(version),
                    "destroyed": version["destroyed"],
                }
                for number, version in secret.versions.items()
            },
        }
    )


def _write_metadata(call: Call) -> None:
    changes = _metadata_changes(call)
    if changes:
        _change_metadata(call, _Secret(call), changes)


def _patch_metadata(call: Call) -> Reply | None:
    secret, changes = _Secret(call), _metadata_changes(call)
    if not changes:
        return None
    if not secret.exists:
        return Reply(raw=b"", status=404)
    _change_metadata(call, secret, changes)
    return None


def _metadata_changes(call: Call) -> dict[str, Any]:
    fields = call.fields
    changes: dict[str, Any] = {}
    if "max_versions" in fields:
        changes["max_versions"] = fields.integer("max_versions") % _UNSIGNED
    for name in ("cas_required", "metadata_cas_required"):
        if name in fields:
            changes[name] = fields.boolean(name)
    if fields.values.get("delete_version_after") is not None:
        changes["delete_after"] = fields.seconds("delete_version_after")
    if "custom_metadata" in fields:
        changes["custom_metadata"] = _custom_metadata(call) or None
    return changes


def _custom_metadata(call: Call) -> dict[str, str]:
    found = {}
    for name, value in (call.fields.mapping("custom_metadata") or {}).items():
        try:
            found[name] = Kind.TEXT.converted(name, value)
        except ValueError as error:
            problem = str(error).partition(": ")[2]
            raise Refused(400, f"custom_metadata validation failed: {problem}") from None
    check_custom_metadata(found, 400)
    return found


def _change_metadata(call: Call, secret: _Secret, changes: dict[str, Any]) -> None:
    if "metadata_cas" in call.fields:
        wanted = call.fields.integer("metadata_cas")
        if wanted and not secret.exists:
            raise Refused(400, "metadata_cas must be 0 when creating new metadata")
        if wanted != secret.stored["metadata_version"]:
            raise Refused(
                400, "metadata check-and-set parameter does not match the current version"
            )
    elif secret.stored["metadata_cas_required"] or _config(call)["metadata_cas_required"]:
        raise Refused(400, "metadata check-and-set parameter required for this call")
    secret.stored |= changes
    secret.stored["metadata_version"] += 1
    secret.stored["updated"] = call.core.now()
    secret.save()


def _delete_metadata(call: Call) -> None:
    secret = _Secret(call)
    if secret.exists:
        call.core.write({secret.key: None})


def _list_metadata(call: Call) -> Reply:
    mount = call.mount
    return listing(call, f"data/{mount.uuid if mount else ''}/secret/", call.match.get("path", ""))


def _scan_metadata(call: Call) -> Reply:
    mount = call.mount
    return scanning(call, f"data/{mount.uuid if mount else ''}/secret/", call.match.get("path", ""))


def _subkeys(call: Call) -> Reply:
    reply = _read_data(call)
    data = dict(reply.data or {})
    depth = call.fields.integer("depth")
    data["subkeys"] = _without_values(data.pop("data"), max(1, depth) if depth else -1)
    return Reply(data=data, status=reply.status)


def _without_values(data: object, depth: int) -> object:
    """The names in a secret, so many levels of them; a negative depth is all."""
    if not isinstance(data, dict):
        return None
    return {
        key: _without_values(value, depth - 1) if value and depth != 1 else None
        for key, value in data.items()
    }


def _read_config(call: Call) -> Reply:
    config = _config(call)
    return Reply(
        data={
            "cas_required": config["cas_required"],
            "delete_version_after": whole_duration_text(config["delete_after"]),
            "max_versions": config["max_versions"],
            "metadata_cas_required": config["metadata_cas_required"],
        }
    )


def _write_config(call: Call) -> None:
    fields, config = call.fields, _config(call)
    if "max_versions" in fields:
        config["max_versions"] = fields.integer("max_versions") % _UNSIGNED
    for name in ("cas_required", "metadata_cas_required"):
        if name in fields:
            config[name] = fields.boolean(name)
    if "delete_version_after" in fields:
        config["delete_after"] = fields.seconds("delete_version_after")
    call.core.write({f"data/{call.mount.uuid if call.mount else ''}/config": config})


def _root_of_metadata(_: Call) -> Reply:
    return Reply(warnings=[_NOT_LISTING], status=404)


def _wrong_path(call: Call) -> Reply:
    return Reply(warnings=[_INVALID_PATH.format(_COMMANDS[call.operation])], status=404)


_SETTINGS: Final = {
    "cas_required": Kind.BOOLEAN,
    "delete_version_after": Kind.SIGNED_SECONDS,
    "max_versions": Kind.INTEGER,
    "metadata_cas_required": Kind.BOOLEAN,
}
_DATA: Final = {"data": Kind.MAP, "options": Kind.MAP, "version": Kind.INTEGER}
_VERSIONS: Final = {"versions": Kind.INTEGERS}
_METADATA: Final = {
    **_SETTINGS,
    "delete_version_after": Kind.SECONDS,
    "after": Kind.TEXT,
    "custom_metadata": Kind.MAP,
    "limit": Kind.INTEGER,
    "metadata_cas": Kind.INTEGER,
}


ROUTES: Final = Routes(
    Route("config", _SETTINGS, read=_read_config, update=_write_config),
    Route(
        "data/(?P<path>.*)",
        _DATA,
        read=_read_data,
        update=_write_data,
        delete=_delete_latest,
        patch=_patch_data,
        exists=_exists,
    ),
    Route("delete/(?P<path>.*)", _VERSIONS, update=_delete),
    Route("undelete/(?P<path>.*)", _VERSIONS, update=_undelete),
    Route("destroy/(?P<path>.*)", _VERSIONS, update=_destroy),
    Route(
        "metadata/?",
        _METADATA,
        read=_root_of_metadata,
        update=_root_of_metadata,
        delete=_root_of_metadata,
        patch=_root_of_metadata,
        list=_list_metadata,
        scan=_scan_metadata,
    ),
    Route(
        "metadata/(?P<path>.+)",
        _METADATA,
        read=_read_metadata,
        update=_write_metadata,
        patch=_patch_metadata,
        delete=_delete_metadata,
        list=_list_metadata,
        scan=_scan_metadata,
        exists=lambda call: _Secret(call).exists,
    ),
    Route(
        "subkeys/(?P<path>.*)",
        {"depth": Kind.INTEGER, "version": Kind.INTEGER},
        read=_subkeys,
    ),
    Route(
        ".*",
        read=_wrong_path,
        update=_wrong_path,
        delete=_wrong_path,
        list=_wrong_path,
        patch=_wrong_path,
        scan=_wrong_path,
    ),
)
"""The paths of a key-value mount of version 2."""
