"""What API paths understand: which writes can create something, which capabilities matter."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from policy.catalog.data import operations
from policy.model import Capability

if TYPE_CHECKING:
    from policy.catalog.data import Operation

__all__ = ["Operations", "WriteKind", "operations_of"]


class WriteKind(StrEnum):
    """What the server makes of a PUT or POST."""

    UPDATE = "update"
    """Always an update, also where it creates something: there is no existence check."""
    CREATE_OR_UPDATE = "create-or-update"
    """A create if the object does not exist, else an update: there is an existence check."""
    UNKNOWN = "unknown"
    """The path, or what is mounted there, is not in the catalogue."""


class _Template(NamedTuple):
    """A path template. `strict` takes a parameter for one segment, except where it is known to
    span several; `loose` takes every parameter for any text, so that it misses nothing."""

    strict: re.Pattern[str]
    loose: re.Pattern[str]
    capabilities: frozenset[Capability]
    write: str | None


_SPANNING: Final = frozenset(("path", "prefix", "url_lease_id"))
_PARAMETER: Final = re.compile(r"\{([^}]+)\}")


class Operations:
    """The path templates of one backend.

    `is_complete` tells that the server has no other paths; an unlisted one then leads nowhere in
    the backend, and a write to it is an update (OpenBao 2.7.2, from its OpenAPI document).
    """

    __slots__ = ("_by_head", "_everywhere", "_is_complete")

    def __init__(self, paths: dict[str, Operation], *, is_complete: bool) -> None:
        self._is_complete = is_complete
        self._everywhere: list[_Template] = []
        self._by_head: dict[str, list[_Template]] = {}
        for path, operation in paths.items():
            self._add(path, operation)
            listing = [word for word in ("list", "scan") if word in operation["capabilities"]]
            if listing and path.endswith("{path}"):
                # What lies at the top is listed with nothing in the place of the parameter.
                top = path.removesuffix("{path}")
                self._add(top, {"capabilities": " ".join(listing)})

    def _add(self, path: str, operation: Operation) -> None:
        head = path.partition("/")[0]
        group = self._everywhere if "{" in head else self._by_head.setdefault(head, [])
        group.append(_compile(path, operation))

    def write_becomes(self, path: str) -> WriteKind:
        """What a write to `path`, relative to the mount, becomes.

        A bare mount path is `unknown`: the existence check of some backends fails on it.
        """
        if not path:
            return WriteKind.UNKNOWN
        written = [t for t in self._near(path) if t.write and t.loose.fullmatch(path)]
        if self._is_complete and all(template.write == "update" for template in written):
            return WriteKind.UPDATE
        kinds = {template.write for template in written if template.strict.fullmatch(path)}
        if kinds == {"update"}:
            return WriteKind.UPDATE
        if kinds == {"create"}:
            return WriteKind.CREATE_OR_UPDATE
        return WriteKind.UNKNOWN

    def capabilities(self, path: str) -> frozenset[Capability] | None:
        """Every capability but `sudo` that can matter on `path`; None if the path is not known.
        A list may be asked with or without its final slash."""
        bare = path.removesuffix("/")
        forms = (bare, bare + "/") if bare else ("",)
        fitting = [
            template.capabilities
            for template in self._near(path)
            if any(template.loose.fullmatch(form) for form in forms)
        ]
        return frozenset().union(*fitting) if fitting else None

    def _near(self, path: str) -> list[_Template]:
        return self._by_head.get(path.partition("/")[0], []) + self._everywhere


@lru_cache(maxsize=256)
def operations_of(backend: str, product: str) -> Operations | None:
    """The templates of a backend on one product; None if it is not in the catalogue."""
    data = operations()
    found = [
        data[name]
        for name in (backend, f"{backend}@{product}")
        if name in data and product in data[name]["products"]
    ]
    if not found:
        return None
    paths = {path: operation for part in found for path, operation in part["paths"].items()}
    # The documents that make a list complete are OpenBao's; Vault may know more.
    complete = product == "openbao" and all(part["complete"] for part in found)
    return Operations(paths, is_complete=complete)


def _compile(path: str, operation: Operation) -> _Template:
    pieces = _PARAMETER.split(path)
    strict, loose = [], []
    for number, piece in enumerate(pieces):
        if number % 2:
            strict.append(".+" if piece in _SPANNING else "[^/]+")
            loose.append(".+")
        else:
            strict.append(re.escape(piece))
            loose.append(re.escape(piece))
    return _Template(
        re.compile("".join(strict), re.DOTALL),
        re.compile("".join(loose), re.DOTALL),
        frozenset(Capability(word) for word in operation["capabilities"].split()),
        operation.get("write"),
    )
