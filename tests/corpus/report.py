"""Runs the cases of a file and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.corpus.access import access_verdicts
from tests.corpus.language import policy_verdicts, syntax_verdicts
from tests.corpus.rows import AccessRow, BrokenLine, PolicyRow, SyntaxRow, read_lines
from tests.corpus.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.corpus.rows import Row

__all__ = ["Report", "compare_file"]


@dataclass(slots=True)
class Report:
    """What comparing one file came to. Lists hold one line of text for each entry."""

    compared: int = 0
    disagreements: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def agreed(self) -> int:
        """How many verdicts are the same."""
        return self.compared - len(self.disagreements)


def compare_file(path: Path) -> Report:
    """Compare every case of a file. Raises `UnreadableFile`."""
    report = Report()
    for line in read_lines(path):
        try:
            row = line.row()
        except BrokenLine as broken:
            report.broken.append(f"line {line.number}: {broken}")
            continue
        for verdict in _verdicts(row):
            report.compared += 1
            if not verdict.agrees:
                report.disagreements.append(f"{row.id}: {verdict}")
    return report


def _verdicts(row: Row) -> Iterator[Verdict]:
    try:
        match row:
            case AccessRow():
                yield from access_verdicts(row)
            case PolicyRow():
                yield from policy_verdicts(row)
            case SyntaxRow():
                yield from syntax_verdicts(row)
    except Exception as error:  # noqa: BLE001  (a crash of the engine is its answer to this case)
        words = " ".join(str(error).split())
        yield Verdict("the engine", "an answer", f"{type(error).__name__}: {words}")
