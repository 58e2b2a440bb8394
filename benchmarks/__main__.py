"""`python -m benchmarks`: measure side by side, in an environment that makes itself.

    python -m benchmarks                     everything; the table goes to standard output
    python -m benchmarks --quick scan cedar  some of it, a few rounds
    python -m benchmarks --check             1 if a figure is worse than it must be
    python -m benchmarks --publish           also into docs/benchmarks.md and results.json

Exit codes: 0 measured, 1 an answer is wrong or (with --check) a figure fails, 2 not possible.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environment import enter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Effort
    from benchmarks.results import Row, Skipped

# Where each lives. What it measures says the docstring there.
_BENCHMARKS = {
    "scan": "decisions",
    "growth": "decisions",
    "cedar": "decisions",
    "casbin": "decisions",
    "server": "decisions",
    "reasons": "decisions",
    "batch": "decisions",
    "plain": "texts",
    "full": "texts",
    "load": "loading",
    "differences": "analysis",
    "sampling": "analysis",
    "holders": "analysis",
    "check": "processes",
    "lint": "linting",
    "start": "processes",
    "serving": "serving",
}


def main(arguments: Sequence[str]) -> int:
    """Run the chosen measurements. Returns the exit code."""
    options = _parser().parse_args(arguments)
    chosen = options.names or list(_BENCHMARKS)
    unknown = [name for name in chosen if name not in _BENCHMARKS]
    if unknown:
        return _refuse(f"no benchmark is named `{unknown[0]}`; there are {', '.join(_BENCHMARKS)}")
    if options.publish and (options.quick or options.names):
        return _refuse("only a full run of all benchmarks is published")
    try:
        enter(list(arguments))
    except (OSError, subprocess.CalledProcessError) as error:
        return _refuse(f"the peers cannot be installed: {error}")
    return _measure(chosen, options)


def _measure(chosen: Sequence[str], options: argparse.Namespace) -> int:
    # Only now are all of these installed.
    from benchmarks.measure import FULL, QUICK
    from benchmarks.report import as_json, brief, publish, table
    from benchmarks.results import Row, WrongAnswerError

    effort = QUICK if options.quick else FULL
    rows: list[Row] = []
    skipped: list[Skipped] = []
    for name in chosen:
        _tell(f"{name} …")
        try:
            for result in _run(name, effort):
                if isinstance(result, Row):
                    rows.append(result)
                    _tell("  " + brief(result))
                else:
                    skipped.append(result)
                    _tell(f"  {result.name}: not measured, {result.why}")
        except WrongAnswerError as error:
            _tell(f"benchmarks: {name}: another answer: {error}")
            return 1
    words = f"{effort.rounds} rounds" + (" (quick)" if options.quick else "")
    print(table(rows, skipped, words), end="")
    if options.json is not None:
        options.json.write_text(as_json(rows, skipped, words), "utf-8")
    if options.publish:
        publish(rows, skipped, words)
    failing = [row for row in rows if row.fails]
    if options.check and failing:
        _tell("benchmarks: worse than it must be:")
        for row in failing:
            _tell("  " + brief(row))
        return 1
    return 0 if rows else _refuse("nothing could be measured")


def _run(name: str, effort: Effort) -> Iterator[Row | Skipped]:
    module = import_module(f"benchmarks.{_BENCHMARKS[name]}")
    results: Iterator[Row | Skipped] = getattr(module, name)(effort)
    return results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="a few short rounds")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a figure fails")
    parser.add_argument("--publish", action="store_true", help="renew the published figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    return parser


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _refuse(why: str) -> int:
    _tell(f"benchmarks: {why}")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
