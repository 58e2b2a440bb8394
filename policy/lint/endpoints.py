"""What the endpoints that a pattern reaches understand, from the templates of the catalogue.

A parameter of a template counts as one segment, one at the end or one known to span several as
any rest, so that no endpoint a pattern reaches is missed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from policy.analyze.touching import Touching
from policy.catalog import FactKind, facts
from policy.catalog.data import operations
from policy.model import Capability, Pattern, PatternKind, byte_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.catalog import MountTable
    from policy.model import Dialect

__all__ = ["NO_OPERATION", "Endpoints", "Known", "guarded_patterns", "overlap"]

NO_OPERATION = frozenset(
    {Capability.DENY, Capability.RECOVER, Capability.SUBSCRIBE, Capability.SUDO}
)
"""What no endpoint is asked for by itself: these go with every path (Vault documentation)."""

_LISTINGS = frozenset({Capability.LIST, Capability.SCAN})
_SPANNING = frozenset({"path", "prefix", "url_lease_id"})


class Known(NamedTuple):
    """What some endpoints understand together: every capability that matters on one of them, and
    what a write becomes (`update`, or `create` where it depends on what exists)."""

    capabilities: frozenset[Capability]
    writes: frozenset[str]
    templates: tuple[str, ...]


class _Template(NamedTuple):
    text: str
    pattern: Pattern
    listed: Pattern | None
    capabilities: frozenset[Capability]
    write: str | None
    first: str | None
    """The first segment, if it is a fixed text."""


class Endpoints:
    """The endpoints of one backend. `is_complete` tells that the server has no others."""

    def __init__(self, templates: tuple[_Template, ...], *, is_complete: bool) -> None:
        self._templates = templates
        self._by_first: dict[str, tuple[_Template, ...]] = {}
        self.is_complete = is_complete

    @property
    def literal_paths(self) -> list[str]:
        """The paths without a parameter, relative to the mount."""
        return [each.text for each in self._templates if "{" not in each.text]

    @classmethod
    @lru_cache(maxsize=128)
    def of(cls, backend: str, product: str) -> Endpoints | None:
        """The endpoints of a backend on a product; None if it is not in the catalogue."""
        data = operations()
        found = [
            data[name]
            for name in (backend, f"{backend}@{product}")
            if name in data and product in data[name]["products"]
        ]
        if not found:
            return None
        templates = tuple(
            _template(text, operation["capabilities"], operation.get("write"))
            for part in found
            for text, operation in part["paths"].items()
        )
        return cls(templates, is_complete=all(part["complete"] for part in found))

    def touched(self, mount_path: str, pattern: Pattern) -> Known:
        """What the endpoints that share a path with a pattern on this mount understand."""
        inside = _relative(pattern, byte_text(mount_path))
        reaches = _fits(inside) if inside.kind is PatternKind.EXACT else _shares(inside)
        capabilities: frozenset[Capability] = frozenset()
        writes = set()
        texts = []
        for each in self._near(inside):
            reached = reaches(each.pattern)
            listed = each.listed is not None and reaches(each.listed)
            if reached:
                capabilities |= each.capabilities
                if each.write:
                    writes.add(each.write)
            if listed:
                capabilities |= each.capabilities & _LISTINGS
            if reached or listed:
                texts.append(each.text)
        return Known(capabilities, frozenset(writes), tuple(texts))

    def _near(self, inside: Pattern) -> tuple[_Template, ...]:
        """The templates that can share a path: those that begin with the same segment."""
        first, slash, _ = inside.text.partition("/")
        is_literal = bool(slash) or not inside.is_open
        if not first or not is_literal or (first == "+" and inside.kind is PatternKind.SEGMENT):
            return self._templates
        if first not in self._by_first:
            self._by_first[first] = tuple(
                each for each in self._templates if each.first in (None, first)
            )
        return self._by_first[first]


def _shares(inside: Pattern) -> Callable[[Pattern], bool]:
    """Whether a template shares a path with a pattern, a final slash aside."""
    return Touching([inside]).__contains__


def _fits(inside: Pattern) -> Callable[[Pattern], bool]:
    """Whether a template fits a path, a final slash aside. A parameter is never empty."""
    bare = inside.text.removesuffix("/")

    def fits(template: Pattern) -> bool:
        if template.is_open:
            return template.matches(bare)
        return template.matches(bare) or template.matches(bare + "/")

    return fits


def _relative(pattern: Pattern, mount_path: str) -> Pattern:
    text = pattern.text.removeprefix(mount_path)
    if pattern.kind is PatternKind.SEGMENT and "+" not in text.split("/"):
        kind = PatternKind.PREFIX if pattern.is_open else PatternKind.EXACT
        return Pattern(kind, text, pattern.is_open)
    return Pattern(pattern.kind, text, pattern.is_open)


def _template(text: str, words: str, write: str | None) -> _Template:
    segments: list[str] = []
    is_open = False
    parts = text.split("/")
    for at, part in enumerate(parts):
        if "{" not in part:
            segments.append(part)
            continue
        name = part[part.index("{") + 1 : part.index("}")]
        if name in _SPANNING or at == len(parts) - 1:
            segments.append(part[: part.index("{")])
            is_open = True
            break
        segments.append("+")
    inner = "/".join(segments)
    kind = PatternKind.SEGMENT if "+" in segments else PatternKind.PREFIX
    if not is_open and kind is PatternKind.PREFIX:
        kind = PatternKind.EXACT
    capabilities = frozenset(Capability(word) for word in words.split())
    listed = None
    if capabilities & _LISTINGS:
        # A list may be asked with or without its final slash, and at the top of a tree.
        listed = Pattern(kind, inner if is_open else inner + "/", is_open)
    first = None if segments[0] == "+" or (is_open and len(segments) == 1) else segments[0]
    return _Template(text, Pattern(kind, inner, is_open), listed, capabilities, write, first)


@lru_cache(maxsize=16)
def guarded_patterns(dialect: Dialect, mounts: MountTable) -> tuple[Pattern, ...]:
    """Every path where `sudo` makes a difference, whoever asks for it."""
    known = [fact for fact in facts(dialect) if fact.kind is not FactKind.UNAUTHENTICATED]
    return tuple(
        Pattern.compile(mount.path + fact.pattern)
        for mount in mounts.mounts
        for fact in known
        if fact.backend == mount.backend
    )


def overlap(pattern: Pattern, others: Iterable[Pattern]) -> bool:
    """Whether a pattern shares a path with one of the others, a final slash aside."""
    return pattern in _touching(tuple(others))


@lru_cache(maxsize=64)
def _touching(patterns: tuple[Pattern, ...]) -> Touching:
    return Touching(patterns)
