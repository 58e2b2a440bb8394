"""What is mounted where: the mounts of one namespace, and which of them a path belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from policy.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Mapping

__all__ = ["AUTH_TYPES", "SECRET_TYPES", "Mount", "MountTable", "PathIndex"]

AUTH_TYPES: Final = frozenset(
    (
        *("alicloud", "app-id", "approle", "aws", "azure", "cert", "cf", "gcp", "github", "jwt"),
        *("kerberos", "kubernetes", "ldap", "oci", "okta", "plugin", "radius", "saml", "token"),
        "userpass",
    )
)
"""The types that are mounted below `auth/`. `plugin` is one's own: nothing is known of it."""

SECRET_TYPES: Final = frozenset(
    (
        *("ad", "alicloud", "aws", "azure", "consul", "cubbyhole", "database", "gcp", "gcpkms"),
        *("identity", "keymgmt", "kmip", "kubernetes", "kv-v1", "kv-v2", "ldap", "mongodbatlas"),
        *("nomad", "pki", "plugin", "rabbitmq", "ssh", "system", "terraform", "totp", "transform"),
        "transit",
    )
)
"""The types that are mounted anywhere else."""

_ALIASES: Final = {
    # A `kv` mount without the option `version` is version 1, and once was called `generic`.
    "generic": "kv-v1",
    "kv": "kv-v1",
    "kv1": "kv-v1",
    "kv2": "kv-v2",
    # One plugin under two names.
    "oidc": "jwt",
    "openldap": "ldap",
    "pcf": "cf",
    # What a server calls its own mounts in a child namespace.
    "ns_cubbyhole": "cubbyhole",
    "ns_identity": "identity",
    "ns_system": "system",
    "ns_token": "token",
}

_FIXED: Final = {
    "sys/": "system",
    "identity/": "identity",
    "cubbyhole/": "cubbyhole",
    "auth/token/": "token",
}
"""What every namespace has. None of these types can be mounted a second time."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount. `path` ends in a slash and is relative to its namespace: `pki_int/`,
    `auth/userpass/`, `sys/`.

    `type` is one of `AUTH_TYPES` or `SECRET_TYPES`; other names a server has for them are
    accepted and turned into these (`kv` into `kv-v1`, `oidc` into `jwt`, `ns_system` into
    `system`). Raises `InventoryError` for a path or type that no server could have.
    """

    path: str
    type: str

    def __post_init__(self) -> None:
        _check_path(self.path)
        object.__setattr__(self, "type", _ALIASES.get(self.type, self.type))
        _check_type(self)

    @property
    def is_auth(self) -> bool:
        """Whether it is an auth method."""
        return self.path.startswith("auth/")

    @property
    def backend(self) -> str:
        """The plugin behind it: `pki`, `ldap` (secrets), `auth:ldap`."""
        return f"auth:{self.type}" if self.is_auth else self.type


def _check_path(path: str) -> None:
    if not path.strip("/"):
        raise InventoryError(f"the mount path `{path}` is empty")
    if path.startswith("/"):
        raise InventoryError(f"the mount path `{path}` begins with a slash; write it without")
    if "//" in path:
        raise InventoryError(f"the mount path `{path}` holds an empty segment")
    if not path.endswith("/"):
        raise InventoryError(f"the mount path `{path}` does not end in a slash")


def _check_type(mount: Mount) -> None:
    if _FIXED.get(mount.path, mount.type) != mount.type:
        raise InventoryError(f"`{mount.path}` is always of type `{_FIXED[mount.path]}`")
    if mount.type in _FIXED.values() and mount.path not in _FIXED:
        only = next(path for path, fixed in _FIXED.items() if fixed == mount.type)
        raise InventoryError(f"a mount of type `{mount.type}` exists at `{only}` only")
    wanted, other = (AUTH_TYPES, SECRET_TYPES) if mount.is_auth else (SECRET_TYPES, AUTH_TYPES)
    if mount.type in wanted:
        return
    if mount.type in other and mount.is_auth:
        raise InventoryError(
            f"`{mount.type}` is no auth method; the mount `{mount.path}` cannot lie below `auth/`"
        )
    if mount.type in other:
        raise InventoryError(
            f"`{mount.type}` is an auth method; its mount path is `auth/{mount.path}`"
        )
    raise InventoryError(
        f"unknown mount type `{mount.type}` at `{mount.path}`; {_did_you_mean(mount.type, wanted)}"
    )


