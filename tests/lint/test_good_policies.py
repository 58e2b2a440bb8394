"""No false alarms: good policies are silent, and what a server accepts is not called refused."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.catalog import MountTable
from policy.inventory import read_mounts
from policy.lint import Finding, Level, Project, Selection, lint
from policy.model import DIALECTS
from policy.source import Source
from tests.lint.world import FIXTURES, NOW, ROOT

GOOD = sorted(p for p in (ROOT / "fixtures" / "policies" / "good").iterdir() if p.suffix != ".md")
RECORDED = ROOT / "fixtures" / "recorded" / "language" / "cases.jsonl.gz"
RECORDED_AT = 1_790_000_000.0
EVERY = 7
"""One recorded text in so many is linted: all of them take a minute."""


def findings(files: list[Path], dialect: str, *, with_mounts: bool) -> list[Finding]:
    mounts = MountTable.default()
    if with_mounts:
        file = FIXTURES / "mounts.json"
        mounts = read_mounts(file.read_bytes(), str(file))
    project = Project(DIALECTS[dialect], mounts, mounts_given=with_mounts, now=NOW)
    for path in files:
        project.add(path.stem, Source.of(path.read_bytes(), path.name))
    return list(lint(project, Selection()))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("with_mounts", [False, True])
def test_good_policies_are_silent(dialect: str, with_mounts: bool) -> None:
    assert len(GOOD) >= 8
    assert findings(GOOD, dialect, with_mounts=with_mounts) == []


def recorded() -> Iterator[tuple[str, str, bool]]:
    """Every so-manieth text that a real server accepted or refused."""
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            case = json.loads(line)
            # A text that is valid base64 is decoded first; that is not the linter's business.
            if number % EVERY == 0 and "policy" in case:
                yield case["id"], case["policy"], case["accepted"]


def test_recorded_texts_are_refused_exactly_when_the_server_refuses_them() -> None:
    project = Project(
        DIALECTS["openbao-2.7"], MountTable.default(), mounts_given=False, now=RECORDED_AT
    )
    accepted = {}
    for name, text, is_accepted in recorded():
        if _is_base64(text):
            continue
        accepted[name] = is_accepted
        project.add(name, Source.of(text, name))
    assert len(accepted) > 500
    found = list(lint(project, Selection(Level.AUDIT)))
    refused = {f.diagnostic.source.name for f in found if f.rule == "refused"}
    assert refused == {name for name, is_accepted in accepted.items() if not is_accepted}


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False
