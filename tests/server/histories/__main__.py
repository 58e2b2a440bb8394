"""Many runs: `python -m tests.server.histories --runs 200`."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.server.histories.postgres import Postgres
from tests.server.histories.run import OnPostgres, OnSqlite, Report, in_a_folder, play


def main() -> int:
    """Play runs and tell what they found: 0 for nothing, 1 for something. Ctrl-C ends it early."""
    parser = argparse.ArgumentParser(prog="python -m tests.server.histories", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of faults in each (default: 3)")
    parser.add_argument("--storage", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", default="", help="of the whole (default: made up)")
    parser.add_argument(
        "--sabotage",
        choices=("none", "fences"),
        default="none",
        help="`fences`: nodes and storage ignore leases and fences, so that something is found",
    )
    options = parser.parse_args()
    kinds = ["sqlite", "postgres"] if options.storage == "both" else [options.storage]
    seed = options.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    # What runs in the background ignores Ctrl-C otherwise, and no node may outlive this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    reports: dict[str, list[Report]] = {kind: [] for kind in kinds}
    started = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt), ExitStack() as stack:
        server = stack.enter_context(Postgres()) if "postgres" in kinds else None
        for at in range(options.runs):
            kind = kinds[at % len(kinds)]
            with in_a_folder() as folder:
                place = Path(folder)
                report = play(
                    f"{seed}-{at}",
                    OnPostgres(server) if server and kind == "postgres" else OnSqlite(place),
                    place,
                    seconds=options.seconds,
                    sabotage=options.sabotage,
                )
            reports[kind].append(report)
            troubles = ", ".join(f"{n} {name}" for name, n in sorted(report.faults.items()))
            print(
                f"{report.seed} {kind}: {report.acknowledged} of {report.operations} done, "
                f"{report.reigns} reigns, back after {report.seconds_to_recover:.2f} s; {troubles}",
                *(f"\n  FOUND {text}" for text in report.findings),
                flush=True,
            )
    for kind, of_kind in reports.items():
        _sum_up(kind, of_kind)
    print(f"{time.monotonic() - started:.0f} s")
    return int(any(report.findings for each in reports.values() for report in each))


def _sum_up(kind: str, reports: list[Report]) -> None:
    faults: Counter[str] = sum((report.faults for report in reports), Counter())
    troubles = ", ".join(f"{n} {name}" for name, n in sorted(faults.items()))
    wrong = [report.seed for report in reports if report.findings]
    print(
        f"\n{kind}: {len(reports)} runs, {sum(r.operations for r in reports)} operations "
        f"({sum(r.acknowledged for r in reports)} acknowledged), "
        f"{sum(r.reigns for r in reports)} reigns, {faults.total()} faults\n"
        f"  faults: {troubles}\n"
        f"  an active node again after at most "
        f"{max((r.seconds_to_recover for r in reports), default=0):.2f} s\n"
        f"  found: {f'something in {len(wrong)} runs: ' + ' '.join(wrong) if wrong else 'nothing'}"
    )


if __name__ == "__main__":
    sys.exit(main())
