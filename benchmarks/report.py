"""Results for people (a Markdown table) and for programs (JSON)."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environment import PEERS, ROOT
from benchmarks.results import Better, Row, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Answers, Skipped

__all__ = ["as_json", "brief", "publish", "table"]

_PAGE = ROOT / "docs" / "benchmarks.md"
_RESULTS = ROOT / "benchmarks" / "results.json"
_BEGIN = "<!-- begin results: written by `python -m benchmarks --publish` -->"
_END = "<!-- end results -->"


def brief(row: Row) -> str:
    """One line for whoever waits."""
    words = f"{row.name}: {_ratio(row)} ({_span(row)})"
    if row.target is not None:
        words += f", must {_bound(row, row.target.must)}, aim {_bound(row, row.target.aim)}"
    return words + (", FAILS" if row.fails else "")


def table(rows: Sequence[Row], skipped: Sequence[Skipped], effort: str) -> str:
    """All rows as Markdown, with the machine and the versions."""
    faster = [row for row in rows if row.better is Better.MORE]
    parts = [row for row in rows if row.better is Better.LESS]
    about = _machine() | _versions()
    lines = ["; ".join(f"{name} {value}" for name, value in about.items()) + f". {effort}."]
    for heading, chosen in (
        ("How many times faster (more is better)", faster),
        ("What it costs, as a part of something else (less is better)", parts),
    ):
        if chosen:
            lines += ["", f"**{heading}**", ""]
            lines.append(
                "| against | figure | rounds | must | aim | ours | theirs | other answers |"
            )
            lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
            lines += [_line(row) for row in chosen]
    lines += [f"\nNot measured: {each.name} ({each.why})." for each in skipped]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    target = row.target
    cells = [
        row.title,
        f"**{_ratio(row)}**" + (" (fails)" if row.fails else ""),
        _span(row),
        _bound(row, target.must) if target else "",
        _bound(row, target.aim) if target else "",
        _absolute(row.ours, row.unit),
        _absolute(row.theirs, row.unit),
        _answers(row.answers),
    ]
    return "| " + " | ".join(cells) + " |"


def _ratio(row: Row) -> str:
    return f"{_number(row.figure)}x"


def _span(row: Row) -> str:
    return f"{_number(min(row.ratios))} to {_number(max(row.ratios))}"


def _bound(row: Row, bound: float) -> str:
    return f"{'≥' if row.better is Better.MORE else '≤'} {bound:,}"


def _number(value: float) -> str:
    """Three significant digits, or all that stand before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _absolute(value: float, unit: Unit) -> str:
    match unit:
        case Unit.DECISION:
            return f"{_seconds(value)} ({_per_second(1 / value)})"
        case Unit.TEXT:
            return f"{_number(1e-6 / value)} MB/s"
        case Unit.RUN:
            return _seconds(value)
        case Unit.MEMORY:
            return f"{_number(value / 1e6)} MB"


def _per_second(value: float) -> str:
    return f"{_number(value / 1e6)} M/s" if value >= 1e6 else f"{float(f'{value:.3g}'):,.0f}/s"


def _seconds(value: float) -> str:
    for factor, name in ((1e6, "µs"), (1e3, "ms")):
        if value * factor < 1000:
            return f"{_number(value * factor)} {name}"
    return f"{_number(value)} s"


def _answers(answers: Answers) -> str:
    if not answers.compared:
        return ""
    share = answers.different / answers.compared
    return f"{answers.different:,} of {answers.compared:,}" + (f" ({share:.1%})" if share else "")


def as_json(rows: Sequence[Row], skipped: Sequence[Skipped], effort: str) -> str:
    """The same for programs."""
    results = [
        {
            "name": row.name,
            "title": row.title,
            "better": row.better,
            "figure": _rounded(row.figure),
            "rounds": [_rounded(ratio) for ratio in row.ratios],
            "must": row.target.must if row.target else None,
            "aim": row.target.aim if row.target else None,
            "unit": row.unit,
            "ours": _rounded(row.ours),
            "theirs": _rounded(row.theirs),
            "answers": {"compared": row.answers.compared, "different": row.answers.different},
        }
        for row in rows
    ]
    whole = {
        "version": 1,
        "effort": effort,
        "machine": _machine(),
        "versions": _versions(),
        "results": results,
        "skipped": {each.name: each.why for each in skipped},
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def publish(rows: Sequence[Row], skipped: Sequence[Skipped], effort: str) -> None:
    """Put the table into docs/benchmarks.md and the JSON beside the measurements."""
    page = _PAGE.read_text("utf-8")
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{_PAGE.name} has no place for results")
    shown = table(rows, skipped, effort)
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{shown}\n{_END}{after}", "utf-8")
    _RESULTS.write_text(as_json(rows, skipped, effort), "utf-8")


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _machine() -> dict[str, str]:
    return {
        "CPU": _cpu(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else "unknown"


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("sudopath", *PEERS)}
