"""Root-protected paths: which there are, on which servers, and where that was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy.catalog import FactKind, facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.catalog import Fact, MountTable
    from policy.model import Dialect

__all__ = ["ProtectedPath", "protected_paths"]


@dataclass(frozen=True, slots=True)
class ProtectedPath:
    """One path, or family of paths, and the dialects (by name) in which it asks for `sudo`."""

    fact: Fact
    dialects: tuple[str, ...]


def protected_paths(
    dialects: Iterable[Dialect], mounts: MountTable | None = None
) -> list[ProtectedPath]:
    """The paths that ask for `sudo`, by mount and then by path.

    Without `mounts` each kind of mount is shown at its default path; with them those that exist
    are shown where they are. Facts that do not take part in the ACL's verdict (`Fact.decides`)
    are listed as well: there a handler asks for `sudo` later, or `sudo` widens the call.
    """
    found: dict[tuple[str, str], tuple[Fact, list[str]]] = {}
    for dialect in dialects:
        for fact in _facts(dialect, mounts):
            entry = found.setdefault((fact.path, fact.id), (fact, []))
            entry[1].append(dialect.name)
            # Each product has its own sources.
            sources = tuple(dict.fromkeys((*entry[0].sources, *fact.sources)))
            found[fact.path, fact.id] = replace(entry[0], sources=sources), entry[1]
    listed = [ProtectedPath(fact, tuple(names)) for fact, names in found.values()]
    return sorted(listed, key=lambda entry: (entry.fact.mount_path, entry.fact.path))


def _facts(dialect: Dialect, mounts: MountTable | None) -> Iterator[Fact]:
    known = [fact for fact in facts(dialect) if fact.kind is not FactKind.UNAUTHENTICATED]
    if mounts is None:
        yield from known
        return
    for mount in mounts.mounts:
        for fact in known:
            if fact.backend == mount.backend:
                yield replace(fact, mount_path=mount.path)
