"""Random sequences for as long as wanted: `python -m tests.server.sequences --minutes 40`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.server.sequences.grammar import TOPICS, sequence
from tests.server.sequences.play import SpoiledError, play, shortened
from tests.server.sequences.servers import dev_server, raft_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.server.sequences.play import Server

_PROGRESS_SECONDS = 30.0


class Run:
    """Sequences from a seed on, with a count of what was found."""

    def __init__(self, seed: int, topics: Sequence[str], seconds: float) -> None:
        self.seed = seed
        self.topics = topics
        self.end = time.monotonic() + seconds
        self.shown = time.monotonic()
        self.found: Counter[str] = Counter()
        self.played = self.asked = 0

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.end

    def __str__(self) -> str:
        return (
            f"{self.played} sequences, {self.asked} requests, {self.found.total()} differ, "
            f"next seed {self.seed}"
        )

    def play(self, server: Server) -> None:
        """Play until the time is over. Raises `SpoiledError`."""
        while not self.is_over:
            seed, self.seed = self.seed, self.seed + 1
            steps = sequence(random.Random(seed), self.topics)
            difference = play(server, steps)
            self.played, self.asked = self.played + 1, self.asked + len(steps)
            if difference is not None:
                self.found[difference.kind] += 1
                if self.found[difference.kind] == 1:
                    print(f"\nseed {seed}\n{shortened(server, difference)}", flush=True)
            if time.monotonic() > self.shown + _PROGRESS_SECONDS:
                self.shown = time.monotonic()
                print(self, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.sequences", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="begin with this one")
    parser.add_argument("--raft", action="store_true", help="a raft node instead of a dev server")
    parser.add_argument("--topic", action="append", choices=sorted(TOPICS), default=[])
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    run = Run(seed, given.topic, given.minutes * 60)
    try:
        while not run.is_over:
            with raft_server() if given.raft else dev_server() as server:
                try:
                    run.play(server)
                except SpoiledError as error:
                    print(f"a new server: {error}", flush=True)
    except KeyboardInterrupt:
        pass
    print(run)
    return 1 if run.found else 0


if __name__ == "__main__":
    sys.exit(main())
