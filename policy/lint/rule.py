"""A rule: a check with a name, and its documentation, which is the docstring of its module."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy.lint.findings import Confidence, Level, Problem

if TYPE_CHECKING:
    from policy.diagnostics import Severity
    from policy.lint.target import PolicyFile

    Check = Callable[[PolicyFile], Iterable[Problem]]

__all__ = ["SECTIONS", "Documentation", "Rule", "rule"]

SECTIONS = ("What", "Why", "Example", "Instead", "Source")
"""What a docstring tells after its first line, in this order, each behind its word and a colon."""


@dataclass(frozen=True)
class Documentation:
    """A docstring, taken apart."""

    title: str
    sections: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """One rule. `reads_broken` tells that the check also takes texts the server refuses."""

    id: str
    alias: str
    severity: Severity
    confidence: Confidence
    level: Level
    check: Check
    reads_broken: bool = False

    @cached_property
    def documentation(self) -> Documentation:
        """The documentation. Raises `ValueError` when a section is missing or out of order."""
        text = sys.modules[self.check.__module__].__doc__ or ""
        title, _, body = text.strip().partition("\n")
        found: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in body.strip("\n").split("\n"):
            word, colon, rest = line.partition(":")
            if colon and word in SECTIONS:
                lines = found[word] = [rest.strip()] if rest.strip() else []
            else:
                lines.append(line)
        if tuple(found) != SECTIONS:
            raise ValueError(f"`{self.id}` documents {', '.join(found)}, not {SECTIONS}")
        sections = {word: "\n".join(lines).strip("\n") for word, lines in found.items()}
        return Documentation(title.rstrip("."), sections)


def rule(
    id: str,  # noqa: A002 - the word a rule is known by
    alias: str,
    severity: Severity,
    confidence: Confidence,
    level: Level = Level.REGULAR,
    *,
    reads_broken: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of the function that checks for it."""

    def made(check: Check) -> Rule:
        return Rule(id, alias, severity, confidence, level, check, reads_broken)

    return made
