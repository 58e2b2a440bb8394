"""What servers guard: which paths need `sudo`, which need no token, and where that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from policy.catalog.data import Entry, Source, guarded
from policy.errors import UsageError

if TYPE_CHECKING:
    from policy.model import Dialect

__all__ = ["Fact", "FactKind", "facts", "facts_of"]

Version = tuple[int, ...]


class FactKind(StrEnum):
    """What a fact says about a path."""

    SUDO = "sudo"
    """The call needs `sudo` besides the capability of its operation."""
    SUDO_CONDITIONAL = "sudo-conditional"
    """`sudo` is not needed; with it the call does more."""
    UNAUTHENTICATED = "unauthenticated"
    """No token is needed, so that no policy can grant or deny the call."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One path, or family of paths, that a server treats apart.

    `pattern` is relative to `mount_path`: a final `*` stands for any rest, `+` for one segment.
    `enforced_by` is `router` (the mount declares it), `core` (tested for the call itself), or
    words for a test that is made elsewhere or only under a condition; see `decides`. `sources`
    are full texts, those of the dialect's own product if there are any. `methods` are the HTTP
    methods that exist there, as far as known.
    """

    id: str
    kind: FactKind
    pattern: str
    mount_path: str
    mount_type: str
    enforced_by: str
    sources: tuple[str, ...]
    note: str = ""
    methods: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The pattern with its mount, relative to the namespace."""
        return self.mount_path + self.pattern

    @property
    def backend(self) -> str:
        """The plugin it is a fact of, as `Mount.backend` names it."""
        return f"auth:{self.mount_type}" if self.mount_path.startswith("auth/") else self.mount_type

    @property
    def decides(self) -> bool:
        """Whether it takes part in the ACL's verdict.

        What a handler tests comes after the ACL has allowed the request, and a path that is
        without a token on some configurations only cannot be counted on.
        """
        return self.enforced_by in ("core", "router") and self.kind is not FactKind.SUDO_CONDITIONAL

    def describe(self) -> str:
        """One line for an explanation: what holds, who enforces it, where it was seen."""
        seen = ", ".join(source.partition(":")[0] for source in self.sources)
        return f"`{self.path}` {self._says} ({self.enforced_by}; {seen})"

    @property
    def _says(self) -> str:
        if self.kind is FactKind.SUDO_CONDITIONAL:
            return "does more with `sudo`"
        if self.kind is FactKind.SUDO:
            return "is root-protected" if self.decides else "needs `sudo` after the policies"
        return "needs no token" if self.decides else "may need no token"


class _Neighbours(NamedTuple):
    """The versions that were read, next to the one in question; both are that one if it was."""

    below: Version
    above: Version


@lru_cache(maxsize=16)
def facts(dialect: Dialect) -> tuple[Fact, ...]:
    """Everything the catalogue knows of one server, each at the default path of its mount.

    Not every version was read. In between, what makes a verdict stricter counts if either
    neighbour has it and what makes it laxer only if both have. Raises `UsageError` for a product
    that is not in the catalogue.
    """
    return facts_of(dialect, frozenset(entry["mount"] for entry in guarded()["entries"]))


def facts_of(dialect: Dialect, backends: frozenset[str]) -> tuple[Fact, ...]:
    """Those of `facts` that are about one of some backends."""
    data = guarded()
    product = dialect.product
    known = _known_versions(product)
    if not known:
        raise UsageError(f"nothing is known of the product `{product}`")
    near = _Neighbours(
        max((version for version in known if version <= dialect.version), default=known[0]),
        min((version for version in known if version >= dialect.version), default=known[-1]),
    )
    return tuple(
        _fact(entry, data["sources"], product)
        for entry in data["entries"]
        if entry["mount"] in backends
        and _holds(entry, {_version(text) for text in _versions(entry, product)}, near)
    )


@lru_cache(maxsize=4)
def _known_versions(product: str) -> tuple[Version, ...]:
    texts = {text for entry in guarded()["entries"] for text in _versions(entry, product)}
    return tuple(sorted(_version(text) for text in texts))


def _holds(entry: Entry, versions: set[Version], near: _Neighbours) -> bool:
    if entry["kind"] == FactKind.UNAUTHENTICATED:
        return versions.issuperset(near)
    if entry["kind"] == FactKind.SUDO and entry["enforced_by"] in ("core", "router"):
        # The newest versions are known from documentation and from a list of the CLI, which both
        # leave out entries that the source had: absence there is no proof that one went away.
        return any(version <= near.above for version in versions)
    return not versions.isdisjoint(near)


def _fact(entry: Entry, sources: dict[str, Source], product: str) -> Fact:
    seen = [sources[key] for key in entry["sources"]]
    own = [source for source in seen if source["product"] == product]
    backend = entry["mount"]
    return Fact(
        id=entry["id"],
        kind=FactKind(entry["kind"]),
        pattern=entry["pattern"],
        mount_path=_default_path(backend),
        mount_type=backend.removeprefix("auth:"),
        enforced_by=entry["enforced_by"],
        sources=tuple(source["text"] for source in own or seen),
        note=entry.get("note", ""),
        methods=tuple(entry.get("methods", ())),
    )


def _default_path(backend: str) -> str:
    return "sys/" if backend == "system" else backend.replace("auth:", "auth/") + "/"


def _versions(entry: Entry, product: str) -> list[str]:
    return entry["versions"].get(product, [])


@lru_cache(maxsize=64)
def _version(text: str) -> Version:
    return tuple(int(number) for number in text.split("."))
