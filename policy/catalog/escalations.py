"""Grants that give more than they say at first sight, each with the mechanism and its sources."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

import orjson

from policy.model import Capability, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.catalog.mounts import MountTable
    from policy.model import Dialect

__all__ = ["Entry", "Impact", "Need", "escalations"]

_MOST_SPANNED = 3


class Impact(StrEnum):
    """What a holder gains, the worst first."""

    ROOT_EQUIVALENT = "root-equivalent"
    """Everything a policy can grant, mostly in one or two calls. (The policy `root` itself cannot
    be handed out by those who do not hold it.)"""
    PRIVILEGE_GAIN = "privilege-gain"
    AUDIT_EVASION = "audit-evasion"
    DATA_EXPOSURE = "data-exposure"
    LATERAL = "lateral"
    """A foothold in another system or identity."""
    DENIAL_OF_SERVICE = "denial-of-service"


@dataclass(frozen=True, slots=True)
class Need:
    """Paths of a backend and what must be granted on one of them.

    In `paths`, relative to the mount, `{name}` is one segment, `{name...}` one or more, a final
    `*` any rest. `backend` is empty where the paths begin at the top. All of `all_of` and, unless
    it is empty, one of `any_of` are needed; `sudo` is among them where the call asks for it. With
    `everywhere` it counts only where one rule covers all of a path; exceptions may remain.
    """

    backend: str
    paths: tuple[str, ...]
    all_of: frozenset[Capability] = frozenset()
    any_of: frozenset[Capability] = frozenset()
    everywhere: bool = False

    def patterns(self, mounts: MountTable) -> Iterator[Pattern]:
        """The paths on every mount of the backend, as patterns; none where nothing is mounted.

        A parameter of several segments in the middle is followed for one to three segments.
        """
        at = [m.path for m in mounts.mounts if m.backend == self.backend] if self.backend else [""]
        for mount in at:
            for path in self.paths:
                for text in _texts(path):
                    yield Pattern.compile(mount + text)


def _texts(path: str) -> Iterator[str]:
    """A path of the catalogue in the language of patterns."""
    segments = path.split("/")
    if segments[-1].endswith("...}"):
        segments[-1] = "*"
    words = ["+" if s.startswith("{") and not s.endswith("...}") else s for s in segments]
    spanned = [at for at, word in enumerate(words) if word.endswith("...}")]
    if not spanned:
        yield "/".join(words)
        return
    for count in range(1, _MOST_SPANNED + 1):
        (at,) = spanned
        yield "/".join([*words[:at], *["+"] * count, *words[at + 1 :]])


@dataclass(frozen=True, slots=True)
class Entry:
    """One grant that leads further.

    `also_needs` are further grants without which it is only half of the way, and so is
    `possession`, something that no policy grants. `conditions` names settings it depends on.
    """

    id: str
    title: str
    need: Need
    also_needs: tuple[Need, ...]
    impact: Impact
    why: str
    references: tuple[str, ...]
    conditions: str = ""
    possession: str = ""


class _Step(TypedDict):
    backend: str
    path: str
    any_of: list[str]


class _Data(TypedDict):
    id: str
    title: str
    backend: str
    paths: list[str]
    everywhere: NotRequired[bool]
    all_of: NotRequired[list[str]]
    any_of: NotRequired[list[str]]
    also_needs: NotRequired[list[_Step]]
    impact: str
    why: str
    products: list[str]
    conditions: NotRequired[str]
    possession: NotRequired[str]
    references: list[str]


@cache
def _read() -> list[_Data]:
    data = files("policy.catalog.data").joinpath("escalations.json").read_bytes()
    return cast("list[_Data]", orjson.loads(data))


@cache
def escalations(dialect: Dialect) -> tuple[Entry, ...]:
    """Every entry that holds for the product of the dialect, in the order of the data file."""
    return tuple(_entry(data) for data in _read() if dialect.product in data["products"])


def _entry(data: _Data) -> Entry:
    return Entry(
        data["id"],
        data["title"],
        Need(
            data["backend"],
            tuple(data["paths"]),
            _capabilities(data.get("all_of", [])),
            _capabilities(data.get("any_of", [])),
            data.get("everywhere", False),
        ),
        tuple(
            Need(step["backend"], (step["path"],), any_of=_capabilities(step["any_of"]))
            for step in data.get("also_needs", ())
        ),
        Impact(data["impact"]),
        data["why"],
        tuple(data["references"]),
        data.get("conditions", ""),
        data.get("possession", ""),
    )


def _capabilities(words: list[str]) -> frozenset[Capability]:
    return frozenset(Capability(word) for word in words)
