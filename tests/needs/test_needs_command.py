"""`sudopath needs` and `sudopath paths`: what is shown, and with which exit code."""

from __future__ import annotations

import argparse
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

import policy
from policy.cli import needs, paths
from policy.cli.exit_codes import Exit
from policy.cli.output import Output
from policy.errors import PolicyError, SourceError, UsageError
from policy.report.needs_json import NeedsReport
from policy.report.paths_json import PathsReport

if TYPE_CHECKING:
    from pathlib import Path

STEP_DOWN = 'path "sys/step-down" {\n  capabilities = ["update", "sudo"]\n}\n'


class Shown:
    """Runs a command and keeps what it showed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.text = ""

    def __call__(self, *arguments: str) -> Exit:
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers()
        needs.add_command(commands)
        paths.add_command(commands)
        options = parser.parse_args(arguments)
        code: Exit = options.run(options, Output(sys.stdout, sys.stderr))
        self.text = self._capsys.readouterr().out
        return code

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def policy(self) -> str:
        """The text without its comments."""
        lines = self.text.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("#")).strip("\n") + "\n"


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Shown:
    return Shown(capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["POST", "sys/step-down"],
        ["PUT", "/v1/sys/step-down"],
        ["update", "sys/step-down"],
        ["vault", "operator", "step-down"],
        ["bao", "operator", "step-down", "-namespace="],
        ["curl", "-X", "PUT", "$VAULT_ADDR/v1/sys/step-down"],
        ["POST sys/step-down"],
        ["vault operator step-down", "curl -XPUT $VAULT_ADDR/v1/sys/step-down"],
    ],
)
def test_every_way_to_ask(shown: Shown, words: list[str]) -> None:
    assert shown("needs", *words) is Exit.YES
    assert shown.policy == STEP_DOWN
    assert "#   sudo: `sys/step-down` is root-protected" in shown.text


def test_all_that_is_printed_is_a_policy_that_fits_a_terminal(shown: Shown) -> None:
    assert shown("needs", "vault kv put secret/a k=v", "GET sys/health") is Exit.YES
    assert len(policy.parse(shown.text).rules) == 1
    assert max(map(len, shown.text.splitlines())) <= 80
    assert "`secret/` is taken for KV version 2" in shown.text
    assert "existence decides" in shown.text


def test_our_options_may_stand_behind_a_method_and_path(shown: Shown) -> None:
    for words in (
        ["--exists", "no", "--format", "json", "POST", "secret/data/a"],
        ["POST", "secret/data/a", "--exists", "no", "--format", "json"],
    ):
        assert shown("needs", *words) is Exit.YES
        assert shown.json["requests"][0]["capabilities"] == ["create"]


def test_json(shown: Shown) -> None:
    assert shown("needs", "--format", "json", "--dialect", "openbao-2.7", "LIST", "a") is Exit.YES
    assert shown.json == {
        "version": 1,
        "dialect": "openbao-2.7",
        "requests": [
            {
                "operation": "list",
                "path": "a/",
                "namespace": "",
                "capabilities": ["list"],
                "sudo": None,
                "parameters": [],
                "hangs_on_existence": False,
                "possible": True,
                "reason": "",
                "notes": [],
            }
        ],
        "policies": [
            {
                "namespace": "",
                "policy": 'path "a/" {\n  capabilities = ["list"]\n}\n',
                "capabilities": 1,
            }
        ],
        "notes": [],
    }


def test_a_file_of_requests(shown: Shown, tmp_path: Path) -> None:
    file = tmp_path / "runbook"
    file.write_text(
        "# at night\n\n$ vault operator step-down\n"
        '{"operation": "read", "path": "sys/health"}\n'
        '{"method": "GET", "target": "/v1/a/b?x=1", "namespace": "team-a"}\n'
        "curl \\\n  $VAULT_ADDR/v1/a/c\n",
        "utf-8",
    )
    assert shown("needs", "--requests", str(file), "--format", "json") is Exit.YES
    assert [found["path"] for found in shown.json["requests"]] == [
        "sys/step-down",
        "sys/health",
        "a/b",
        "a/c",
    ]
    assert [found["namespace"] for found in shown.json["policies"]] == ["", "team-a/"]


def test_requests_on_standard_input(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"PUT sys/step-down\n")))
    assert shown("needs", "--requests", "-") is Exit.YES
    assert shown.policy == STEP_DOWN


def test_mounts(shown: Shown, tmp_path: Path) -> None:
    file = tmp_path / "mounts.json"
    file.write_text('{"kv1/": {"type": "kv"}, "ca/": "pki"}', "utf-8")
    assert shown("needs", "--mounts", str(file), "vault", "kv", "get", "kv1/a") is Exit.YES
    assert shown.policy == 'path "kv1/a" {\n  capabilities = ["read"]\n}\n'
    assert shown("needs", "--mounts", str(file), "DELETE", "ca/root") is Exit.YES
    assert '["delete", "sudo"]' in shown.policy
    assert shown("paths", "--sudo", "--mounts", str(file), "--format", "json") is Exit.YES
    listed = {found["path"] for found in shown.json["paths"]}
    assert "ca/root" in listed
    assert "pki/root" not in listed


def test_parameters(shown: Shown) -> None:
    words = ["needs", "--pin-parameters", "--data", '{"ttl": "1h"}', "POST", "auth/token/create"]
    assert shown(*words) is Exit.YES
    assert '"ttl" = []' in shown.policy
    assert "#   parameters: ttl" in shown.text


def test_what_no_policy_allows_is_a_no(shown: Shown) -> None:
    assert shown("needs", "GET", "a//b") is Exit.NO
    assert "cannot be allowed by any policy" in shown.text
    assert "path " not in shown.policy
    assert shown("needs", "GET a//b", "GET c", "--format", "json") is Exit.NO
    assert [found["possible"] for found in shown.json["requests"]] == [False, True]
    assert shown.json["policies"] == []


def test_what_needs_nothing(shown: Shown) -> None:
    assert shown("needs", "GET", "sys/health") is Exit.YES
    assert "# No policy is needed." in shown.text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no request"),
        (["GET"], "no method and path"),
        (["FROB", "a"], "no operation for the method"),
        (["frob", "a"], "unknown operation"),
        (["vault", "frob"], "unknown command"),
        (["--data", "[]", "POST", "a"], "JSON object"),
        (["--data", "{", "POST", "a"], "not JSON"),
        (['GET "a'], "no closing quotation"),
    ],
)
def test_usage(shown: Shown, words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        shown("needs", *words)


def test_a_line_that_does_not_hold_is_named(shown: Shown, tmp_path: Path) -> None:
    file = tmp_path / "runbook"
    file.write_text('GET a\nvault frob\n{"operation": 1}\n', "utf-8")
    with pytest.raises(PolicyError, match=r"runbook:2: unknown command"):
        shown("needs", "--requests", str(file))
    file.write_text('GET a\n{"operation": 1}\n', "utf-8")
    with pytest.raises(PolicyError, match=r"runbook:2: .*operation"):
        shown("needs", "--requests", str(file))
    with pytest.raises(SourceError, match="No such file"):
        shown("needs", "--requests", str(tmp_path / "missing"))


def test_root_protected_paths(shown: Shown) -> None:
    assert shown("paths", "--sudo") is Exit.YES
    assert "  xxxx  sys/step-down" in shown.text
    assert "\nsys/ (system)\n" in shown.text
    assert shown("paths", "--sudo", "--sources", "--dialect", "openbao-2.7") is Exit.YES
    assert "OpenBao 2.7.2 server: the request made with and without sudo" in shown.text


def test_root_protected_paths_are_those_of_the_engine(shown: Shown) -> None:
    """Every path that is listed as root-protected for a server needs sudo there, and only there."""
    assert shown("paths", "--sudo", "--format", "json") is Exit.YES
    mounts = policy.MountTable.default().with_mounts({"pki": "pki"})
    checked = 0
    for found in shown.json["paths"]:
        if not found["root_protected"] or not found["mount"].startswith(("sys/", "pki/")):
            continue
        path = found["path"].replace("*", "x").replace("+", "y")
        for name in policy.DIALECTS:
            acl = policy.PolicySet([], dialect=name).acl(policy.Token([]), mounts=mounts)
            protected = acl.guard.root_protected(path) is not None
            if name in found["dialects"]:
                assert protected, (path, name)
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("dialect", sorted(policy.DIALECTS))
def test_json_has_its_published_shape(shown: Shown, dialect: str) -> None:
    asked = ["POST sys/step-down", "vault kv put secret/a k=v", "GET a//b", "GET sys/health"]
    shown("needs", *asked, "--dialect", dialect, "--format", "json")
    needed = shown.json
    assert TypeAdapter(NeedsReport).validate_python(needed, strict=True) == needed
    assert len(needed["requests"]) == len(asked)
    assert shown("paths", "--sudo", "--dialect", dialect, "--format", "json") is Exit.YES
    listed = shown.json
    assert TypeAdapter(PathsReport).validate_python(listed, strict=True) == listed
    assert {found["kind"] for found in listed["paths"]} == {"sudo", "sudo-conditional"}
