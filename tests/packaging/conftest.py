"""Builds the distributions once a run, without the network."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; what it printed is in the failure."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} in {cwd}:\n{done.stdout}\n{done.stderr}"
    return done


def build(kind: str, source: Path, into: Path) -> Path:
    """Build the `wheel` or `sdist` of a source tree with the tools of this environment."""
    run(
        sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", into, source,
        cwd=into,
    )  # fmt: skip
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", CHECKOUT, tmp_path_factory.mktemp("sdist"))


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment that holds the wheel, and the dependencies of the running one."""

    python: Path
    command: Path
    site_packages: Path


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    paths = {"base": str(home), "platbase": str(home)}
    scripts = Path(sysconfig.get_path("scripts", "venv", paths))
    site_packages = Path(sysconfig.get_path("purelib", "venv", paths))
    python = scripts / "python"
    run(
        sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python,
        "install", "--no-index", "--no-deps", wheel,
        cwd=home,
    )  # fmt: skip
    # A `.pth` file of that folder is not read here, so the checkout stays out of sight even
    # where the project is installed as editable.
    dependencies = sysconfig.get_path("purelib")
    (site_packages / "dependencies.pth").write_text(dependencies, encoding="utf-8")
    return Installation(python, scripts / "sudopath", site_packages)
