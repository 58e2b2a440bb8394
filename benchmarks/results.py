"""What a measurement comes to: rows of the table, and what was promised for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.measure import Contest

__all__ = [
    "TARGETS",
    "Answers",
    "Better",
    "Row",
    "Skipped",
    "Target",
    "Unit",
    "WrongAnswerError",
    "compare",
    "cost_row",
    "faster_row",
]


class WrongAnswerError(Exception):
    """The engine says something else than what it is measured against and must agree with."""


class Better(StrEnum):
    """Which way a figure improves."""

    MORE = "more"
    LESS = "less"


class Unit(StrEnum):
    """What the absolute figures beside a ratio are."""

    DECISION = "seconds per decision"
    TEXT = "seconds per byte of text"
    RUN = "seconds per run"
    MEMORY = "bytes"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must be in every run, and what we want to publish."""

    must: float
    aim: float
    better: Better

    def is_met(self, figure: float) -> bool:
        """Whether the figure is no worse than what it must be."""
        return figure >= self.must if self.better is Better.MORE else figure <= self.must


def _more(must: float, aim: float) -> Target:
    return Target(must, aim, Better.MORE)


def _less(must: float, aim: float) -> Target:
    return Target(must, aim, Better.LESS)


TARGETS = {
    # Times faster.
    "scan/10": _more(1.3, 2),
    "scan/100": _more(5, 7),
    "scan/1000": _more(30, 50),
    "scan/10000": _more(200, 330),
    "cedar/10": _more(40, 75),
    "cedar/1000": _more(1_000, 1_800),
    "cedar/10000": _more(7_000, 12_000),
    "server/10": _more(500, 900),
    "server/1000": _more(3_000, 5_500),
    "server/10000": _more(20_000, 33_000),
    "plain/lark-small": _more(8, 25),
    "plain/lark-large": _more(8, 25),
    "plain/hcl2-small": _more(40, 200),
    "plain/hcl2-large": _more(80, 400),
    "full/hcl2-small": _more(5, 7),
    "full/hcl2-large": _more(8, 14),
    "serve/10": _more(1.5, 2.5),
    "serve/100": _more(3, 5),
    "serve/1000": _more(20, 35),
    "serve-constant/10": _more(0.8, 0.9),
    "serve-constant/100": _more(0.8, 0.9),
    "serve-constant/1000": _more(0.8, 0.9),
    # Parts of something else.
    "growth/100000": _less(8, 5),
    "reasons/1000": _less(30, 10),
    "batch/allows": _less(0.9, 0.5),
    "batch/decide": _less(0.9, 0.5),
    "load/memory": _less(0.15, 0.07),
    "load/time": _less(0.5, 0.1),
    "difference/100": _less(5, 1.5),
    "difference/1000": _less(5, 1.5),
    "difference/10000": _less(5, 1.5),
    "difference-token/100": _less(5, 1.5),
    "difference-token/1000": _less(5, 1.5),
    "difference-token/10000": _less(5, 1.5),
    "who-path/1000": _less(1, 0.3),
    "who-pattern/1000": _less(40, 10),
    "escalate/1000": _less(60, 15),
    "check/bao": _less(0.9, 0.5),
    "start/import": _less(4, 2.5),
    "serve/memory": _less(1.1, 1.02),
    "lint/clean": _less(16, 8),
    "lint/faulty": _less(16, 8),
    "lint/many": _less(24, 10),
}
"""By the names of rows. A row that is not here is for information."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How many answers were compared, and how many of them were not the same."""

    compared: int
    different: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: a ratio for each round, and the medians of both sides in `unit`."""

    name: str
    title: str
    ratios: tuple[float, ...]
    better: Better
    unit: Unit
    ours: float
    theirs: float
    answers: Answers

    @property
    def figure(self) -> float:
        """The figure that counts."""
        return median(self.ratios)

    @property
    def target(self) -> Target | None:
        """What was promised; None for a row that is for information."""
        return TARGETS.get(self.name)

    @property
    def fails(self) -> bool:
        """Whether the figure is worse than it must be."""
        return self.target is not None and not self.target.is_met(self.figure)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A measurement that could not be made here."""

    name: str
    why: str


def faster_row(name: str, title: str, contest: Contest, unit: Unit, answers: Answers) -> Row:
    """A row that says how many times faster we are."""
    return Row(
        name,
        title,
        contest.times_faster,
        Better.MORE,
        unit,
        contest.median_ours,
        contest.median_theirs,
        answers,
    )


def cost_row(name: str, title: str, contest: Contest, unit: Unit, answers: Answers) -> Row:
    """A row that says what we take, as a part of what the other side takes."""
    return Row(
        name,
        title,
        contest.times_cost,
        Better.LESS,
        unit,
        contest.median_ours,
        contest.median_theirs,
        answers,
    )


def compare(
    ours: Callable[[str, str], object],
    theirs: Callable[[str, str], object],
    questions: Iterable[tuple[str, str]],
    *,
    must_agree: bool,
) -> Answers:
    """Ask both the same. Raises `WrongAnswerError` where they differ and must not."""
    compared = different = 0
    for operation, path in questions:
        one, other = ours(operation, path), theirs(operation, path)
        compared += 1
        if one != other:
            if must_agree:
                raise WrongAnswerError(f"`{operation} {path}`: {one} here, {other} there")
            different += 1
    return Answers(compared, different)
