"""The wheel, installed away from the checkout."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from tests.packaging.conftest import CHECKOUT, Installation, run

RECORDED = CHECKOUT / "fixtures" / "recorded"


def test_the_package_comes_from_the_installation(
    installation: Installation, tmp_path: Path
) -> None:
    found = run(
        installation.python, "-c", "import policy; print(policy.__file__)", cwd=tmp_path
    ).stdout.strip()
    assert Path(found) == installation.site_packages / "policy" / "__init__.py"


def test_the_installed_engine_agrees_with_recorded_verdicts(
    installation: Installation, tmp_path: Path
) -> None:
    # A copy of the runner alone: the checkout itself must not be on the path.
    shutil.copytree(CHECKOUT / "tests" / "corpus", tmp_path / "tests" / "corpus")
    files = sorted((RECORDED / "language").glob("*.gz"))
    files += [RECORDED / "acl" / f"{name}.jsonl.gz" for name in ("handmade", "step-down")]
    printed = run(installation.python, "-m", "tests.corpus", *files, cwd=tmp_path).stdout
    assert " 0 disagree" in printed.splitlines()[-1]


def test_the_command_is_there(installation: Installation, tmp_path: Path) -> None:
    assert "usage: sudopath" in run(installation.command, "--help", cwd=tmp_path).stdout


def test_the_command_knows_its_version(installation: Installation, tmp_path: Path) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    printed = run(installation.command, "--version", cwd=tmp_path).stdout
    assert printed == f"sudopath {project['version']}\n"


def test_the_module_runs_as_the_command(installation: Installation, tmp_path: Path) -> None:
    printed = run(installation.python, "-m", "policy", "--help", cwd=tmp_path).stdout
    assert printed == run(installation.command, "--help", cwd=tmp_path).stdout
