"""The `kv` commands, which send different requests to version 1 and version 2 of a mount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import UsageError
from policy.model import byte_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.catalog import MountTable

__all__ = ["kv_commands", "kv_requests"]

_Sent = tuple[str, str, "dict[str, object] | None"]

# Requests by version: method, the part of the API between mount and key, and the parameters; `*`
# stands for the arguments, `-` for the flags below. A patch is tried as PATCH first; with
# `-method=rw` it reads and writes.
_VERSION_1 = {
    "kv delete": "DELETE -",
    "kv get": "GET -",
    "kv list": "LIST -",
    "kv put": "PUT - *",
}
_VERSION_2 = {
    "kv delete": "DELETE data",
    "kv delete -versions": "PUT delete versions",
    "kv destroy": "PUT destroy versions",
    "kv get": "GET data",
    "kv list": "LIST metadata",
    "kv metadata delete": "DELETE metadata",
    "kv metadata get": "GET metadata",
    "kv metadata patch": "PATCH metadata -",
    "kv metadata put": "PUT metadata -",
    "kv patch": "PATCH data data options",
    "kv patch -method=rw": "GET data; PUT data data options",
    "kv put": "PUT data data options",
    "kv rollback": "GET data; PUT data data options",
    "kv undelete": "PUT undelete versions",
}
_METADATA_FLAGS = ("cas-required", "custom-metadata", "delete-version-after", "max-versions")
_TUNE = "kv enable-versioning"


def kv_commands() -> tuple[str, ...]:
    """The names of all `kv` commands."""
    return (_TUNE, *(name for name in _VERSION_2 if " -" not in name))


def kv_requests(
    name: str, flags: Mapping[str, str], arguments: Sequence[str], mounts: MountTable
) -> tuple[list[_Sent], MountTable, list[str]]:
    """Method, target and parameters of each request; the mounts, and what was assumed of them.

    Raises `UsageError` when the command has no path, the mount is no KV mount, or its version has
    no such command.
    """
    if not arguments:
        raise UsageError(f"`{name}` lacks a path")
    if name == _TUNE:
        mount = arguments[0].strip("/")
        return [("POST", f"sys/mounts/{mount}/tune", {"options": ""})], mounts, []
    path = arguments[0].strip("/")
    if "mount" in flags:
        path = f"{flags['mount'].strip('/')}/{path}"
    found = mounts.find(byte_text(path))
    notes = []
    if found is None:
        assumed = flags.get("mount", path.partition("/")[0]).strip("/") + "/"
        mounts = mounts.with_mounts({assumed: "kv-v2"})
        notes.append(f"`{assumed}` is taken for KV version 2; --mounts tells what it is")
        found = mounts.find(byte_text(path))
    assert found is not None  # a path lies in the mount that was made of its beginning
    mount_path, kind = found[0].path, found[0].type
    key = path[len(mount_path) :]
    if kind not in ("kv-v1", "kv-v2"):
        raise UsageError(f"`{mount_path}` is a mount of type `{kind}`, not KV")
    recipe = _recipe(name, flags, kind)
    words = [word.partition("=") for word in arguments[1:]]
    pairs = {key: value for key, is_pair, value in words if is_pair}
    return (
        [_step(step, mount_path, key, pairs, flags) for step in recipe.split("; ")],
        mounts,
        notes,
    )


def _recipe(name: str, flags: Mapping[str, str], kind: str) -> str:
    if kind == "kv-v1":
        if name not in _VERSION_1:
            raise UsageError(f"`{name}` needs KV version 2")
        return _VERSION_1[name]
    if name == "kv delete" and "versions" in flags:
        return _VERSION_2["kv delete -versions"]
    if name == "kv patch" and flags.get("method") == "rw":
        return _VERSION_2["kv patch -method=rw"]
    return _VERSION_2[name]


def _step(
    step: str, mount: str, key: str, pairs: Mapping[str, object], flags: Mapping[str, str]
) -> _Sent:
    from urllib.parse import quote

    method, part, *names = step.split(" ")
    prefix = "" if part == "-" else part + "/"
    body: dict[str, object] = {}
    if names == ["*"]:
        body = dict(pairs)
    elif names == ["-"]:
        body = {name.replace("-", "_"): flags[name] for name in _METADATA_FLAGS if name in flags}
    else:
        values = {"data": dict(pairs), "options": {}, "versions": flags.get("versions", "")}
        body = {name: values[name] for name in names}
    return method, quote(mount + prefix + key, safe="/*+"), body or None
