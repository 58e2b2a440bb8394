"""`sudopath lint`: a cold start on one small file, and a thousand policies in one process."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.environment import SCRIPTS
from benchmarks.measure import alternate, cpu_seconds, process_seconds
from benchmarks.results import Answers, Unit, WrongAnswerError, cost_row
from benchmarks.workloads import DIALECT, make_rules, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Effort
    from benchmarks.results import Row

__all__ = ["lint"]

_FILES = 1_000
_RULES_PER_FILE = 10
_CLEAN = """path "sys/step-down" { capabilities = ["update", "sudo"] }
path "secret/data/app/*" { capabilities = ["read"] }
"""
_FAULTY = _CLEAN.replace(', "sudo"', "")


def lint(effort: Effort) -> Iterator[Row]:
    """Cold starts in runs of an empty Python, and many policies in the time `policy.load` takes."""
    with TemporaryDirectory(prefix="sudopath-bench-") as folder:
        yield from _cold(effort, Path(folder))
        yield _many(effort, Path(folder, "many"))


def _cold(effort: Effort, folder: Path) -> Iterator[Row]:
    for name, words, text, ending in (
        ("clean", "without a finding", _CLEAN, 0),
        ("faulty", "with a finding", _FAULTY, 1),
    ):
        file = folder / f"{name}.hcl"
        file.write_text(text, "ascii")
        command = [str(SCRIPTS / "sudopath"), "lint", str(file)]
        contest = alternate(
            effort.rounds,
            partial(_seconds, command, ending),
            partial(_seconds, [sys.executable, "-c", "pass"], 0),
        )
        title = f"`sudopath lint` of one small file {words}, in runs of `python -c pass`"
        yield cost_row(f"lint/{name}", title, contest, Unit.RUN, Answers(1))


def _seconds(command: Sequence[str], ending: int, _round: int) -> float:
    return process_seconds(command, ending)


def _many(effort: Effort, place: Path) -> Row:
    place.mkdir()
    rules = make_rules(_FILES * _RULES_PER_FILE)
    for start in range(0, len(rules), _RULES_PER_FILE):
        file = place / f"team-{start // _RULES_PER_FILE:04}.hcl"
        file.write_text(plain_text(rules[start : start + _RULES_PER_FILE]), "ascii")
    if (count := _linted(place)) != _FILES:
        raise WrongAnswerError(f"{count} files were judged, not {_FILES}")
    contest = alternate(
        effort.rounds,
        lambda _: cpu_seconds(partial(_linted, place)),
        lambda _: cpu_seconds(partial(_loaded, place)),
    )
    title = (
        f"lint of {_FILES:,} policies with {_RULES_PER_FILE} rules each, in runs of `policy.load`"
    )
    return cost_row("lint/many", title, contest, Unit.RUN, Answers(_FILES))


def _linted(place: Path) -> int:
    from policy.catalog import MountTable
    from policy.lint import Project, Selection
    from policy.lint import lint as findings
    from policy.model import Dialect
    from policy.policies import policy_files, policy_name, read_source

    project = Project(Dialect.named(DIALECT), MountTable.default(), mounts_given=False, now=0.0)
    for file in policy_files([place]):
        project.add(policy_name(file), read_source(file))
    list(findings(project, Selection()))
    return sum(file.compiled.policy is not None for file in project.files)


def _loaded(place: Path) -> None:
    import policy

    policy.load(place, dialect=DIALECT)
