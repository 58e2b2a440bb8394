"""A few short runs with faults on real processes; `python -m tests.server.histories` plays many."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tests.server.histories.postgres import Postgres
from tests.server.histories.run import OnPostgres, OnSqlite, Report, play

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 1.5


def _show(report: Report) -> None:
    print(f"seed {report.seed}: {report}")
    assert report.findings == [], f"seed {report.seed}"
    assert report.acknowledged > 10
    assert report.reigns >= 1


def test_a_run_on_sqlite(tmp_path: Path) -> None:
    _show(play(secrets.token_hex(4), OnSqlite(tmp_path), tmp_path, seconds=SECONDS))


def test_a_run_on_postgres(tmp_path: Path) -> None:
    with Postgres() as server:
        _show(play(secrets.token_hex(4), OnPostgres(server), tmp_path, seconds=SECONDS))
