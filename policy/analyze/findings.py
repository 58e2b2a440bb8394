"""Which grants of the catalogue one ACL holds, on exactly which paths, with a request for each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy.analyze.catalogue import Catalogue, Part
from policy.analyze.evidence import allowed_request
from policy.analyze.path_set import PathSet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.acl import Grant
    from policy.catalog.escalations import Entry
    from policy.evaluate import ACL, Decision
    from policy.model import Pattern

__all__ = ["Finding", "findings"]


@dataclass(frozen=True)
class Finding:
    """One grant of the catalogue that an ACL holds.

    `parts` are the paths on which it is held, rule by rule, and `decision` an allowed request on
    one of them; `also` are allowed requests for what else is needed. Without all of those, or where
    it takes something that no policy grants, it is only half of the way, and `is_complete` is
    false.
    """

    entry: Entry
    parts: tuple[PathSet, ...]
    decision: Decision
    also: tuple[Decision, ...]
    is_complete: bool

    @cached_property
    def paths(self) -> PathSet:
        """All paths on which it is held. Raises `AnalysisLimitError`."""
        return PathSet.union(self.parts)


def findings(acl: ACL, catalogue: Catalogue | None = None) -> tuple[Finding, ...]:
    """Everything in the catalogue that the ACL grants by a rule, in the order of the catalogue.

    Calls that need no token are nobody's grant. A `catalogue` (for this server and this namespace
    of the token) remembers what was found for other ACLs. Raises `AnalysisLimitError`.
    """
    catalogue = catalogue or Catalogue(acl)
    held: defaultdict[int, list[Part]] = defaultdict(list)
    for part in catalogue.parts(acl):
        held[part.need].append(part)
    grants = {grant.pattern: grant for grant in acl.table} if held else {}
    found: list[Finding] = []
    for entry, main, also in catalogue.known.entries:
        if main not in held:
            continue
        shown = _shown(acl, grants, held[main])
        if shown is None:
            continue
        further = [_shown(acl, grants, held.get(number, ())) for number in also]
        found.append(
            Finding(
                entry,
                tuple(part.paths for part in held[main]),
                shown,
                tuple(decision for decision in further if decision is not None),
                None not in further and not entry.possession,
            )
        )
    return tuple(found)


def _shown(acl: ACL, grants: Mapping[Pattern, Grant], parts: Sequence[Part]) -> Decision | None:
    """An allowed request, that with the shortest path."""
    for part in sorted(parts, key=lambda part: (len(part.path), part.path)):
        conditions = grants[part.pattern].conditions
        decision = allowed_request(acl, part.operation, part.path, conditions)
        if decision is not None:
            return decision
    return None
