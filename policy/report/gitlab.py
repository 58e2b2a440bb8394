"""What the linter found as a code quality report, which GitLab shows in merge requests."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from policy.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lint import Finding

__all__ = ["GitlabFinding", "gitlab_report"]

_Severity = Literal["info", "minor", "major", "critical", "blocker"]
_SEVERITIES: dict[Severity, _Severity] = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.INFO: "info",
}


class Lines(TypedDict):
    """The line a finding begins on, from 1."""

    begin: int


class Location(TypedDict):
    """Where a finding is."""

    path: str
    lines: Lines


class GitlabFinding(TypedDict):
    """One element of the report."""

    description: str
    check_name: str
    fingerprint: str
    severity: _Severity
    location: Location


def gitlab_report(findings: Iterable[Finding]) -> list[GitlabFinding]:
    """The whole report."""
    return [_finding(finding) for finding in findings]


def _finding(finding: Finding) -> GitlabFinding:
    diagnostic = finding.diagnostic
    text = diagnostic.message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return GitlabFinding(
        description=text,
        check_name=finding.rule,
        fingerprint=finding.fingerprint,
        severity=_SEVERITIES[diagnostic.severity],
        location=Location(
            path=PurePath(diagnostic.source.name).as_posix(),
            lines=Lines(begin=diagnostic.source.position(diagnostic.span.start).line),
        ),
    )
