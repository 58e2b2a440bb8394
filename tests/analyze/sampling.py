"""Looks for differences that were not reported, on as many paths as one likes.

    python -m tests.analyze.sampling --paths 1000000 --seed 1

Draws pairs of ACLs, takes their exact difference, and asks both evaluators about paths next to all
patterns. It ends at the first path on which they differ and nothing was reported.
"""

from __future__ import annotations

import argparse
import time
from random import Random

from policy.model import DIALECTS
from tests.analyze.test_difference import check_complete, edited
from tests.analyze.worlds import random_acl, random_text

_PATHS_EACH = 500


def sample(paths: int, seed: int) -> int:
    """Tries at least so many paths, and returns how many pairs of ACLs it took."""
    pairs = 0
    while pairs * 2 * _PATHS_EACH < paths:
        random = Random(f"{seed} {pairs}")
        dialect = random.choice(tuple(DIALECTS))
        text = random_text(random, random.choice((2, 4, 8, 16, 30)))
        world = random.random()
        old = random_acl(Random(world), dialect=dialect, text=text)
        new = random_acl(Random(world), dialect=dialect, text=edited(random, text))
        check_complete(old, new, random, _PATHS_EACH)
        pairs += 1
    return pairs


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    pairs = sample(options.paths, options.seed)
    seconds = time.monotonic() - started
    print(f"{options.paths:,} paths on {pairs:,} pairs of ACLs in {seconds:.0f} s: nothing missed")


if __name__ == "__main__":
    main()
