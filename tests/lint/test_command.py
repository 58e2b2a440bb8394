"""`sudopath lint` and `sudopath explain`, from the words of the command line on."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from policy.cli import explain, lint
from policy.cli.output import Output
from policy.errors import PolicyError, UsageError
from policy.lint import all_rules
from tests.lint.world import FIXTURES, ROOT

BAD = 'path "secret//a" { capabilities = ["read"] }\n'
GOOD = 'path "secret/data/a" { capabilities = ["read"] }\n'


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(*arguments: object) -> Ran:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    lint.add_command(commands)
    explain.add_command(commands)
    options = parser.parse_args([str(each) for each in arguments])
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = int(options.run(options, Output(out, err)))
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return Ran(code, *texts)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it and no configuration above it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sudopath.toml").write_text("", "utf-8")
    return tmp_path


def written(name: str, text: str) -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


def test_exit_codes() -> None:
    bad, good = written("bad.hcl", BAD), written("good.hcl", GOOD)
    assert run("lint", good).code == 0
    assert run("lint", good, bad).code == 1
    unreadable = run("lint", "gone.hcl", bad)
    assert unreadable.code == 2
    assert "gone.hcl" in unreadable.err
    assert unreadable.out.endswith("; 1 unreadable\n")
    assert "impossible-path" in unreadable.out


def test_fail_on() -> None:
    file = written("a.hcl", 'path "/secret/a" { capabilities = ["read"] }\n')
    assert run("lint", file, "--level", "pedantic").code == 0
    assert run("lint", file, "--level", "pedantic", "--fail-on", "info").code == 1
    assert run("lint", written("b.hcl", BAD), "--fail-on", "error").code == 1


def test_select_and_ignore() -> None:
    file = written("a.hcl", 'path "/secret//a" { capabilities = ["read"] }\n')
    only = json.loads(run("lint", file, "--select", "SP306", "--format", "json").out)
    assert [finding["rule"] for finding in only["findings"]] == ["leading-slash"]
    assert run("lint", file, "--ignore", "impossible-path").code == 0
    with pytest.raises(UsageError, match="there is no rule `x`"):
        run("lint", file, "--ignore", "x")


def test_a_baseline_leaves_known_findings_out() -> None:
    file = written("a.hcl", BAD)
    assert run("lint", file, "--write-baseline", "base.json").code == 0
    assert run("lint", file, "--baseline", "base.json").code == 0
    written("a.hcl", "# moved\n\n" + BAD + BAD.replace("/a", "/new"))
    after = run("lint", file, "--baseline", "base.json")
    assert after.code == 1
    assert "secret//new" in after.out
    assert "secret//a`" not in after.out
    assert after.out.endswith("1 error in 1 file; 1 in the baseline\n")


def test_the_configuration_is_found_and_the_command_line_counts_more() -> None:
    written("sudopath.toml", "[lint]\nlevel = 'pedantic'\ndialect = 'openbao-2.7'\n")
    file = written("a.hcl", 'path "/secret/a" { capabilities = ["read"] }\n')
    assert "leading-slash" in run("lint", file).out
    assert "leading-slash" not in run("lint", file, "--level", "regular").out
    assert json.loads(run("lint", file, "--format", "json").out)["dialect"] == "openbao-2.7"


def test_per_file_ignores() -> None:
    written("sudopath.toml", "[lint.per-file-ignores]\n'old/*' = ['impossible-path']\n")
    assert run("lint", written("old/a.hcl", BAD)).code == 0
    assert run("lint", written("new/a.hcl", BAD)).code == 1


def test_fix_rewrites_and_diff_only_shows() -> None:
    text = 'path "/secret/a" { capabilities = ["read"] }\n'
    file = written("a.hcl", text)
    shown = run("lint", file, "--level", "pedantic", "--diff")
    assert shown.code == 0
    assert '+path "secret/a"' in shown.out
    assert file.read_text("utf-8") == text
    fixed = run("lint", file, "--level", "pedantic", "--fix")
    assert fixed.code == 0
    assert fixed.err == "1 fixed\n"
    assert file.read_text("utf-8") == text.replace('"/', '"')
    assert [each.name for each in Path().glob(".*")] == []


def test_unsafe_fixes_have_to_be_asked_for() -> None:
    file = written("a.hcl", BAD)
    assert run("lint", file, "--fix").code == 1
    assert file.read_text("utf-8") == BAD
    assert run("lint", file, "--fix", "--unsafe-fixes").code == 0
    assert file.read_text("utf-8") == BAD.replace("//", "/")


def test_mounts() -> None:
    file = written("a.hcl", 'path "secret/app" { capabilities = ["read"] }\n')
    assert run("lint", file).code == 0
    found = run("lint", file, "--mounts", FIXTURES / "mounts.json")
    assert "kv2-missing-prefix" in found.out


def test_inventory() -> None:
    inventory = ROOT / "fixtures" / "inventory"
    file = written("idle.hcl", GOOD)
    arguments = ["--inventory", inventory / "inventory.json", "--fail-on", "info"]
    ran = run("lint", file, inventory / "after", *arguments, "--select", "never-attached")
    assert ran.code == 1
    assert "nobody in the inventory holds `idle`" in ran.out
    assert "`ops`" not in ran.out


def test_a_policy_that_is_attached_but_missing_stands_in_the_inventory() -> None:
    written("policies/ops.hcl", GOOD)
    text = '{"tokens": {\n  "oncall": {"policies": ["ops", "opps"]}\n}}\n'
    inventory = written("inventory.json", text)
    for form in ("text", "json", "sarif", "github", "gitlab", "junit"):
        ran = run("lint", "policies", "--inventory", inventory, "--format", form)
        assert ran.code == 1, form
        assert "missing-policy" in ran.out
    told = run("lint", "policies", "--inventory", inventory).out
    assert told.startswith("inventory.json:2:34: warning: token `oncall` has the policy `opps`, ")
    assert "did you mean `ops`?" in told
    # Single files are not all policies.
    assert run("lint", "policies/ops.hcl", "--inventory", inventory).code == 0


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit"])
def test_every_format_comes_out(form: str) -> None:
    ran = run("lint", written("bad.hcl", BAD), "--format", form)
    assert ran.code == 1
    assert "impossible-path" in ran.out
    if form in ("json", "sarif", "gitlab"):
        json.loads(ran.out)


def test_a_directory_without_policies_is_an_error() -> None:
    Path("empty").mkdir()
    assert run("lint", "empty").code == 2
    with pytest.raises(PolicyError):
        run("lint", written("a.hcl", GOOD), "--mounts", "gone.json")


def test_explain() -> None:
    table = run("explain").out.splitlines()
    assert len(table) == len(all_rules())
    text = run("explain", "sp101").out
    assert text.startswith("sudo-without-operation (SP101): ")
    assert "Instead:" in text
    assert max(map(len, (run("explain", *(r.id for r in all_rules())).out).splitlines())) <= 100