def _did_you_mean(word: str, words: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, sorted({*words, *_ALIASES}), n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return "`plugin` stands for one of your own"


Value = TypeVar("Value")


class PathIndex(Generic[Value]):
    """Values by mount path, found by the path of a request.

    No mount lies inside another, so the first that is a prefix is the only one. A path in whose
    first segment no mount begins costs one dictionary lookup.
    """

    __slots__ = ("_depths", "_values")

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = dict(values)
        self._depths: dict[str, int] = {}
        for path in self._values:
            head = path[: path.index("/")]
            self._depths[head] = max(self._depths.get(head, 0), path.count("/"))

    def items(self) -> ItemsView[str, Value]:
        """The mount paths that have a value, with it."""
        return self._values.items()

    def find(self, path: str) -> tuple[Value, str] | None:
        """The value of the mount that `path` belongs to, and the path relative to that mount."""
        end = path.find("/")
        depth = self._depths.get(path if end < 0 else path[:end])
        if depth is None:
            return None
        while end >= 0 and depth > 0:
            value = self._values.get(path[: end + 1])
            if value is not None:
                return value, path[end + 1 :]
            depth -= 1
            end = path.find("/", end + 1)
        value = self._values.get(path + "/")
        return None if value is None else (value, "")


_DEFAULTS: Final = tuple(Mount(path, type_) for path, type_ in _FIXED.items())


@dataclass(frozen=True, slots=True)
class MountTable:
    """The mounts of one namespace, sorted by path; those every namespace has are always there.

    Raises `InventoryError` when two mounts have the same path or one lies inside another, as the
    server does ("path is already in use").
    """

    mounts: tuple[Mount, ...] = ()
    _index: PathIndex[Mount] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        mounts = sorted({*self.mounts, *_DEFAULTS}, key=lambda mount: (mount.path, mount.type))
        # Sorted by path, what lies inside a mount follows it directly.
        for outer, inner in pairwise(mounts):
            if outer.path == inner.path:
                raise InventoryError(
                    f"the mount `{inner.path}` has two types, `{outer.type}` and `{inner.type}`"
                )
            if inner.path.startswith(outer.path):
                raise InventoryError(
                    f"the mount `{inner.path}` lies inside the mount `{outer.path}`"
                )
        object.__setattr__(self, "mounts", tuple(mounts))
        object.__setattr__(self, "_index", PathIndex({mount.path: mount for mount in mounts}))

    @classmethod
    def default(cls) -> MountTable:
        """What every namespace has: `sys/`, `identity/`, `cubbyhole/` and `auth/token/`."""
        return cls()

    def with_mounts(self, types: Mapping[str, str]) -> MountTable:
        """This table with more mounts, given as paths and types; the final slash of a path may be
        left out. A path that is already there gets the new type.

        Raises `InventoryError` for an impossible path, an unknown type, or a mount inside another.
        """
        added = [Mount(path.removesuffix("/") + "/", type_) for path, type_ in types.items()]
        taken = {mount.path for mount in added}
        kept = [mount for mount in self.mounts if mount.path not in taken]
        return MountTable((*kept, *added))

    def find(self, path: str) -> tuple[Mount, str] | None:
        """The mount a path belongs to, and the path relative to it; None when nothing is mounted
        there. `path` is relative to the namespace.

        A path that equals a mount path but for the final slash belongs to the mount, with an
        empty rest: the server's router looks a second time with a slash appended (OpenBao 2.7,
        read in its router). No root-protected or unauthenticated entry is empty, so the second
        look never changes what is guarded.
        """
        return self._index.find(path)
