"""On which paths the patterns of an ACL win."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.analyze import Form
from policy.analyze.partition import Lookup
from policy.model import PatternKind, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.analyze import PathSet
    from policy.analyze.partition import Partition
    from policy.catalog import Fact
    from policy.model import Pattern

__all__ = ["Wins", "sample"]


class Wins:
    """Where the patterns of an ACL win, on paths that requests can have.

    Whether requests can have some paths takes a while to find out, and is found out when asked.
    """

    def __init__(self, partition: Partition) -> None:
        self._places: defaultdict[Pattern, list[tuple[Lookup, Fact | None, PathSet]]]
        self._places = defaultdict(list)
        for lookup in Lookup:
            for cell, paths in partition.divided(lookup):
                if cell.grant is not None:
                    place = lookup, cell.guarded.protected, paths
                    self._places[cell.grant.pattern].append(place)

    def __contains__(self, pattern: Pattern) -> bool:
        return any(_can_be_asked(lookup, paths) for lookup, _, paths in self._places[pattern])

    def facts(self, pattern: Pattern, lookups: Iterable[Lookup] = Lookup) -> set[Fact | None]:
        """Why the paths are root-protected on which a pattern wins; None for one that is not."""
        found: set[Fact | None] = set()
        for lookup, fact, paths in self._places[pattern]:
            if lookup in lookups and fact not in found and _can_be_asked(lookup, paths):
                found.add(fact)
        return found


def _can_be_asked(lookup: Lookup, paths: PathSet) -> bool:
    form = Form.REQUEST if lookup is Lookup.PLAIN else Form.WITHOUT_SLASH
    return paths.witness(form) is not None


def sample(pattern: Pattern | None) -> str | None:
    """A path that a pattern matches, and that most likely a request can have."""
    if pattern is None:
        return None
    text = pattern.text
    if pattern.kind is PatternKind.SEGMENT:
        text = "/".join("any" if part == "+" else part for part in text.split("/"))
    return plain_text(text + "any" if pattern.is_open else text)
