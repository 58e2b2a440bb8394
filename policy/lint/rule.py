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
    from policy.lint.attachments import InventoryText
    from policy.lint.target import PolicyFile

    Check = Callable[[PolicyFile], Iterable[Problem]]
    InventoryCheck = Callable[[InventoryText], Iterable[Problem]]

__all__ = [
    "SECTIONS",
    "Documentation",
    "FileRule",
    "InventoryRule",
    "Rule",
    "inventory_rule",
    "rule",
]

SECTIONS = ("What", "Why", "Example", "Instead", "Source")
"""What a docstring tells after its first line, in this order, each behind its word and a colon."""


@dataclass(frozen=True)
class Documentation:
    """A docstring, taken apart."""

    title: str
    sections: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """One rule, whatever it judges."""

    id: str
    alias: str
    severity: Severity
    confidence: Confidence
    level: Level
    module: str

    @cached_property
    def documentation(self) -> Documentation:
        """The documentation. Raises `ValueError` when a section is missing or out of order."""
        text = sys.modules[self.module].__doc__ or ""
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


@dataclass(frozen=True)
class FileRule(Rule):
    """It judges policies. `reads_broken` tells that it also takes texts the server refuses;
    `block_by_block` that it judges each block by its own words, whatever the others say, and so
    can judge the sound ones of a text that is refused for another."""

    check: Check
    reads_broken: bool = False
    block_by_block: bool = False

    def judges(self, file: PolicyFile) -> bool:
        """Whether it has something to judge in a file."""
        if self.reads_broken or file.compiled.policy is not None:
            return True
        return self.block_by_block and file.has_blocks


@dataclass(frozen=True)
class InventoryRule(Rule):
    """It judges the file that says who holds the policies."""

    check: InventoryCheck


def rule(
    id: str,  # noqa: A002 - the word a rule is known by
    alias: str,
    severity: Severity,
    confidence: Confidence,
    level: Level = Level.REGULAR,
    *,
    reads_broken: bool = False,
    block_by_block: bool = False,
) -> Callable[[Check], FileRule]:
    """Make a rule of the function that checks for it."""

    def made(check: Check) -> FileRule:
        return FileRule(
            *(id, alias, severity, confidence, level, check.__module__, check),
            reads_broken=reads_broken,
            block_by_block=block_by_block,
        )

    return made


def inventory_rule(
    id: str,  # noqa: A002 - the word a rule is known by
    alias: str,
    severity: Severity,
    confidence: Confidence,
    level: Level = Level.REGULAR,
) -> Callable[[InventoryCheck], InventoryRule]:
    """The same for a function that checks an inventory."""

    def made(check: InventoryCheck) -> InventoryRule:
        return InventoryRule(id, alias, severity, confidence, level, check.__module__, check)

    return made
