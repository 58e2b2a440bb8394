"""What docs/ci.md, the GitHub action and the pre-commit hooks run, with the installed program."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

from tests.packaging.conftest import CHECKOUT, Installation

GOOD = 'path "secret/data/app" {\n  capabilities = ["read"]\n}\n'
BAD = 'path "secret//data/app" {\n  capabilities = ["read"]\n}\n'
UGLY = 'path "secret/data/app" { capabilities=["read"] }\n'
PAGE = (CHECKOUT / "docs" / "ci.md").read_text("utf-8")


class Shell(NamedTuple):
    """A shell that finds the installed program first, in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    def run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def shell(installation: Installation, tmp_path: Path) -> Shell:
    found = {"PATH": f"{installation.command.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "good.hcl").write_text(GOOD, "utf-8")
    return Shell(tmp_path, found)


def written(shell: Shell, name: str, text: str) -> Path:
    file = shell.folder / "policies" / name
    file.write_text(text, "utf-8")
    return file


def steps() -> dict[str, str]:
    """The shell scripts of the action, by name."""
    text = (CHECKOUT / "action.yml").read_text("utf-8")
    found = {}
    for step in text.split("    - name: ")[1:]:
        name, _, rest = step.partition("\n")
        lines = rest.split("\n")
        at = next(number for number, line in enumerate(lines) if line.startswith("      run:"))
        script = lines[at].partition("run: ")[2]
        if script == "|":
            more = lines[at + 1 :]
            end = next(n for n, line in enumerate(more) if not line.startswith("        "))
            script = dedent("\n".join(more[:end]))
        found[name] = script
    return found


def test_the_action_installs_and_lints(shell: Shell, tmp_path: Path) -> None:
    """Without the network: what building takes, and what the program needs, lies here already."""
    written(shell, "bad.hcl", BAD)
    path_file = tmp_path / "github_path"
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    quick = {"PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    python = Path(sys.executable).parent
    found = {
        **offline,
        **quick,
        "PATH": f"{python}:/usr/bin:/bin",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_PATH": str(path_file),
        "ACTION": str(CHECKOUT),
        "ARGUMENTS": "--level pedantic --fail-on info",
        "PATHS": "policies/good.hcl policies/bad.hcl",
        "SARIF_FILE": "out.sarif",
    }
    scripts = steps()
    assert list(scripts) == ["Install", "SARIF", "Lint"]
    done = shell.run(scripts["Install"], **found)
    assert done.returncode == 0, done.stderr
    found["PATH"] = f"{path_file.read_text('utf-8').strip()}:/usr/bin:/bin"
    # Findings leave the first step well, so that the next one shows them.
    done = shell.run(scripts["SARIF"], **found)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads((shell.folder / "out.sarif").read_bytes())["runs"][0]["results"]
    assert result["ruleId"] == "impossible-path"
    done = shell.run(scripts["Lint"], **found)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=policies/bad.hcl,line=1,")
    gone = found | {"PATHS": "policies/gone.hcl"}
    assert shell.run(scripts["SARIF"], **gone).returncode != 0


def test_the_page_names_the_inputs_of_the_action() -> None:
    action = (CHECKOUT / "action.yml").read_text("utf-8")
    inputs = set(re.findall(r"^  ([a-z-]+):$", action.partition("runs:")[0], re.MULTILINE))
    used = PAGE[PAGE.index("OWNER/sudopath@VERSION") :].partition("  - uses")[0]
    assert set(re.findall(r"^      ([a-z-]+):", used, re.MULTILINE)) == inputs
    assert set(re.findall(r"inputs\.([a-z-]+)", action)) == inputs


def test_the_gitlab_snippet(shell: Shell) -> None:
    section = PAGE.partition("## GitLab")[2].partition("## ")[0]
    script = section.partition("  script:\n")[2].partition("  artifacts:")[0]
    lines = [line.partition("- ")[2] for line in script.splitlines()]
    assert len(lines) == 2
    # GitLab ends a job at the first line that fails.
    assert shell.run("\n".join(lines)).returncode == 0
    (report,) = re.findall(r"codequality: (\S+)", section)
    assert json.loads((shell.folder / report).read_bytes()) == []
    written(shell, "bad.hcl", BAD)
    assert shell.run("\n".join(lines)).returncode == 1
    (finding,) = json.loads((shell.folder / report).read_bytes())
    assert finding["location"] == {"path": "policies/bad.hcl", "lines": {"begin": 1}}
    written(shell, "bad.hcl", UGLY)
    done = shell.run("\n".join(lines))
    assert (done.returncode, done.stdout) == (1, "would change policies/bad.hcl\n")


def hooks() -> dict[str, dict[str, str]]:
    """The hooks by id: each is a list of keys and plain values."""
    text = (CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8")
    found = {}
    for hook in re.split(r"^- ", text, flags=re.MULTILINE)[1:]:
        pairs = (line.strip().partition(": ") for line in hook.splitlines() if ": " in line)
        values = {key: value.strip("'") for key, _, value in pairs}
        found[values["id"]] = values
    return found


@pytest.mark.parametrize(
    ("hook", "text", "code", "words"),
    [
        ("sudopath-lint", BAD, 1, "impossible-path"),
        ("sudopath-validate", BAD.replace("read", "red"), 1, "`red` is not a capability"),
        ("sudopath-fmt", UGLY, 0, "formatted policies/bad.hcl"),
    ],
)
def test_a_hook(shell: Shell, hook: str, text: str, code: int, words: str) -> None:
    """As pre-commit runs it: the entry, and behind it the files of the commit that match."""
    entry, files = hooks()[hook]["entry"], hooks()[hook]["files"]
    written(shell, "notes.txt", "no policy")
    bad = written(shell, "bad.hcl", text)
    names = [f"policies/{name}" for name in ("bad.hcl", "good.hcl", "notes.txt")]
    chosen = [name for name in names if re.search(files, name)]
    assert chosen == names[:2]
    done = shell.run(f"{entry} {shlex.join(chosen)}")
    assert done.returncode == code, done.stderr
    assert words in done.stdout
    # A file that was rewritten makes pre-commit fail by itself.
    assert (bad.read_text("utf-8") == text) == (hook != "sudopath-fmt")
    bad.unlink()
    assert shell.run(f"{entry} policies/good.hcl").returncode == 0


def test_the_page_names_the_hooks() -> None:
    section = PAGE.partition("## pre-commit")[2]
    assert sorted(re.findall(r"- id: (\S+)", section)) == sorted(hooks())


def test_the_settings_of_the_page_are_understood(shell: Shell) -> None:
    settings = PAGE.partition("```toml\n")[2].partition("```")[0]
    (shell.folder / "sudopath.toml").write_text(settings, "utf-8")
    (shell.folder / "mounts.json").write_text('{"secret/": "kv-v2"}', "utf-8")
    done = shell.run("sudopath lint policies --write-baseline lint-baseline.json")
    assert done.returncode == 0, done.stderr
    done = shell.run("sudopath lint policies --format json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["dialect"] == "openbao-2.7"
