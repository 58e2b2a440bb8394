"""Random sequences for as long as wanted: `python -m tests.server.sequences --minutes 40`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from tests.server.sequences.grammar import TOPICS, sequence
from tests.server.sequences.play import play, shortened
from tests.server.sequences.servers import dev_server, raft_server

_PROGRESS_SECONDS = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.sequences", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="begin with this one")
    parser.add_argument("--raft", action="store_true", help="a raft node instead of a dev server")
    parser.add_argument("--topic", action="append", choices=sorted(TOPICS), default=[])
    parser.add_argument("--kinds", type=int, default=0, help="end after so many kinds of difference")
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    found: Counter[str] = Counter()
    played = asked = 0
    end = time.monotonic() + given.minutes * 60
    shown = time.monotonic()
    with (raft_server() if given.raft else dev_server()) as server:
        while time.monotonic() < end and not (given.kinds and len(found) >= given.kinds):
            steps = sequence(random.Random(seed), given.topic)
            difference = play(server, steps)
            played, asked, seed = played + 1, asked + len(steps), seed + 1
            if difference is not None:
                found[difference.kind] += 1
                if found[difference.kind] == 1:
                    short = shortened(server, difference)
                    print(f"\nseed {seed - 1}\n{short}", flush=True)
            if time.monotonic() > shown + _PROGRESS_SECONDS:
                shown = time.monotonic()
                print(f"{played} sequences, {asked} requests, {found.total()} differ", flush=True)
    print(f"{played} sequences, {asked} requests, {found.total()} differ, next seed {seed}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
