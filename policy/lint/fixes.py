"""Applying fixes. A safe one is applied only with the proof that no decision changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from policy.analyze import AnalysisLimitError
from policy.analyze.difference import difference
from policy.lower import compile_policy
from policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lint.findings import Edit, Finding, Fix
    from policy.lint.target import PolicyFile

__all__ = ["Fixed", "fixed", "proved"]


class Fixed(NamedTuple):
    """A file after its fixes: the new text, what was applied, and what could not be."""

    text: str
    applied: tuple[Finding, ...]
    left: tuple[Finding, ...]


def fixed(file: PolicyFile, findings: Iterable[Finding], *, unsafe: bool) -> Fixed:
    """Apply the fixes of some findings of one file, in the order of the text.

    One that overlaps another waits for the next run; a safe one whose proof fails is not applied.
    """
    applied: list[Finding] = []
    left: list[Finding] = []
    edits: list[Edit] = []
    for finding in findings:
        fix = finding.fix
        if fix is None:
            continue
        if (
            (not fix.is_safe and not unsafe)
            or _overlaps(fix.edits, edits)
            or (fix.is_safe and not proved(file, fix))
        ):
            left.append(finding)
        else:
            applied.append(finding)
            edits += fix.edits
    return Fixed(_line_breaks(file, _edited(file.source.text, edits)), tuple(applied), tuple(left))


def proved(file: PolicyFile, fix: Fix) -> bool:
    """Whether the analysis shows that the fixed text decides every request like the old one."""
    source = Source.of(_edited(file.source.text, fix.edits), file.source.name)
    project = file.project
    new = compile_policy(source, file.name, project.dialect, project.now).policy
    if new is None or file.compiled.policy is None:
        return False
    try:
        return not difference(file.acl, file.acl_of(replace(new, name=file.policy.name)))
    except AnalysisLimitError:
        return False


def _overlaps(edits: Iterable[Edit], others: Iterable[Edit]) -> bool:
    return any(
        one.span.start < other.span.end and other.span.start < one.span.end
        for one in edits
        for other in others
    )


def _edited(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda each: each.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _line_breaks(file: PolicyFile, text: str) -> str:
    """The text with the line breaks of the file, which were made one kind for reading."""
    original = file.original.text
    if file.source.text == original:
        return text
    if original.count("\r\n") == original.count("\n"):
        return text.replace("\n", "\r\n")
    return text
