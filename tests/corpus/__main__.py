"""`python -m tests.corpus FILE...`: do the recorded verdicts and the engine's agree?

Exit code 0: all agree; 1: some disagree; 2: a file could not be read in full, or nothing was
compared at all.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.corpus.report import compare_file
from tests.corpus.rows import UnreadableFile


def main(arguments: list[str] | None = None) -> int:
    """Compare files and print the result. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus",
        description="Compare the engine with recorded verdicts of real servers.",
        epilog="exit code: 0 all agree, 1 some disagree, 2 could not tell",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", type=Path, help="JSON Lines, plain or gzipped"
    )
    files: list[Path] = parser.parse_args(arguments).files

    compared = agreed = 0
    unreadable = broken = False
    for file in files:
        try:
            report = compare_file(file)
        except UnreadableFile as error:
            unreadable = True
            print(f"{file}: cannot be read: {error}")
            continue
        compared += report.compared
        agreed += report.agreed
        broken = broken or bool(report.broken)
        print(_totals(str(file), report.compared, report.agreed))
        for text in report.broken:
            print(f"  broken {text}")
        for text in report.disagreements:
            print(f"  disagrees {text}")
    print(_totals("in all", compared, agreed))
    if unreadable or broken or not compared:
        return 2
    return 0 if agreed == compared else 1


def _totals(what: str, compared: int, agreed: int) -> str:
    return f"{what}: {compared} verdicts compared, {agreed} agreed, {compared - agreed} disagree"


if __name__ == "__main__":
    sys.exit(main())
