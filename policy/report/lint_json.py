"""What the linter found, for programs. The shape is versioned, and published in `docs/schemas`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

from policy.report.diagnostic_json import DiagnosticReport, diagnostic_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lint import Finding
    from policy.model import Dialect

__all__ = ["FindingReport", "LintReport", "lint_report"]


class EditReport(TypedDict):
    """Text in place of a range of characters, counted from 0 with every line break as one."""

    start: int
    end: int
    text: str


class FixReport(TypedDict):
    """What may be done. A safe fix changes no decision."""

    message: str
    safe: bool
    edits: list[EditReport]


class FindingReport(TypedDict):
    """One finding of one rule."""

    rule: str
    alias: str
    confidence: Literal["certain", "high", "medium"]
    level: Literal["regular", "pedantic", "audit"]
    file: str
    policy: str
    fingerprint: str
    diagnostic: DiagnosticReport
    fix: FixReport | None


class LintReport(TypedDict):
    """One run. `version` changes when a field changes its meaning."""

    version: Literal[1]
    dialect: str
    files: int
    unreadable: list[str]
    findings: list[FindingReport]


def lint_report(
    findings: Iterable[Finding], dialect: Dialect, files: int, unreadable: list[str]
) -> LintReport:
    """The findings as plain data."""
    return LintReport(
        version=1,
        dialect=dialect.name,
        files=files,
        unreadable=unreadable,
        findings=[_finding(finding) for finding in findings],
    )


def _finding(finding: Finding) -> FindingReport:
    fix = finding.fix
    return FindingReport(
        rule=finding.rule,
        alias=finding.alias,
        confidence=finding.confidence.value,
        level=finding.level.value,
        file=finding.diagnostic.source.name,
        policy=finding.policy,
        fingerprint=finding.fingerprint,
        diagnostic=diagnostic_report(finding.diagnostic),
        fix=None
        if fix is None
        else FixReport(
            message=fix.message,
            safe=fix.is_safe,
            edits=[
                EditReport(start=edit.span.start, end=edit.span.end, text=edit.text)
                for edit in fix.edits
            ],
        ),
    )
