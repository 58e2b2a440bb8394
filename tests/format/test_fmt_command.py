"""`sudopath fmt`: what is written, what is said, and with which exit code."""

from __future__ import annotations

import argparse
import io
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policy.cli import fmt
from policy.cli.exit_codes import Exit
from policy.cli.output import Output
from policy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[str, str], Path]

UGLY = 'path "a" { capabilities=["read"] }'
NEAT = 'path "a" {\n  capabilities = ["read"]\n}\n'
FAULTY = 'path "a" { capabilities=["red"] }'


def run(*arguments: str | Path) -> Exit:
    parser = argparse.ArgumentParser()
    fmt.add_command(parser.add_subparsers())
    options = parser.parse_args(["fmt", *map(str, arguments)])
    code: Exit = options.run(options, Output(sys.stdout, sys.stderr))
    return code


@pytest.fixture
def made(tmp_path: Path) -> Make:
    def make(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_bytes(text.encode())
        return file

    return make


def test_files_are_rewritten(made: Make, capsys: pytest.CaptureFixture[str]) -> None:
    ugly, neat = made("ugly.hcl", UGLY), made("neat.hcl", NEAT)
    before = neat.stat()
    assert run(ugly, neat) is Exit.YES
    assert ugly.read_text("utf-8") == NEAT
    assert neat.stat().st_mtime_ns == before.st_mtime_ns
    shown = capsys.readouterr()
    assert shown.out == f"formatted {ugly}\n"
    assert shown.err == "1 formatted, 1 already formatted\n"


def test_check_writes_nothing(made: Make, capsys: pytest.CaptureFixture[str]) -> None:
    ugly, neat = made("ugly.hcl", UGLY), made("neat.hcl", NEAT)
    assert run("--check", neat) is Exit.YES
    assert run("--check", ugly, neat) is Exit.NO
    assert ugly.read_text("utf-8") == UGLY
    assert f"would change {ugly}\n" in capsys.readouterr().out


def test_diff_writes_nothing_and_is_a_patch(made: Make, capsys: pytest.CaptureFixture[str]) -> None:
    ugly = made("ugly.hcl", "\t" + UGLY)
    assert run("--diff", ugly) is Exit.YES
    assert ugly.read_text("utf-8") == "\t" + UGLY
    assert capsys.readouterr().out == (
        f"--- {ugly}\n+++ {ugly} (formatted)\n@@ -1 +1,3 @@\n"
        f"-\t{UGLY}\n\\ No newline at end of file\n"
        '+path "a" {\n+  capabilities = ["read"]\n+}\n'
    )
    assert run("--diff", "--check", ugly) is Exit.NO


def test_a_faulty_file_is_left_alone_and_hides_no_other(
    made: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty, ugly, json = made("a.hcl", FAULTY), made("b.hcl", UGLY), made("c.json", '{"path": {}}')
    assert run(faulty, ugly, json, ugly.parent / "missing.hcl") is Exit.ERROR
    assert faulty.read_text("utf-8") == FAULTY
    assert ugly.read_text("utf-8") == NEAT
    shown = capsys.readouterr().err
    assert f"{faulty}:1:26" in shown
    assert "only HCL can be formatted" in shown
    assert "missing.hcl: no such file" in shown
    assert "1 formatted, 3 not formatted" in shown


def test_in_a_directory_json_is_passed_over(made: Make) -> None:
    ugly, json = made("ugly.hcl", UGLY), made("c.json", '{"path": {}}')
    assert run(ugly.parent) is Exit.YES
    assert ugly.read_text("utf-8") == NEAT
    assert json.read_text("utf-8") == '{"path": {}}'


@pytest.mark.parametrize(
    ("arguments", "code", "shown"),
    [([], Exit.YES, NEAT), (["--check"], Exit.NO, "would change <stdin>\n")],
)
def test_standard_input(
    arguments: list[str],
    code: Exit,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert run(*arguments, "-") is code
    assert capsys.readouterr() == (shown, "")


def test_standard_input_that_is_refused_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FAULTY.encode())))
    assert run("-") is Exit.ERROR
    assert capsys.readouterr().out == ""
    with pytest.raises(UsageError):
        run("-", "x.hcl")


def test_mode_and_link_stay(made: Make) -> None:
    file = made("ugly.hcl", UGLY)
    file.chmod(0o640)
    link = file.with_name("link.hcl")
    link.symlink_to(file)
    assert run(link) is Exit.YES
    assert link.is_symlink()
    assert file.read_text("utf-8") == NEAT
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("step", ["fsync", "write", "replace"])
def test_a_full_disk_leaves_the_old_file(
    step: str,
    made: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = made("ugly.hcl", UGLY)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    elif step == "write":
        monkeypatch.setattr(os, "fdopen", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    assert run(file) is Exit.ERROR
    monkeypatch.undo()
    assert file.read_text("utf-8") == UGLY
    assert [entry.name for entry in file.parent.iterdir()] == ["ugly.hcl"]
    assert "cannot write: No space left on device" in capsys.readouterr().err
