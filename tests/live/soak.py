"""A long comparison with a real server.

    python -m tests.live.soak --minutes 60 --seed 7

Runs batches of drawn cases, each from its own seed, so that a run can be repeated and continued
(`--batch`). A disagreement is made small, written to a file, and from then on only counted, so that
the run finds others. Exit status: 0 no disagreement, 1 some, 2 no server. Ctrl-C ends it with the
summary.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from policy.testing import damage, random_soup
from tests.live.cases import cases, random_field, step_down_cases, texts, with_requests
from tests.live.compare import Comparison
from tests.live.dense import dense_case
from tests.live.disagreement import DisagreementError
from tests.live.recorded import recorded_texts
from tests.live.server import RealServer, ServerUnavailableError
from tests.live.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from hypothesis.strategies import SearchStrategy

    from tests.live.cases import Case
    from tests.live.disagreement import Disagreement

T = TypeVar("T")

_EXAMPLES = 150
_DAMAGED = 6
_REQUESTS = 60
_DENSE = 2
_STEP_DOWN_EVERY = 40
_PROGRESS_SECONDS = 30.0
_SERVER_SECONDS = 600.0
"""A server is replaced after this time: leases and wrapped answers pile up in its memory."""


class Soak:
    """One run: what was compared, what was found, and where to go on."""

    def __init__(self, master_seed: int, batch: int, out: Path) -> None:
        self.master_seed = master_seed
        self.batch = batch
        self.out = out
        self.tally: Counter[str] = Counter()
        self.found: dict[str, Disagreement] = {}
        self.started = time.monotonic()
        self._shown = self.started

    def run(self, seconds: float, only: str | None) -> None:
        """Batch after batch until the time is over."""
        ends = self.started + seconds
        while time.monotonic() < ends:
            with RealServer() as server:
                world = World(server)
                world.prepare()
                comparison = Comparison(world)
                comparison.known.update(self.found)
                renew = time.monotonic() + _SERVER_SECONDS
                try:
                    for _ in self._until(min(ends, renew)):
                        self._one(comparison, only)
                finally:
                    self.tally.update(comparison.tally)

    def _until(self, ends: float) -> Iterator[None]:
        """At least once, so that a run is never empty."""
        while True:
            yield
            self.batch += 1
            if time.monotonic() >= ends:
                return

    def _one(self, comparison: Comparison, only: str | None) -> None:
        kind = only or ("texts", "cases")[self.batch % 2]
        if only == "step-down" or (only is None and self.batch % _STEP_DOWN_EVERY == 1):
            kind = "step-down"
        number = self.master_seed * 1_000_003 + self.batch
        try:
            if kind == "texts":
                run_batch(partial(_check_text, comparison), texts(recorded_texts()), number)
            elif kind == "cases":
                run_batch(partial(_check_case, comparison), cases(), number)
            else:
                self._step_down(comparison, number)
        except DisagreementError as error:
            found = comparison.smallest(error)
            self._record(found)
            comparison.known.add(found.signature)
        if time.monotonic() - self._shown > _PROGRESS_SECONDS:
            self._shown = time.monotonic()
            self.show(comparison.tally)

    def _step_down(self, comparison: Comparison, number: int) -> None:
        """A batch on a server of its own, which has leadership to lose."""
        with RealServer(ha=True) as server:
            world = World(server)
            world.prepare()
            apart = Comparison(world)
            apart.known = comparison.known
            apart.step_downs = 1
            try:
                run_batch(apart.check, step_down_cases(), number)
            finally:
                comparison.tally.update(apart.tally)

    def _record(self, disagreement: Disagreement) -> None:
        """Write it down as a line that `tests.corpus` reads."""
        self.found[disagreement.signature] = disagreement
        known = asdict(disagreement)
        line = {
            **known.pop("line"),
            "id": f"{disagreement.line['id']}-{self.master_seed}_{self.batch}",
            "found": {**known, "seed": self.master_seed, "batch": self.batch},
        }
        with self.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        print(f"seed {self.master_seed}, batch {self.batch}: {disagreement}", flush=True)

    def show(self, running: Counter[str] | None = None) -> None:
        """One line of progress."""
        tally = self.tally + (running or Counter())
        compared = sum(count for name, count in tally.items() if name.startswith("compared "))
        seconds = time.monotonic() - self.started
        print(
            f"{seconds:6.0f} s  seed {self.master_seed}  batch {self.batch}  {compared} verdicts"
            f"  {tally['disagreements']} disagreements, {len(self.found)} distinct",
            flush=True,
        )

    def summarise(self) -> None:
        """What was compared, name by name."""
        self.show()
        for name, count in sorted(self.tally.items()):
            print(f"  {count:9} {name}")
        if self.found:
            print(f"recorded in {self.out}")
        print(f"go on with --seed {self.master_seed} --batch {self.batch}")


def _check_text(comparison: Comparison, text: str) -> None:
    """The text itself, damaged copies of it, and soups: dice are quicker than hypothesis."""
    comparison.check(text)
    dice = Random(crc32(text.encode("utf-8", "surrogatepass")))
    for _ in range(_DAMAGED):
        comparison.check(damage(text, dice, max_edits=dice.choice((1, 1, 2, 3))))
        comparison.check(random_soup(dice))
        comparison.check(random_field(dice, text))


def _check_case(comparison: Comparison, case: Case) -> None:
    """The case itself, with many more requests, and two dense ones."""
    dice = Random(crc32(repr(case).encode("utf-8", "surrogatepass")))
    comparison.check(with_requests(case, dice, _REQUESTS))
    for _ in range(_DENSE):
        comparison.check(dense_case(dice))


def run_batch(check: Callable[[T], None], strategy: SearchStrategy[T], number: int) -> None:
    """Check examples drawn from one seed; raises `DisagreementError` for the first that differs."""

    @seed(number)
    @settings(
        max_examples=_EXAMPLES,
        database=None,
        deadline=None,
        # What is found is made smaller by `reduce`.
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(strategy)
    def batch(drawn: T) -> None:
        check(drawn)

    batch()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.live.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats a run")
    parser.add_argument("--batch", type=int, default=0, help="where to begin (default 0)")
    parser.add_argument(
        "--only", choices=("texts", "cases", "step-down"), help="only one kind of batch"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("soak-found.jsonl"), help="where disagreements go"
    )
    given_ = parser.parse_args(arguments)
    soak = Soak(given_.seed, given_.batch, given_.out)
    # A job that is told to stop ends like one at a terminal.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            print(f"seed {soak.master_seed}", flush=True)
            soak.run(given_.minutes * 60, given_.only)
    except ServerUnavailableError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        signal.signal(signal.SIGTERM, before)
    soak.summarise()
    return 1 if soak.found else 0


if __name__ == "__main__":
    sys.exit(main())
