"""What the linter found as workflow commands, which GitHub shows as annotations of the lines."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.source import printable

if TYPE_CHECKING:
    from policy.lint import Finding

__all__ = ["github_annotation"]

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github_annotation(finding: Finding) -> str:
    """One command, on one line."""
    diagnostic = finding.diagnostic
    start = diagnostic.source.position(diagnostic.span.start)
    end = diagnostic.source.position(diagnostic.span.end)
    properties = {
        "file": PurePath(diagnostic.source.name).as_posix(),
        "line": str(start.line),
        "endLine": str(end.line),
        "title": f"{finding.rule} ({finding.alias})",
    }
    if start.line == end.line:
        # Columns are refused where the lines differ.
        properties |= {"col": str(start.column), "endColumn": str(end.column)}
    parts = [diagnostic.message, *diagnostic.notes]
    if diagnostic.help is not None:
        parts.append(f"help: {diagnostic.help}")
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {shown}::{_data(chr(10).join(parts))}"


def _data(text: str) -> str:
    return (
        printable(text, keep="\r\n").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    )


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
