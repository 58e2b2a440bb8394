"""A finding for programs. The shape is versioned, and published in `docs/schemas`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic
    from policy.source import Source, Span

__all__ = ["DiagnosticReport", "FileReport", "diagnostic_report"]


class SpanReport(TypedDict):
    """A place: lines and columns from 1, columns in characters; the end is not included."""

    line: int
    column: int
    end_line: int
    end_column: int


class LabelReport(TypedDict):
    """A further place that explains a finding."""

    span: SpanReport
    message: str


class DiagnosticReport(TypedDict):
    """One finding."""

    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    span: SpanReport
    labels: list[LabelReport]
    notes: list[str]
    help: str | None


class FileReport(TypedDict):
    """What was found in one policy text. `version` changes when a field changes its meaning."""

    version: Literal[1]
    file: str
    policy: str
    dialect: str
    accepted: bool
    rules: int
    diagnostics: list[DiagnosticReport]


def diagnostic_report(diagnostic: Diagnostic) -> DiagnosticReport:
    """The finding as plain data."""
    return DiagnosticReport(
        code=diagnostic.code,
        severity=diagnostic.severity.value,
        message=_clean(diagnostic.message),
        span=_span(diagnostic.source, diagnostic.span),
        labels=[
            LabelReport(span=_span(diagnostic.source, label.span), message=_clean(label.message))
            for label in diagnostic.labels
        ],
        notes=[_clean(note) for note in diagnostic.notes],
        help=None if diagnostic.help is None else _clean(diagnostic.help),
    )


def _span(source: Source, span: Span) -> SpanReport:
    start, end = source.position(span.start), source.position(span.end)
    return SpanReport(
        line=start.line, column=start.column, end_line=end.line, end_column=end.column
    )


def _clean(text: str) -> str:
    """Text that JSON can carry: bytes that are not UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
