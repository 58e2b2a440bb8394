"""A grant that gives more than it says.

What: The policy grants something from the catalogue of grants that lead further: to all rights,
    to other people's secrets, past the audit log.
Why: Each finding tells the way. Such grants may be meant; a security review wants to have seen
    them.
Example:
    path "sys/policies/acl/*" { capabilities = ["create", "read", "update"] }
Instead:
    path "secret/data/app/*" { capabilities = ["read"] }
Source: the catalogue of escalations, see the notes of each finding
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.catalog.escalations import Entry, Impact
    from policy.lint.target import PolicyFile
    from policy.source import Span

_MOST_SHOWN = 4
_GAINS = {
    "root-equivalent": "everything a policy can grant",
    "privilege-gain": "more rights than it grants",
    "audit-evasion": "ways around the audit log",
    "data-exposure": "data of others",
    "lateral": "a foothold elsewhere",
    "denial-of-service": "ways to stop the service",
}
_GRAVE = frozenset({"root-equivalent", "privilege-gain"})


@rule("escalation", "SP951", Severity.INFO, Confidence.HIGH, Level.AUDIT)
def check(file: PolicyFile) -> Iterator[Problem]:
    """One finding for each impact and rule: that which decides the request that proves it."""
    # It takes a while to load, and is asked for at one level only.
    from policy.analyze.findings import findings

    groups: defaultdict[tuple[Span, Impact], list[Entry]] = defaultdict(list)
    for found in findings(file.acl):
        rule_ = found.decision.rule
        if found.is_complete and rule_ is not None:
            groups[file.block_of(rule_).label, found.entry.impact].append(found.entry)
    for (span, impact), entries in groups.items():
        block = file.block_at(span)
        shown = [f"{entry.title}: {entry.why}" for entry in entries[:_MOST_SHOWN]]
        if len(entries) > _MOST_SHOWN:
            rest = ", ".join(f"`{entry.id}`" for entry in entries[_MOST_SHOWN:])
            shown.append(f"and {rest}")
        yield Problem(
            f"`{block.path if block else ''}` leads to {_GAINS[impact]}",
            span,
            notes=tuple(shown),
            severity=Severity.WARNING if impact in _GRAVE else None,
        )
