"""Key-value mounts with versions (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.inputs import Fields, duration_text
from policy.server.mount_types.kv1 import listing
from policy.server.mount_types.token import timestamp
from policy.server.routing import Route, Routes

if TYPE_CHECKING:
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES"]

_INVALID_PATH: Final = (
    "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API "
    "endpoints to use. If using the OpenBao CLI, use 'bao kv put' for this operation."
)
_DEFAULT_VERSIONS: Final = 10


class _Secret:
    """One secret with all its versions, to be changed and stored anew.

    `stored` has the settings of the secret, and under `versions` by number (as a text) the data,
    the times, and whether it is destroyed.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        mount = call.mount
        self.key = f"data/{mount.uuid if mount else ''}/secret/{call.match['path']}"
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

    def add(self, data: dict[str, Any]) -> Reply:
        """Store the next version, and forget the oldest beyond the limit."""
        now = self.call.core.now()
        number = self.stored["current"] + 1
        delete_after = self.stored["delete_after"] or _config(self.call)["delete_after"]
        self.versions[str(number)] = {
            "data": data,
            "created": now,
            "deleted": now + delete_after if delete_after else None,
            "destroyed": False,
        }
        self.stored |= {"current": number, "updated": now}
        if number == 1:
            self.stored["created"] = now
        longest = (
            self.stored["max_versions"] or _config(self.call)["max_versions"] or _DEFAULT_VERSIONS
        )
        for old in [n for n in self.versions if int(n) <= number - longest]:
            del self.versions[old]
        self.save()
        return Reply(data=self.shown(number))

    def check_version(self) -> None:
        """Check-and-set. Raises `Refused`."""
        options = self.call.data.get("options") or {}
        if not isinstance(options, dict):
            raise Refused(400, "options must be a map")
        if "cas" not in options:
            if self.stored["cas_required"] or _config(self.call)["cas_required"]:
                raise Refused(400, "check-and-set parameter required for this call")
            return
        if Fields(options).integer("cas") != self.stored["current"]:
            raise Refused(400, "check-and-set parameter did not match the current version")


def _deletion(version: Record) -> str:
    return timestamp(version["deleted"]) if version["deleted"] is not None else ""


def _config(call: Call) -> dict[str, Any]:
    record = call.core.storage.read(f"data/{call.mount.uuid if call.mount else ''}/config")
    return {"cas_required": False, "delete_after": 0.0, "max_versions": 0, **(record or {})}


def _exists(call: Call) -> bool:
    secret = _Secret(call)
    return secret.exists and bool(secret.versions)


def _read_data(call: Call) -> Reply:
    secret = _Secret(call)
    number = call.fields.integer("version") or secret.stored["current"]
    version = secret.version(number)
    if version is None:
        raise Refused.not_found()
    is_gone = version["destroyed"] or (
        version["deleted"] is not None and version["deleted"] <= call.core.now()
    )
    data = {"data": None if is_gone else version["data"], "metadata": secret.shown(number)}
    return Reply(data=data, status=404 if is_gone else 200)


def _given_data(call: Call) -> dict[str, Any]:
    data = call.data.get("data")
    if not isinstance(data, dict):
        raise Refused(400, "no data provided")
    return data


def _write_data(call: Call) -> Reply:
    secret = _Secret(call)
    data = _given_data(call)
    secret.check_version()
    return secret.add(data)


def _patch_data(call: Call) -> Reply:
    secret = _Secret(call)
    version = secret.version(0)
    data = _given_data(call)
    if version is None or version["destroyed"] or version["deleted"] is not None:
        raise Refused.not_found()
    secret.check_version()
    return secret.add(_merged(version["data"], data))


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
    if version is not None and not version["destroyed"] and version["deleted"] is None:
        version["deleted"] = call.core.now()
        secret.save()


def _numbers(call: Call) -> list[int]:
    try:
        numbers = [int(text) for text in call.fields.texts("versions")]
    except ValueError:
        raise Refused(400, "invalid version number") from None
    if not numbers:
        raise Refused(400, "No version number provided")
    return numbers


def _delete(call: Call) -> None:
    secret = _Secret(call)
    for number in _numbers(call):
        version = secret.versions.get(str(number))
        if version is not None and not version["destroyed"] and version["deleted"] is None:
            version["deleted"] = call.core.now()
    _save_known(secret)


def _undelete(call: Call) -> None:
    secret = _Secret(call)
    for number in _numbers(call):
        version = secret.versions.get(str(number))
        if version is not None and not version["destroyed"]:
            version["deleted"] = None
    _save_known(secret)


def _destroy(call: Call) -> None:
    secret = _Secret(call)
    for number in _numbers(call):
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
            "delete_version_after": duration_text(stored["delete_after"]),
            "max_versions": stored["max_versions"],
            "metadata_cas_required": False,
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
    fields = call.fields
    changes: dict[str, Any] = {}
    if "max_versions" in fields:
        changes["max_versions"] = fields.integer("max_versions")
    if "cas_required" in fields:
        changes["cas_required"] = fields.boolean("cas_required")
    if "delete_version_after" in fields:
        changes["delete_after"] = fields.seconds("delete_version_after")
    if "custom_metadata" in fields:
        changes["custom_metadata"] = fields.mapping("custom_metadata")
    if not changes:
        return
    secret = _Secret(call)
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
    return listing(call, f"data/{mount.uuid if mount else ''}/secret/", call.match["path"])


def _subkeys(call: Call) -> Reply:
    reply = _read_data(call)
    data = dict(reply.data or {})
    data["subkeys"] = _without_values(data.pop("data"))
    return Reply(data=data, status=reply.status)


def _without_values(data: object) -> object:
    if not isinstance(data, dict) or not data:
        return None
    return {key: _without_values(value) for key, value in data.items()}


def _read_config(call: Call) -> Reply:
    config = _config(call)
    return Reply(
        data={
            "cas_required": config["cas_required"],
            "delete_version_after": duration_text(config["delete_after"]),
            "max_versions": config["max_versions"],
            "metadata_cas_required": False,
        }
    )


def _write_config(call: Call) -> None:
    fields, config = call.fields, _config(call)
    if "max_versions" in fields:
        config["max_versions"] = fields.integer("max_versions")
    if "cas_required" in fields:
        config["cas_required"] = fields.boolean("cas_required")
    if "delete_version_after" in fields:
        config["delete_after"] = fields.seconds("delete_version_after")
    call.core.write({f"data/{call.mount.uuid if call.mount else ''}/config": config})


def _wrong_path(_: Call) -> Reply:
    return Reply(warnings=[_INVALID_PATH], status=404)


ROUTES: Final = Routes(
    Route("config", read=_read_config, update=_write_config),
    Route(
        "data/(?P<path>.*)",
        read=_read_data,
        update=_write_data,
        delete=_delete_latest,
        patch=_patch_data,
        exists=_exists,
    ),
    Route("delete/(?P<path>.*)", update=_delete),
    Route("undelete/(?P<path>.*)", update=_undelete),
    Route("destroy/(?P<path>.*)", update=_destroy),
    Route(
        "metadata/?(?P<path>.*)",
        read=_read_metadata,
        update=_write_metadata,
        delete=_delete_metadata,
        list=_list_metadata,
        exists=lambda call: _Secret(call).exists,
    ),
    Route("subkeys/(?P<path>.*)", read=_subkeys),
    Route(".*", read=_wrong_path, update=_wrong_path, delete=_wrong_path, list=_wrong_path),
)
"""The paths of a key-value mount of version 2."""
