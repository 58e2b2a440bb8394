"""The preflight of a step-down for a person at two in the morning."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from policy.preflight.finding import Level
from policy.preflight.forecast import forecast
from policy.preflight.timeline import Ending
from policy.preflight.verdict import Go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.preflight import Execution, Snapshot, Verdict

__all__ = ["execution_text", "preflight_text"]

_WORDS: Final = {Go.GO: "GO", Go.NO_GO: "NO-GO", Go.UNDETERMINED: "UNDETERMINED"}
_MARKS: Final = {Level.NO: "NO", Level.UNKNOWN: "?", Level.WARNING: "warn", Level.OK: "ok"}
_WIDTH: Final = 100
_INDENT: Final = " " * 20


def preflight_text(snapshot: Snapshot, verdict: Verdict) -> str:
    """The verdict, the reasons with the gravest first, and what will happen."""
    server = snapshot.server
    what = [f"{server.product} {server.state.version}".strip(), server.storage]
    known = ", ".join(filter(None, what))
    lines = [f"{_WORDS[verdict.go]}  step-down by {server.address}  ({known})"]
    for finding in verdict.findings:
        lines += _filled(_MARKS[finding.level], finding.check.value, finding.text)
        if finding.hint:
            lines += _filled("", "", f"to do: {finding.hint}")
    if verdict.go is Go.GO:
        lines += _forecast(snapshot)
    return "\n".join(lines)


def _forecast(snapshot: Snapshot) -> Iterator[str]:
    found = forecast(snapshot)
    for at, line in enumerate(found.lines if found is not None else ()):
        yield from _filled("then" if at == 0 else "", "", line)


def _filled(mark: str, label: str, text: str) -> list[str]:
    head = f"  {mark:<6}{label:<12}"
    lines = []
    for part in text.splitlines():
        lines += wrap(
            part,
            _WIDTH - len(_INDENT),
            break_on_hyphens=False,
            break_long_words=False,
        ) or [""]
    return [f"{head if at == 0 else _INDENT}{line}" for at, line in enumerate(lines)]


def execution_text(execution: Execution) -> str:
    """What came of it."""
    if execution.ending is Ending.CHANGED:
        mark = "done"
    elif execution.ending in (Ending.NOT_SEEN, Ending.INTERRUPTED):
        mark = "?"
    else:
        mark = "NO"
    return "\n".join(_filled(mark, "", execution.text))
