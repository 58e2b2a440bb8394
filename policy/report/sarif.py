"""What the linter found as SARIF 2.1.0, which code scanning services read.

Columns count Unicode characters, and say so. The fingerprint of a result stays when its block
moves, so that a service knows it again.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from policy.diagnostics import Severity
from policy.lint import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.lint import Finding, Rule
    from policy.source import Source, Span

__all__ = ["SARIF_SCHEMA", "sarif_report"]

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PRECISION: Final = {"certain": "very-high", "high": "high", "medium": "medium"}
_FINGERPRINT: Final = "sudopath/v1"
_LONGEST_SNIPPET: Final = 300

Json = dict[str, object]


def sarif_report(findings: Sequence[Finding], version: str, unreadable: Sequence[str]) -> Json:
    """One run. `unreadable` are words for files that could not be read."""
    rules = all_rules()
    index = {rule.id: at for at, rule in enumerate(rules)}
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sudopath",
                        "semanticVersion": version,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not unreadable,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": _clean(text)}}
                            for text in unreadable
                        ],
                    }
                ],
                "results": [_result(finding, index[finding.rule]) for finding in findings],
            }
        ],
    }


def _rule(rule: Rule) -> Json:
    documentation = rule.documentation
    sections = documentation.sections
    words = rule.id.split("-")
    # A name that is but the id again is none.
    name = {"name": "".join(word.capitalize() for word in words)} if len(words) > 1 else {}
    return {
        "id": rule.id,
        **name,
        "shortDescription": {"text": documentation.title + "."},
        "fullDescription": {"text": " ".join(sections["What"].split())},
        "help": {"text": " ".join(sections["Why"].split())},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "alias": rule.alias,
            "precision": _PRECISION[rule.confidence],
            "tags": ["security", str(rule.level)],
        },
    }


def _result(finding: Finding, index: int) -> Json:
    diagnostic = finding.diagnostic
    text = diagnostic.message
    if diagnostic.help is not None:
        text += f". {diagnostic.help}"
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _clean(text)},
        "locations": [_location(diagnostic.source, diagnostic.span)],
        "partialFingerprints": {_FINGERPRINT: finding.fingerprint},
        "properties": {"confidence": str(finding.confidence), "level": str(finding.level)},
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(diagnostic.source, label.span),
                "message": {"text": _clean(label.message)},
            }
            for number, label in enumerate(diagnostic.labels, 1)
        ]
    if finding.fix is not None and finding.fix.is_safe:
        result["fixes"] = [
            {
                "description": {"text": finding.fix.message},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": _uri(diagnostic.source)},
                        "replacements": [
                            {
                                "deletedRegion": _region(diagnostic.source, edit.span),
                                "insertedContent": {"text": edit.text},
                            }
                            for edit in finding.fix.edits
                        ],
                    }
                ],
            }
        ]
    return result


def _location(source: Source, span: Span) -> Json:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(source)},
            "region": _shown(source, span),
        }
    }


def _uri(source: Source) -> str:
    """A relative reference, or a `file:` URI for an absolute path."""
    path = PurePath(source.name)
    if path.is_absolute():
        return path.as_uri()
    # A colon in the first segment would make it a scheme.
    return quote(path.as_posix(), safe="/")


def _region(source: Source, span: Span) -> Json:
    start, end = source.position(span.start), source.position(span.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _shown(source: Source, span: Span) -> Json:
    """A region with what stands there, if anything does."""
    text = source.text[slice(*span)][:_LONGEST_SNIPPET]
    snippet = {"snippet": {"text": _clean(text)}} if text else {}
    return _region(source, span) | snippet


def _clean(text: str) -> str:
    """Text that JSON can carry: bytes that are not UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
