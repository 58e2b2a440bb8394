"""`# sudopath: ignore[rule] reason`: findings that somebody has looked at and lives with.

A comment behind something on its line is about that line; one on a line of its own is about the
whole item that follows, comments in between aside; `ignore-file[…]` is about the file. Several
rules stand in one pair of brackets, by id or alias. JSON has no comments: there the configuration
has `per-file-ignores`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.findings import Finding
    from policy.syntax import Comment, Document

__all__ = ["Ignore", "ignores"]

_WORD = "sudopath:"


class Ignore(NamedTuple):
    """One name in one such comment, and the part of the text it is about."""

    name: str
    span: Span
    lines: tuple[int, int]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        line = finding.diagnostic.source.position(finding.diagnostic.span.start).line
        names = (finding.rule, finding.alias.lower(), finding.diagnostic.code)
        return self.lines[0] <= line <= self.lines[1] and self.name.lower() in names


def ignores(document: Document) -> Iterator[Ignore]:
    """All of them, in the order of the text. A comment that is not quite of the form is none."""
    for comment in document.comments:
        text = comment.text.lstrip("#/*").strip().removesuffix("*/").strip()
        if not text.startswith(_WORD):
            continue
        text = text.removeprefix(_WORD).strip()
        verb, bracket, rest = text.partition("[")
        names, closing, reason = rest.partition("]")
        if verb.strip() not in ("ignore", "ignore-file") or not bracket or not closing:
            continue
        lines = _lines(document, comment, whole_file=verb.strip() == "ignore-file")
        offset = comment.start + comment.text.index("[") + 1
        for name in names.split(","):
            start = offset + len(name) - len(name.lstrip())
            stripped = name.strip()
            yield Ignore(stripped, Span(start, start + len(stripped)), lines, reason.strip())
            offset += len(name) + 1


def _lines(document: Document, comment: Comment, *, whole_file: bool) -> tuple[int, int]:
    source: Source = document.source
    last = source.position(len(source.text)).line
    if whole_file:
        return 1, last
    line, column = source.position(comment.start)
    if source.line(line)[: column - 1].strip():
        return line, line
    spans = _spans(document)
    below = min((span for span in spans if span.start > comment.start), default=None)
    if below is None:
        return line, line
    return line, source.position(below.end).line


def _spans(document: Document) -> list[Span]:
    """The blocks and what stands in them directly."""
    from policy.syntax import ObjectNode

    found = []
    for item in document.items:
        found.append(item.span)
        if isinstance(item.value, ObjectNode):
            found += [inner.span for inner in item.value.items]
    return found
