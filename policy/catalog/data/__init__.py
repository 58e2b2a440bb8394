"""The data files of the catalogue, read when first asked for. README.md says what they hold."""

from __future__ import annotations

import json
from functools import cache
from typing import NotRequired, TypedDict, cast

__all__ = ["Backend", "Entry", "Guarded", "Operation", "Source", "guarded", "operations"]


class Source(TypedDict):
    """Where something was seen; the text begins with a short name and a colon."""

    product: str
    text: str


class Entry(TypedDict):
    """One path of `guarded.json`. `versions` are those it was seen in, by product."""

    id: str
    kind: str
    mount: str
    pattern: str
    enforced_by: str
    versions: dict[str, list[str]]
    sources: list[str]
    methods: NotRequired[list[str]]
    note: NotRequired[str]


class Guarded(TypedDict):
    """All of `guarded.json`."""

    sources: dict[str, Source]
    entries: list[Entry]
    root_namespace_only: list[str]


class Operation(TypedDict):
    """What one path template of `operations.json` answers to."""

    capabilities: str
    write: NotRequired[str]


class Backend(TypedDict):
    """The paths of one backend in `operations.json`."""

    products: list[str]
    complete: bool
    paths: dict[str, Operation]


@cache
def guarded() -> Guarded:
    """Root-protected and unauthenticated paths."""
    return cast("Guarded", _read("guarded.json"))


@cache
def operations() -> dict[str, Backend]:
    """API paths by backend."""
    return cast("dict[str, Backend]", _read("operations.json"))


def _read(name: str) -> object:
    # The loader reads from a directory and from a zip file alike, and is here already; both it
    # and `json` are quick to load, which `importlib.resources` and `orjson` are not.
    folder = __file__.removesuffix("__init__.py")
    data: bytes = globals()["__loader__"].get_data(folder + name)
    return cast("object", json.loads(data))
