"""Go or no-go: pure functions of what was found out.

A doubt is never a go: what stays unknown and matters makes the whole verdict undetermined, and
one reason against it makes it a no-go whatever else is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policy.preflight.cluster_findings import cluster_findings
from policy.preflight.finding import Finding, Level
from policy.preflight.token_findings import token_findings

if TYPE_CHECKING:
    from policy.preflight.snapshot import Snapshot

__all__ = ["Go", "Verdict", "judge"]


class Go(StrEnum):
    """May the node step down?"""

    GO = "go"
    NO_GO = "no-go"
    UNDETERMINED = "undetermined"
    """It could not be found out. Never treat it as a go."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and all that speaks for and against it, the gravest first."""

    go: Go
    findings: tuple[Finding, ...]


def judge(snapshot: Snapshot) -> Verdict:
    """Weigh everything."""
    findings = [*token_findings(snapshot), *cluster_findings(snapshot)]
    findings.sort(key=lambda finding: finding.level.rank)
    levels = {finding.level for finding in findings}
    if Level.NO in levels:
        go = Go.NO_GO
    elif Level.UNKNOWN in levels:
        go = Go.UNDETERMINED
    else:
        go = Go.GO
    return Verdict(go, tuple(findings))
