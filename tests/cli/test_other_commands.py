"""`sudopath capabilities`, `validate` and `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from policy.report import FileReport
from tests.cli.conftest import Run

SHAPE: TypeAdapter[Any] = TypeAdapter(FileReport)


# capabilities


def test_capabilities(run: Run) -> None:
    done = run("capabilities -p policies -t ops,dev sys/step-down secret/a nothing")
    assert done.out.splitlines() == [
        "sys/step-down  sudo, update",
        "secret/a       list, read",
        "nothing        deny",
    ]
    assert (done.code, done.err) == (0, "")


def test_capabilities_as_json(run: Run) -> None:
    done = run("capabilities -p policies -t root --format json a b")
    assert done.json == {"a": ["root"], "b": ["root"]}
    assert run("capabilities -p policies -t dev --format json", " secret/a ").json == {
        " secret/a ": ["list", "read"]
    }


def test_capabilities_in_a_namespace(run: Run) -> None:
    Path("policies/ns.hcl").write_text('path "ns1/a" { capabilities = ["read"] }')
    for namespace in ("ns1", "/ns1/", "ns1/"):
        assert run(f"capabilities -p policies -t ns --namespace {namespace} a").out == "a  read\n"
    assert run("capabilities -p policies -t ns a").out == "a  deny\n"


def test_capabilities_of_no_path(run: Run) -> None:
    assert "required: PATH" in run("capabilities -p policies -t ops").err
    done = run("capabilities -p policies -t ops", " ")
    assert (done.code, done.err) == (2, "sudopath: a path is empty\n")


def test_capabilities_without_an_acl(run: Run) -> None:
    Path("token.json").write_text('{"policies": ["root", "dev"]}')
    done = run("capabilities -p policies --token-file token.json a")
    assert (done.code, done.out) == (2, "")
    assert "the server builds no ACL for this token: the policy `root` cannot be mixed" in done.err


# validate


def test_validate(run: Run) -> None:
    done = run("validate policies")
    assert (done.code, done.out, done.err) == (0, "4 accepted (vault-2.0)\n", "")


def test_validate_shows_everything_and_goes_on(run: Run) -> None:
    Path("policies/bad.hcl").write_text('path "a" { capabilities = ["raed"] }')
    Path("policies/odd.json").write_text('{"path": {"a": {"capabilities": ["read", true]}}}')
    done = run("validate missing policies policies/ops.hcl")
    assert done.code == 2
    assert done.err == "sudopath: missing: no such file or directory\n"
    assert (
        "policies/bad.hcl:1:28: error: `raed` is not a capability [unknown-capability]" in done.out
    )
    assert "policies/odd.json:1:42: warning: `true` in a JSON list is skipped" in done.out
    assert done.out.endswith("6 accepted, 1 refused, 1 unreadable (vault-2.0)\n")


@pytest.mark.parametrize(
    ("text", "code", "summary"),
    [
        ('path "a" { capabilities = ["read"] }', 0, "1 accepted"),
        ('path "a" { capabilities = ["deny"] min_wrapping_ttl = 5 }', 0, "1 accepted"),
        ('path "a" { capabilities = ["scan"] }', 1, "0 accepted, 1 refused"),
        ("", 0, "1 accepted"),
        (" " * (33 * 1024 * 1024), 2, "0 accepted, 1 unreadable"),
    ],
    ids=["good", "warning", "bad", "empty", "large"],
)
def test_validate_standard_input(run: Run, text: str, code: int, summary: str) -> None:
    done = run("validate -", stdin=text.encode())
    assert done.code == code
    assert done.out.endswith(f"{summary} (vault-2.0)\n")


def test_a_standard_input_that_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tests.cli.conftest.Keyboard.read", fail)
    done = run("validate - policies/ops.hcl")
    assert done.code == 2
    assert done.err == "sudopath: <stdin>: Input/output error\n"
    assert done.out == "1 accepted, 1 unreadable (vault-2.0)\n"


def test_validate_for_another_server(run: Run) -> None:
    Path("scan.hcl").write_text('path "a" { capabilities = ["scan"] }')
    assert run("validate scan.hcl").code == 1
    assert run("validate scan.hcl --dialect openbao-2.7").code == 0


def test_validate_as_json(run: Run) -> None:
    Path("bad.hcl").write_bytes(b'path "a" {\n  capabilites = ["\xff"]\n}\n')
    done = run("validate mine=bad.hcl policies/ops.hcl --format json")
    bad, good = [SHAPE.validate_python(report, strict=True) for report in done.lines]
    assert (bad["file"], bad["policy"], bad["accepted"], bad["rules"]) == (
        "bad.hcl",
        "mine",
        False,
        0,
    )
    assert [d["code"] for d in bad["diagnostics"]] == ["invalid-utf-8"]
    assert (good["policy"], good["accepted"], good["rules"], good["diagnostics"]) == (
        *("ops", True, 1),
        [],
    )
    assert done.code == 1


def test_validate_nothing(run: Run) -> None:
    assert run("validate").code == 2
    Path("empty").mkdir()
    done = run("validate empty")
    assert done.code == 2
    assert "no policy files" in done.err


# schema


def test_schema(run: Run) -> None:
    assert run("schema token").json["title"] == "TokenFile"
    assert run("schema nonsense").code == 2
    assert run("schema").code == 2


# help


def commands(run: Run) -> list[str]:
    import re

    return re.findall(r"^    ([a-z-]+)\b", run("--help").out, re.MULTILINE)


def test_help(run: Run) -> None:
    known = commands(run)
    assert {"check", "capabilities", "validate", "schema"} <= set(known)
    for command in known:
        done = run(f"{command} --help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"usage: sudopath {command} ")


def test_help_names_exit_codes_and_examples(run: Run) -> None:
    for command in ("check", "capabilities", "validate"):
        out = run(f"{command} --help").out
        assert "exit codes: 0" in out
        assert f"\n  sudopath {command} " in out


def test_version(run: Run) -> None:
    done = run("--version")
    assert done.code == 0
    assert done.out.startswith("sudopath ")


def test_version_of_what_is_not_installed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert run("--version").out == "sudopath (not installed)\n"
