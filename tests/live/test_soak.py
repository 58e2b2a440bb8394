"""The long run: its summary, its exit status, and the file it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from policy import DIALECTS
from tests.corpus.report import compare_file
from tests.live import soak
from tests.live.compare import Comparison
from tests.live.server import RealServer

pytestmark = pytest.mark.live

_ROOT = Path(__file__).parents[2]


def test_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.jsonl"
    arguments = ["--minutes", "0.01", "--seed", "5", "--batch", "8", "--out", str(out)]
    assert soak.main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("seed 5\n")
    assert "compared acceptance" in printed
    assert printed.endswith("go on with --seed 5 --batch 9\n")
    assert not out.exists()


def test_what_is_found_is_written_down_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an engine that plays another server. The file is one that `tests.corpus` reads."""
    other = partial(Comparison, dialect=DIALECTS["vault-1.11"])
    monkeypatch.setattr("tests.live.soak.Comparison", other)
    out = tmp_path / "found.jsonl"
    assert (
        soak.main(["--minutes", "0.01", "--seed", "5", "--only", "texts", "--out", str(out)]) == 1
    )
    assert f"recorded in {out}" in capsys.readouterr().out
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    signatures = [line["found"]["signature"] for line in found]
    assert len(set(signatures)) == len(signatures) > 0
    report = compare_file(out)
    assert not report.broken
    assert report.compared == report.agreed


def test_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = partial(RealServer, tmp_path / "bao")
    monkeypatch.setattr("tests.live.soak.RealServer", nothing)
    assert soak.main(["--minutes", "0.01"]) == 2
    assert "did not start" in capsys.readouterr().err


def test_a_signal_ends_it_with_the_summary(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.live.soak", "--minutes", "1", "--seed", "3"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "found.jsonl")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "seed 3\n"
        process.send_signal(signal.SIGTERM)
        printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "go on with --seed 3" in printed
    assert errors == ""
