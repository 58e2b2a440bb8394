"""The broken policies of `fixtures/syntax`, which carry their expected findings in themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.diagnostics import Diagnostic
from policy.lower import Compiled, compile_policy
from policy.model import DEFAULT_DIALECT, Dialect
from policy.source import Source
from policy.syntax import FlawKind

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "fixtures" / "syntax").rglob("*.*") if path.suffix != ".md")
NOW = 1_800_000_000.0

_NOTE = re.compile(r'\s*(?:# |"name": ")(?P<key>expect|dialect): (?P<value>.*)')


def notes(file: Path, key: str) -> list[str]:
    """The values of all notes of one kind in a file."""
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    found = [match["value"] for match in map(_NOTE.match, text.splitlines()) if match is not None]
    keys = [match["key"] for match in map(_NOTE.match, text.splitlines()) if match is not None]
    values = [value for value, its_key in zip(found, keys, strict=True) if its_key == key]
    if file.suffix == ".json":
        values = [value.rstrip(",").removesuffix('"').replace('\\"', '"') for value in values]
        values = [value.replace("\\\\", "\\") for value in values]
    return values


def compiled(file: Path) -> Compiled:
    (dialect,) = notes(file, "dialect") or [DEFAULT_DIALECT.name]
    source = Source.of(file.read_bytes(), str(file))
    return compile_policy(source, "fixture", Dialect.named(dialect), NOW)


def written(finding: Diagnostic) -> str:
    """A finding as a fixture writes it."""
    start = finding.source.position(finding.span.start)
    end = finding.source.position(finding.span.end)
    until = f"{end.column}" if end.line == start.line else f"{end.line}:{end.column}"
    place = f"{start.line}:{start.column}-{until}"
    help_text = "" if finding.help is None else f": {finding.help}"
    return f"{place} {finding.severity} {finding.code}{help_text}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_findings(file: Path) -> None:
    expected = notes(file, "expect")
    assert expected, "a broken policy says what is to be found in it"
    result = compiled(file)
    assert [written(finding) for finding in result.diagnostics] == expected
    refused = any(" error " in line for line in expected)
    assert (result.policy is None) == refused


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_finding_can_be_shown(file: Path) -> None:
    """One phrase, names in backticks, no blame; the line in question, and marks under it."""
    for finding in compiled(file).diagnostics:
        assert finding.message
        assert "!" not in finding.message
        assert not finding.message.endswith(".")
        first, line, marks, *_ = finding.render().split("\n")
        assert first.endswith(f"{finding.message} [{finding.code}]")
        assert marks.strip(" |^") == ""
        marked = line[marks.index("^") : marks.rindex("^") + 1]
        start, end = finding.span
        text = finding.source.text[start:end].split("\n")[0]
        printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
        assert marked == printable[: len(marked)]


def codes_in(module: Path) -> Iterator[str]:
    """The codes that a module gives to findings."""
    makers = {"Diagnostic", "error", "warn", "inform", "_error"}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        value = None
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            value = node.args[0] if name in makers else None
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value if node.targets[0].id == "code" else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


NOT_IN_A_FILE = {
    "nesting-too-deep",  # 10,000 brackets: see tests/test_hostile_input.py
}


def test_every_code_has_a_file() -> None:
    modules = [*(ROOT / "policy/syntax").glob("*.py"), *(ROOT / "policy/lower").rglob("*.py")]
    known = {code for module in modules for code in codes_in(module)} | set(FlawKind)
    shown = {line.split()[2].rstrip(":") for file in FILES for line in notes(file, "expect")}
    assert len(known) > 30
    assert known - shown == NOT_IN_A_FILE


def test_both_forms_are_covered() -> None:
    assert {file.parent.name for file in FILES} == {"hcl", "json"}
