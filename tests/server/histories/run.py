"""One run: a cluster of processes, clients, faults; then peace, and a look at what is left."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import psycopg

from tests.server.histories.check import findings
from tests.server.histories.clients import Client, insert, prepare, read_all
from tests.server.histories.faults import Fault, Trouble, plan
from tests.server.histories.history import NEVER, History, Outcome, Stored
from tests.server.histories.nodes import Nodes, Pace, ask

if TYPE_CHECKING:
    from tests.server.histories.nodes import Node
    from tests.server.histories.postgres import Postgres

__all__ = ["Database", "OnPostgres", "OnSqlite", "Report", "bound", "play"]

_NODES: Final = 3
_CLIENTS: Final = 4
_GIVE_UP_SECONDS: Final = 60.0


class Database(Protocol):
    """Where the nodes of one run store things."""

    words: str
    """For `--storage`."""

    def break_down(self) -> None:
        """Be out of order."""

    def repair(self) -> None:
        """Be in order again."""

    def records(self) -> list[tuple[bytes, bytes, int, int]]:
        """Key, value, revision and fence of every record."""


class OnSqlite:
    """A file. It is out of order while somebody else has it locked."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "state.db"
        self.words = f"sqlite:{self._file}"
        self._intruder: sqlite3.Connection | None = None

    def break_down(self) -> None:
        if self._intruder is None:
            intruder = sqlite3.connect(self._file, timeout=5, isolation_level=None)
            try:
                intruder.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                intruder.close()  # Somebody else keeps it locked just now.
            else:
                self._intruder = intruder

    def repair(self) -> None:
        if self._intruder is not None:
            self._intruder.execute("ROLLBACK")
            self._intruder.close()
            self._intruder = None

    def records(self) -> list[tuple[bytes, bytes, int, int]]:
        with closing(sqlite3.connect(self._file)) as connection:
            return connection.execute(
                "SELECT key, value, revision, fence FROM records WHERE value IS NOT NULL"
            ).fetchall()


