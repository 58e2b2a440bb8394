"""Taking times, so that a busy machine disturbs the result as little as possible.

Two ways to do the same are timed in turns, some rounds long, each round giving one ratio; the
median of the ratios counts. What happens inside this process is measured in its CPU time, which
stands still while other programs have the processor.
"""

from __future__ import annotations

import gc
import subprocess
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "Contest",
    "Effort",
    "affordable",
    "alternate",
    "cpu_seconds",
    "process_seconds",
    "seconds_per_question",
    "wall_seconds_per_question",
]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to do."""

    rounds: int
    seconds: float
    """About how long one timing of a slow peer may take."""
    questions: int
    """How many requests one timing of our own engine takes."""


FULL = Effort(rounds=9, seconds=0.4, questions=20_000)
QUICK = Effort(rounds=3, seconds=0.1, questions=5_000)


@dataclass(frozen=True, slots=True)
class Contest:
    """The times of two sides, in seconds for one unit of the same work, round by round."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def times_faster(self) -> tuple[float, ...]:
        """Of each round: how many of ours fit into one of theirs."""
        return tuple(b / a for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def times_cost(self) -> tuple[float, ...]:
        """Of each round: our time as a part of theirs."""
        return tuple(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def median_ours(self) -> float:
        """The median of our times."""
        return median(self.ours)

    @property
    def median_theirs(self) -> float:
        """The median of their times."""
        return median(self.theirs)


def alternate(rounds: int, ours: Callable[[int], float], theirs: Callable[[int], float]) -> Contest:
    """Time both sides in turns, the first one changing; each function gets the number of the
    round and returns its seconds. One round before counts for nothing."""
    # What the measurements keep alive is no work for the collector while something is timed.
    gc.collect()
    gc.freeze()
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-1, rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            gc.collect()
            seconds = (ours, theirs)[side](number)
            if number >= 0:
                times[side].append(seconds)
    gc.unfreeze()
    return Contest(tuple(times[0]), tuple(times[1]))


def cpu_seconds(work: Callable[[], object]) -> float:
    """The CPU seconds this process needs for something."""
    start = process_time()
    work()
    return process_time() - start


def seconds_per_question(
    ask: Callable[[str, str], object], questions: Sequence[tuple[str, str]]
) -> float:
    """The CPU seconds of one decision, the loop around it included."""
    start = process_time()
    for operation, path in questions:
        ask(operation, path)
    return (process_time() - start) / len(questions)


def wall_seconds_per_question(
    ask: Callable[[str, str], object], questions: Sequence[tuple[str, str]], at_once: int
) -> float:
    """The same by the clock on the wall, for answers that come from another process.

    `at_once` questions are timed together. The median of these times counts: it does not know of
    the few during which somebody else had the processor.
    """
    times = []
    for first in range(0, len(questions), at_once):
        some = questions[first : first + at_once]
        start = perf_counter()
        for operation, path in some:
            ask(operation, path)
        times.append((perf_counter() - start) / len(some))
    return median(times)


def process_seconds(command: Sequence[str], ending: int = 0) -> float:
    """How long a whole process takes, by the clock on the wall: the best of three runs, for a
    start can be held up but not hurried.

    Raises `subprocess.CalledProcessError` when it does not end with that exit code.
    """
    times = []
    for _ in range(3):
        start = perf_counter()
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        times.append(perf_counter() - start)
        if done.returncode != ending:
            raise subprocess.CalledProcessError(done.returncode, command, None, done.stderr)
    return min(times)


def affordable(
    ask: Callable[[str, str], object], questions: Iterable[tuple[str, str]], seconds: float
) -> int:
    """How many questions can be asked in about that many seconds; at least three."""
    start = perf_counter()
    asked = 0
    for operation, path in questions:
        ask(operation, path)
        asked += 1
        if perf_counter() - start > seconds:
            break
    return max(3, asked)
