"""Root-protected paths, for programs. The shape is versioned and published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from policy.catalog import FactKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import Dialect
    from policy.needs.protected import ProtectedPath

__all__ = ["PathsReport", "ProtectedPathReport", "paths_report"]


class ProtectedPathReport(TypedDict):
    """One path, or family of paths: a final `*` stands for any rest, `+` for one segment.

    `root_protected` tells that the ACL asks for `sudo`; elsewhere a handler does, or `sudo` widens
    the call. `dialects` are those of the question in which it holds.
    """

    id: str
    path: str
    mount: str
    type: str
    kind: Literal["sudo", "sudo-conditional"]
    root_protected: bool
    enforced_by: str
    methods: list[str]
    dialects: list[str]
    note: str
    sources: list[str]


class PathsReport(TypedDict):
    """The whole answer. `version` changes when a field changes its meaning."""

    version: Literal[1]
    dialects: list[str]
    paths: list[ProtectedPathReport]


def paths_report(found: Iterable[ProtectedPath], dialects: Iterable[Dialect]) -> PathsReport:
    """The answer as plain data."""
    return PathsReport(
        version=1,
        dialects=[dialect.name for dialect in dialects],
        paths=[_path(entry) for entry in found],
    )


def _path(entry: ProtectedPath) -> ProtectedPathReport:
    fact = entry.fact
    return ProtectedPathReport(
        id=fact.id,
        path=fact.path,
        mount=fact.mount_path,
        type=fact.mount_type,
        kind="sudo" if fact.kind is FactKind.SUDO else "sudo-conditional",
        root_protected=fact.decides,
        enforced_by=fact.enforced_by,
        methods=list(fact.methods),
        dialects=list(entry.dialects),
        note=fact.note,
        sources=list(fact.sources),
    )
