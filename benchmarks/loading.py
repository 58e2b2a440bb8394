"""Loading 100,000 rules: how long it takes and what stays in memory, against cedarpy.

Each time in a process of its own: `python -m benchmarks.loading sudopath|cedarpy PLACE` reads the
rules from a place, and prints what that took.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.measure import Contest
from benchmarks.results import Answers, Skipped, Unit, WrongAnswerError, cost_row
from benchmarks.workloads import DIALECT, make_rules, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Effort
    from benchmarks.results import Row

__all__ = ["load"]

_RULES = 100_000
_RULES_PER_FILE = 100
_STATM = Path("/proc/self/statm")


def load(effort: Effort) -> Iterator[Row | Skipped]:
    """Time and memory for 100,000 rules in 1,000 files."""
    from benchmarks.peers.cedar import cedar_text

    rules = make_rules(_RULES)
    with TemporaryDirectory(prefix="sudopath-bench-") as folder:
        places = {"sudopath": Path(folder, "hcl"), "cedarpy": Path(folder, "cedar")}
        for place in places.values():
            place.mkdir()
        for start in range(0, _RULES, _RULES_PER_FILE):
            part = rules[start : start + _RULES_PER_FILE]
            name = f"team-{start // _RULES_PER_FILE:04}"
            (places["sudopath"] / f"{name}.hcl").write_text(plain_text(part), "ascii")
            (places["cedarpy"] / f"{name}.cedar").write_text(cedar_text(part), "ascii")
        rounds = min(effort.rounds, 5)
        told: dict[str, list[dict[str, float]]] = {"sudopath": [], "cedarpy": []}
        for _ in range(rounds):
            for engine, place in places.items():
                told[engine].append(_in_own_process(engine, place))
    for engine, runs in told.items():
        if any(run["rules"] != _RULES for run in runs):
            raise WrongAnswerError(f"{engine} read {runs[0]['rules']} rules, not {_RULES}")
    times = _contest(told, "seconds")
    title = "`policy.load` of 100,000 rules in 1,000 files, in the time of cedarpy to read them"
    yield cost_row("load/time", title, times, Unit.RUN, Answers(_RULES))
    if not _STATM.exists():
        yield Skipped("load/memory", "resident memory is read from /proc")
        return
    title = "resident memory of 100,000 rules, ready to decide, in that of cedarpy"
    yield cost_row("load/memory", title, _contest(told, "bytes"), Unit.MEMORY, Answers(_RULES))


def _contest(told: dict[str, list[dict[str, float]]], what: str) -> Contest:
    ours, theirs = (tuple(run[what] for run in told[name]) for name in ("sudopath", "cedarpy"))
    return Contest(ours, theirs)


def _in_own_process(engine: str, place: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.loading", engine, str(place)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _resident_bytes() -> int:
    if not _STATM.exists():
        return 0
    pages = int(_STATM.read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _load_ours(place: Path) -> tuple[float, int, object]:
    import policy

    start = process_time()
    policies = policy.load(place, dialect=DIALECT)
    seconds = process_time() - start
    acl = policies.acl(policy.Token([each.name for each in policies]))
    return seconds, len(acl.table), (policies, acl)


def _load_theirs(place: Path) -> tuple[float, int, object]:
    from importlib import import_module

    policy_set = import_module("cedarpy").PolicySet
    start = process_time()
    files = sorted(place.iterdir())
    policies = policy_set.from_str("\n".join(file.read_text("ascii") for file in files))
    seconds = process_time() - start
    return seconds, len(policies), policies


def _main(engine: str, place: Path) -> None:
    load_rules = _load_ours if engine == "sudopath" else _load_theirs
    # The modules are loaded before anything counts.
    __import__("policy" if engine == "sudopath" else "cedarpy")
    before = _resident_bytes()
    seconds, rules, kept = load_rules(place)
    gc.collect()
    after = _resident_bytes()
    print(json.dumps({"seconds": seconds, "bytes": after - before, "rules": rules}))
    del kept


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
