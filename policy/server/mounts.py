"""What is mounted where, and how the server shows it."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

from policy.catalog import AUTH_TYPES, SECRET_TYPES, MountTable
from policy.server.records import MountRecord

if TYPE_CHECKING:
    from policy.server.core import Core
    from policy.server.storage import Record

__all__ = ["Mounts"]

_BUILTIN: Final = (
    ("cubbyhole/", "cubbyhole", "per-token private secret storage"),
    ("identity/", "identity", "identity store"),
    ("sys/", "system", "system endpoints used for control, policy and debugging"),
    ("auth/token/", "token", "token based credentials"),
)
_PLUGINS: Final = ("generic", "kv", "userpass")
"""What is not part of the server itself."""
_HEADERS: Final = {"identity": ["Authorization"], "system": ["Accept"]}


class Mounts:
    """The mounts of one cluster."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._values: dict[str, tuple[Record, MountRecord]] = {}

    def first_records(self, namespace: str) -> dict[str, Record | None]:
        """The records of the mounts every namespace begins with."""
        changes: dict[str, Record | None] = {}
        for path, kind, description in _BUILTIN:
            name = f"ns_{kind}" if namespace else kind
            mount = MountRecord(
                path=path,
                type=name,
                accessor=_accessor(path, name),
                uuid=str(uuid.uuid4()),
                namespace=namespace,
                description=description,
                local=kind == "cubbyhole",
                seal_wrap=kind == "system",
            )
            changes[_key(mount)] = mount.record()
        return changes

    def new(
        self, path: str, kind: str, namespace: str, description: str, options: dict[str, str] | None
    ) -> MountRecord:
        """A new mount, not stored yet."""
        return MountRecord(
            path=path,
            type=kind,
            accessor=_accessor(path, kind),
            uuid=str(uuid.uuid4()),
            namespace=namespace,
            description=description,
            options=options,
        )

    def stored(self, mount: MountRecord) -> dict[str, Record | None]:
        """What has to be stored for a mount that is new or changed."""
        return {_key(mount): mount.record()}

    def remove(self, mount: MountRecord) -> dict[str, Record | None]:
        """What has to be stored to unmount it, with all it holds."""
        changes: dict[str, Record | None] = {_key(mount): None}
        for key, _ in self._core.storage.scan(f"data/{mount.uuid}/"):
            changes[key] = None
        return changes

    def all(self, namespace: str) -> list[MountRecord]:
        """The mounts of a namespace, by path."""
        found = self._core.storage.scan(f"mount/{namespace}|")
        return [MountRecord.of(record) for _, record in found]

    def everywhere(self) -> list[MountRecord]:
        """The mounts of all namespaces."""
        return [MountRecord.of(record) for _, record in self._core.storage.scan("mount/")]

    def find(self, path: str, namespace: str) -> tuple[MountRecord, str] | None:
        """The mount a path belongs to, and the path relative to it."""
        found = self._core.table(namespace).find(path)
        if found is None:
            return None
        key = f"mount/{namespace}|{found[0].path}"
        record = self._core.storage.read(key)
        if record is None:
            return None
        known = self._values.get(key)
        if known is None or known[0] is not record:
            known = self._values[key] = record, MountRecord.of(record)
        return known[1], found[1]

    def table(self, namespace: str) -> MountTable:
        """The mounts as the evaluator knows them."""
        types = {}
        for mount in self.all(namespace):
            known = AUTH_TYPES if mount.path.startswith("auth/") else SECRET_TYPES
            kind = "kv-v2" if mount.is_kv2 else "kv-v1" if mount.type == "kv" else mount.type
            types[mount.path] = kind if kind in known or kind.startswith("ns_") else "plugin"
        return MountTable().with_mounts(types)

    def shown(self, mount: MountRecord) -> dict[str, Any]:
        """What `sys/mounts` and its kin say about a mount."""
        config: dict[str, Any] = {
            "default_lease_ttl": mount.default_ttl,
            "force_no_cache": False,
            "max_lease_ttl": mount.max_ttl,
        }
        kind = mount.type.removeprefix("ns_")
        if kind in _HEADERS:
            config["passthrough_request_headers"] = _HEADERS[kind]
        if mount.path.startswith("auth/"):
            config["token_type"] = "default" if mount.type == "ns_token" else "default-service"
        shown: dict[str, Any] = {
            "accessor": mount.accessor,
            "config": config | mount.config,
            "description": mount.description,
            "external_entropy_access": mount.external_entropy_access,
            "local": mount.local,
            "options": mount.options,
            "plugin_version": "",
            "running_plugin_version": "v2.7.2+builtin.bao",
            "running_sha256": "",
            "seal_wrap": mount.seal_wrap,
            "type": mount.type,
            "uuid": mount.uuid,
        }
        if kind in _PLUGINS:
            shown["deprecation_status"] = "supported"
        return shown


def _key(mount: MountRecord) -> str:
    return f"mount/{mount.namespace}|{mount.path}"


def _accessor(path: str, kind: str) -> str:
    place = "auth_" if path.startswith("auth/") else ""
    return f"{place}{kind}_{secrets.token_hex(4)}"
