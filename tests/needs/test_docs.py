"""Every example of the two pages shows what the page shows."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path

import pytest

from policy.cli import fmt, needs, paths
from policy.cli.output import Output

ROOT = Path(__file__).parents[2]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    example
    for page in ("fmt", "needs")
    for block in CONSOLE.findall((ROOT / "docs" / f"{page}.md").read_text("utf-8"))
    for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("example", EXAMPLES, ids=[e.partition("\n")[0] for e in EXAMPLES])
def test_example(
    example: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    line, _, expected = example.partition("\n")
    command, _, head = line.partition(" | head -")
    program, *words = shlex.split(command)
    assert program == "sudopath"
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in (fmt, needs, paths):
        module.add_command(commands)
    options = parser.parse_args(words)
    options.run(options, Output(sys.stdout, sys.stderr))
    shown = capsys.readouterr().out.splitlines(keepends=True)
    assert "".join(shown[: int(head) if head else None]) == expected