class OnPostgres:
    """A database on a server that is only used by this run meanwhile."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._conninfo = server.new_database()
        self.words = f"postgres:{self._conninfo}"
        self._is_up = True

    def break_down(self) -> None:
        if self._is_up:
            self._server.stop()
            self._is_up = False

    def repair(self) -> None:
        if not self._is_up:
            self._server.start()
            self._is_up = True

    def records(self) -> list[tuple[bytes, bytes, int, int]]:
        with psycopg.connect(self._conninfo) as connection:
            return connection.execute(
                "SELECT key, value, revision, fence FROM sudopath_records WHERE value IS NOT NULL"
            ).fetchall()


@dataclass(slots=True)
class Report:
    """What became of a run."""

    seed: str
    findings: list[str]
    operations: int = 0
    acknowledged: int = 0
    reigns: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds_to_recover: float = 0.0


def bound(pace: Pace) -> float:
    """Within how many seconds a healthy cluster has an active node again: a lease that has to run
    out, with its margin, one more for a lock that was taken and lost at once, the hold-off; and
    three seconds for a machine that has other things to do."""
    return 2.2 * pace.lease + pace.hold_off + pace.drain + 3.0


def play(
    seed: str,
    database: Database,
    folder: Path,
    *,
    seconds: float = 3.0,
    pace: Pace | None = None,
    sabotage: str = "none",
) -> Report:
    """Play one run. What is random in it comes from `seed`, except for time itself."""
    pace = pace or Pace()
    history = History()
    report = Report(seed, [])
    faults = plan(random.Random(seed), nodes=_NODES, lease=pace.lease, seconds=seconds)
    with Nodes(_NODES, folder, database.words, pace, sabotage) as nodes:
        _begin(nodes)
        stop = threading.Event()
        clients = [Client(f"c{at}", nodes, f"{seed}/{at}", stop) for at in range(_CLIENTS)]
        for client in clients:
            client.start()
        try:
            _suffer(nodes, database, faults, report)
            _heal(nodes, database)
            _recover(nodes, history, "healed")
            _last_blow(nodes, database, history, random.Random(f"{seed}/last"))
        finally:
            stop.set()
            for client in clients:
                client.join()
            database.repair()
        for client in clients:
            history.operations += client.operations
        history.operations += read_all(nodes)
        _look(database, history)
        report.findings = findings(history, bound(pace))
        report.findings += [
            f"node {node.number} wrote `{line}`"
            for node in nodes.all
            for line in sorted(set(node.errors().splitlines()))
            if "Traceback" in line or "Error" in line
        ]
    report.operations = len(history.operations)
    report.acknowledged = sum(o.outcome is Outcome.DONE for o in history.operations)
    report.reigns = len({fence for _, fence in history.fences})
    report.seconds_to_recover = history.seconds_to_recover
    return report


def _begin(nodes: Nodes) -> None:
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while (active := nodes.active()) is None or not prepare(active):
        if time.monotonic() > deadline:
            raise RuntimeError("no node became active at the start")
        time.sleep(0.05)


def _suffer(nodes: Nodes, database: Database, faults: list[Fault], report: Report) -> None:
    """Let everything go wrong that is planned, and end it when its time has come."""
    started = time.monotonic()
    pending: list[tuple[float, int, Fault, Node | None]] = [
        (fault.begins, at, fault, None) for at, fault in enumerate(faults)
    ]
    under_way: set[int] = set()
    while pending:
        pending.sort(key=lambda step: step[:2])
        moment, at, fault, node = pending.pop(0)
        time.sleep(max(0.0, started + moment - time.monotonic()))
        if at in under_way:
            _end(fault, node, database)
            continue
        node = nodes.all[fault.node] if fault.node is not None else nodes.active()
        if _strike(fault, node, database):
            report.faults[fault.trouble] += 1
            under_way.add(at)
            pending.append((moment + fault.lasts, at, fault, node))


def _strike(fault: Fault, node: Node | None, database: Database) -> bool:
    if fault.trouble is Trouble.STORAGE:
        database.break_down()
        return True
    if node is None or not node.is_running:
        return False
    match fault.trouble:
        case Trouble.STEP_DOWN:
            ask(node.address, "PUT", "/v1/sys/step-down", seconds=0.5)
        case Trouble.KILL:
            node.kill()
        case Trouble.STOP:
            node.stop()
        case Trouble.HANG:
            node.cut("hang")
        case Trouble.FAIL:
            node.cut("fail")
    return True


def _end(fault: Fault, node: Node | None, database: Database) -> None:
    if fault.trouble is Trouble.STORAGE:
        database.repair()
    elif node is not None:
        match fault.trouble:
            case Trouble.KILL:
                node.start()
                node.wait()
            case Trouble.STOP:
                node.resume()
            case Trouble.HANG | Trouble.FAIL:
                node.mend()


def _heal(nodes: Nodes, database: Database) -> None:
    """Everything runs again. Who was killed by another, or could not start, too."""
    database.repair()
    for node in nodes.all:
        node.resume()
        node.mend()
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while missing := [node for node in nodes.all if not node.is_running]:
        for node in missing:
            node.start()
            if not node.wait() and time.monotonic() > deadline:
                raise RuntimeError(f"a node does not start again:\n{node.errors()}")


def _recover(nodes: Nodes, history: History, name: str, without: Node | None = None) -> None:
    """Write to the nodes that are well until a write is acknowledged."""
    well = [node for node in nodes.all if node is not without]
    started = time.monotonic()
    taken = NEVER
    for attempt in range(10_000):
        last = insert(well[attempt % len(well)], f"{name}-{attempt}")
        history.operations.append(last)
        if last.outcome is Outcome.DONE:
            taken = time.monotonic() - started
            break
        if time.monotonic() - started > _GIVE_UP_SECONDS:
            break
        time.sleep(0.02)
    history.seconds_to_recover = max(history.seconds_to_recover, taken)


def _last_blow(nodes: Nodes, database: Database, history: History, dice: random.Random) -> None:
    """Hit the active node, and see how long it takes until another one has its place. Only then
    it gets well."""
    active = nodes.active()
    if active is None:
        return
    trouble = dice.choice([t for t in Trouble if t is not Trouble.STORAGE])
    blow = Fault(trouble, 0.0, 0.0, active.number)
    _strike(blow, active, database)
    _recover(nodes, history, "replaced", without=active)
    _end(blow, active, database)


def _look(database: Database, history: History) -> None:
    for key, value, revision, fence in database.records():
        history.fences.append((revision, fence))
        area, found, name = bytes(key).decode().partition("/log/")
        if found and area.startswith("data/"):
            record: dict[str, Any] = json.loads(value)
            history.stored[name] = Stored(record["data"]["value"], revision, fence)


def in_a_folder() -> tempfile.TemporaryDirectory[str]:
    """A place for one run."""
    return tempfile.TemporaryDirectory(prefix="run-")
