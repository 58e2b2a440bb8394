"""One finding about a text: what, where, how bad, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from policy.source import printable

if TYPE_CHECKING:
    from policy.source import Source, Span

__all__ = ["Diagnostic", "Label", "Severity"]

_EXCERPT_WIDTH = 100


class Severity(StrEnum):
    """How bad a finding is. Only an error makes the server refuse the text."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Label(NamedTuple):
    """A further place that explains the finding, with its own words."""

    span: Span
    message: str


class Diagnostic(NamedTuple):
    """One finding.

    `code` is a stable kebab-case name; `message` is one phrase that can stand alone; `notes` are
    facts; `help` says what to do, and is there only when that is really known.
    """

    code: str
    severity: Severity
    message: str
    source: Source
    span: Span
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        """Order of findings for people: by file, then by place."""
        return (self.source.name, self.span.start, self.span.end, self.code)

    @property
    def location(self) -> str:
        """`file:line:column`, as editors understand it."""
        line, column = self.source.position(self.span.start)
        return f"{self.source.name}:{line}:{column}"

    def render(self) -> str:
        """The finding for a terminal: place, phrase, underlined line, notes and help.

        What a text puts into it can neither move the cursor nor begin a line of its own.
        """
        lines = [f"{self.location}: {self.severity}: {self.message} [{self.code}]"]
        lines += _excerpt(self.source, self.span)
        for label in self.labels:
            line, column = self.source.position(label.span.start)
            lines.append(f"  at {line}:{column}: {label.message}")
            lines += _excerpt(self.source, label.span)
        lines += [f"  = note: {note}" for note in self.notes]
        if self.help is not None:
            lines.append(f"  = help: {self.help}")
        return "\n".join(_printable(line) for line in lines)


def _excerpt(source: Source, span: Span) -> list[str]:
    """The source line of a span with carets below it, cut to a width a terminal can show."""
    number, column = source.position(span.start)
    line = source.line(number)
    start = column - 1
    width = max(1, min(span.end - span.start, len(line) - start))
    # Cut on the left only when the mark would fall off on the right.
    left = max(0, start - _EXCERPT_WIDTH // 2) if start + 1 > _EXCERPT_WIDTH else 0
    shown = line[left : left + _EXCERPT_WIDTH]
    marks = "^" * max(1, min(width, left + _EXCERPT_WIDTH - start))
    gutter = f"{number:>4} | "
    return [
        gutter + _printable(shown),
        " " * (len(gutter) - 2) + "| " + " " * len(_printable(line[left:start])) + marks,
    ]


def _printable(text: str) -> str:
    """Text that is safe on a terminal, with one column per character."""
    return printable(text.replace("\t", " "))
