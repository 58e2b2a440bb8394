"""The two ways from a text to its rules: through the grammar as a whole, or around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lower.findings import Findings
from policy.lower.reshape import reshape
from policy.lower.rules import compile_rules
from policy.syntax import flaw_diagnostics, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import Dialect, Rule
    from policy.source import Source
    from policy.syntax import Document

__all__ = ["compile_parts", "compile_whole"]


def compile_whole(
    source: Source, dialect: Dialect, now: float | None
) -> tuple[tuple[Rule, ...], Findings]:
    """Parse the whole text and compile what could be read of it."""
    document, diagnostics = parse(source, dialect)
    findings = Findings(source)
    findings.diagnostics += diagnostics
    items = reshape(document.items) if source.is_json else document.items
    return compile_rules(items, findings, dialect, now), findings


def compile_parts(
    parts: Iterable[list[Rule] | Document], source: Source, dialect: Dialect, now: float | None
) -> tuple[tuple[Rule, ...], Findings] | None:
    """Compile the unusual pieces between runs of plain rules; None if that cannot be right."""
    findings = Findings(source)
    rules: list[Rule] = []
    assigned = 0
    for part in parts:
        if isinstance(part, list):
            rules += part
            continue
        assigned += sum(item.assign >= 0 for item in part.items)
        findings.diagnostics += flaw_diagnostics(part, dialect)
        rules += compile_rules(part.items, findings, dialect, now)
    # Whether a key is assigned twice shows only where all items are seen together.
    return (tuple(rules), findings) if assigned < 2 else None
