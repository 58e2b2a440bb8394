"""The engine agrees with every recorded verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.report import compare_file

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"

VERDICTS = {
    "acl/handmade": 569,
    "acl/random-1101": 44_388,
    "acl/random-1102": 43_705,
    "acl/random-1103": 43_127,
    "acl/random-1104": 43_851,
    "acl/random-1105": 43_402,
    "acl/root-namespace": 20,
    "acl/step-down": 178,
    "acl/vault_differences": 379,
    "language/bytes": 145,
    "language/cases": 24_839,
    "language/dialects": 315,
    "language/templates": 2_965,
    "language/transport": 184,
}
"""How many verdicts each file holds. A number that falls means that something is not compared."""


def test_every_recorded_file_is_compared() -> None:
    found = {path.relative_to(RECORDED).as_posix() for path in RECORDED.rglob("*.jsonl*")}
    assert found == {f"{name}.jsonl.gz" for name in VERDICTS}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_engine_agrees_with(name: str) -> None:
    report = compare_file(RECORDED / f"{name}.jsonl.gz")
    assert not report.broken
    first = "\n".join(report.disagreements[:20])
    assert not report.disagreements, f"{len(report.disagreements)} disagree, the first:\n{first}"
    assert report.compared == VERDICTS[name]
