"""One server's guarded paths: the catalogue, the dialect and the mounts, put together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from policy.catalog.data import guarded
from policy.catalog.entries import Entries
from policy.catalog.facts import Fact, FactKind, facts_of
from policy.catalog.mounts import PathIndex
from policy.catalog.operations import WriteKind, operations_of
from policy.model import Capability, byte_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.catalog.mounts import Mount, MountTable
    from policy.model import Dialect

__all__ = ["Guard"]

_Index = PathIndex[tuple["Mount", Entries]]
_Value = TypeVar("_Value")

_ROOT_NAMESPACE_ONLY: Final = "answered in the root namespace only; refused in any other (400)"


class Guard:
    """What one server guards in one namespace.

    Every path is relative to the namespace, without a leading slash, as the router sees it: that
    of a list or scan has its final slash. It may be text or byte text.

    What is mounted where is only known from `mounts`: on a mount that is missing there, or of
    type `plugin`, nothing counts as guarded. Immutable, safe to share between threads.
    """

    __slots__ = ("_advice", "_mounts", "_open", "_protected", "beginnings", "dialect", "mounts")

    def __init__(self, dialect: Dialect, mounts: MountTable) -> None:
        self.dialect = dialect
        self.mounts = mounts
        tables = _tables(dialect, frozenset(mount.backend for mount in mounts.mounts))
        self._mounts = PathIndex(_by_path((mount, mount) for mount in mounts.mounts))
        self._protected = _mounted(tables.protected, mounts)
        self._open = _mounted(tables.open, mounts)
        self._advice = _mounted(tables.advice, mounts)
        self.beginnings = frozenset(
            path + beginning
            for mounted in (self._protected, self._open)
            for path, (_, entries) in mounted.items()
            for beginning in entries.beginnings
        )
        """What every guarded path begins with: any other path is neither root-protected nor open
        without a token."""

    def root_protected(self, path: str, in_root_namespace: bool = True) -> Fact | None:
        """The fact that makes `path` need `sudo` besides the capability of its operation.

        Which paths need it is the same in every namespace; in a child namespace the note of the
        fact tells when the server refuses the path there whoever asks. `sys/seal` and
        `sys/step-down` are such paths: no call of theirs ever reaches the policies of a child
        namespace. What only a handler tests is not here but in `advice`.

        Source: OpenBao 2.7.2, recorded with and without `sudo`; Vault as each fact says.
        """
        fact = _find(self._protected, path)
        if fact is None or in_root_namespace or not self.root_namespace_only(path):
            return fact
        return replace(fact, note=_ROOT_NAMESPACE_ONLY)

    def unauthenticated(self, path: str) -> Fact | None:
        """The fact that opens `path` to requests without a token, for any operation.

        Paths that some configurations open are not here but in `advice`.
        """
        return _find(self._open, path)

    def advice(self, path: str) -> tuple[Fact, ...]:
        """What is worth saying about `path` although the policies do not decide it: where `sudo`
        widens a call, where a handler asks for it, where a configuration may waive the token."""
        found = self._advice.find(path)
        if found is None:
            return ()
        (mount, entries), rest = found
        return tuple(_at(mount, fact) for fact in entries.all(rest))

    def root_namespace_only(self, path: str) -> bool:
        """Whether only the root namespace answers `path`. In a child namespace the server refuses
        it with status 400, before any policy is looked at (OpenBao 2.7.2; read for the rest)."""
        if not path.startswith("sys/"):
            return False
        inner = path.removeprefix("sys/") + "/"
        return inner.startswith(_root_namespace_only())

    def write_becomes(self, path: str) -> WriteKind:
        """Whether a PUT or POST to `path` is an update whatever exists there."""
        found = self._mounts.find(path)
        if found is None:
            return WriteKind.UNKNOWN
        mount, rest = found
        known = operations_of(mount.backend, self.dialect.product)
        return WriteKind.UNKNOWN if known is None else known.write_becomes(rest)

    def useful_capabilities(self, path: str) -> frozenset[Capability] | None:
        """Every capability that can ever matter on `path`: granting another one there does
        nothing. None when the path is not in the catalogue."""
        found = self._mounts.find(path)
        if found is None:
            return None
        mount, rest = found
        known = operations_of(mount.backend, self.dialect.product)
        words = None if known is None else known.capabilities(rest)
        if words is None:
            return None
        if self._knows_sudo(path) or self._knows_sudo(path + "/"):
            words |= {Capability.SUDO}
        return words & self.dialect.capabilities

    def _knows_sudo(self, path: str) -> bool:
        return self.root_protected(path) is not None or any(
            fact.kind is not FactKind.UNAUTHENTICATED for fact in self.advice(path)
        )


class _Tables(NamedTuple):
    """The entries of each backend, by the question they answer."""

    protected: Mapping[str, Entries]
    open: Mapping[str, Entries]
    advice: Mapping[str, Entries]


@lru_cache(maxsize=64)
def _tables(dialect: Dialect, backends: frozenset[str]) -> _Tables:
    known = facts_of(dialect, backends)
    decisive = [fact for fact in known if fact.decides]
    return _Tables(
        _by_backend(fact for fact in decisive if fact.kind is FactKind.SUDO),
        _by_backend(fact for fact in decisive if fact.kind is FactKind.UNAUTHENTICATED),
        _by_backend(fact for fact in known if not fact.decides),
    )


def _by_backend(found: Iterable[Fact]) -> dict[str, Entries]:
    groups: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in found:
        groups[fact.backend].append(fact)
    return {backend: Entries(group) for backend, group in groups.items()}


@lru_cache(maxsize=1)
def _root_namespace_only() -> tuple[str, ...]:
    return tuple(path + "/" for path in guarded()["root_namespace_only"])


def _mounted(tables: Mapping[str, Entries], mounts: MountTable) -> _Index:
    return PathIndex(
        _by_path(
            (mount, (mount, tables[mount.backend]))
            for mount in mounts.mounts
            if mount.backend in tables
        )
    )


def _by_path(values: Iterable[tuple[Mount, _Value]]) -> dict[str, _Value]:
    """By mount path, as text and as byte text: whichever a caller has, nothing guarded is missed.
    Byte text, which decisions are made in, goes first."""
    pairs = list(values)
    as_text = {mount.path: value for mount, value in pairs}
    return as_text | {byte_text(mount.path): value for mount, value in pairs}


def _find(index: _Index, path: str) -> Fact | None:
    found = index.find(path)
    if found is None:
        return None
    (mount, entries), rest = found
    fact = entries.find(rest)
    return None if fact is None else _at(mount, fact)


def _at(mount: Mount, fact: Fact) -> Fact:
    return fact if fact.mount_path == mount.path else replace(fact, mount_path=mount.path)
