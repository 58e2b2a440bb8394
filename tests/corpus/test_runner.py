"""The runner itself: it tells agreement from disagreement, and says when it cannot tell."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.__main__ import main

POLICY: dict[str, Any] = {
    "id": "made-up-1",
    "policy": 'path "a" { capabilities = ["read"] }',
    "accepted": True,
    "error": None,
    "probes": {"a": ["read"], "b": ["deny"]},
    "rules": {"exact": {"a": {"capabilities": ["read"]}}, "prefix": {}},
}
ACCESS: dict[str, Any] = {
    "id": "made-up-2",
    "dialect": "openbao-2.7",
    "policies": {"p": 'path "a" { capabilities = ["read", "list"] }', "q": "nonsense"},
    "rejected": {"q": "no"},
    "entity": None,
    "groups": [],
    "capabilities": [{"path": "a", "capabilities": ["list", "read"]}],
    "requests": [
        {"operation": "read", "path": "a", "data": None, "wrap_ttl_seconds": None, "allowed": True},
        {
            "operation": "read",
            "path": "b",
            "data": None,
            "wrap_ttl_seconds": None,
            "allowed": False,
        },
    ],
}
SYNTAX: dict[str, Any] = {
    "id": "made-up-3",
    "policy": 'path "a" { policy = "read" policy = "write" }',
    "openbao": {"accepted": True, "error": None},
    "syntax_old": {"accepted": True, "error": None},
    "syntax_strict": {"accepted": False, "error": "set twice"},
}


def written(folder: Path, *lines: dict[str, Any] | str) -> str:
    path = folder / "cases.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(texts), encoding="utf-8")
    return str(path)


def test_all_formats_in_one_file_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, POLICY, ACCESS, "", SYNTAX)
    assert main([file]) == 0
    assert capsys.readouterr().out == (
        f"{file}: 13 verdicts compared, 13 agreed, 0 disagree\n"
        "in all: 13 verdicts compared, 13 agreed, 0 disagree\n"
    )


def test_a_gzipped_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "cases"
    file.write_bytes(gzip.compress(json.dumps(POLICY).encode()))
    assert main([str(file)]) == 0


@pytest.mark.parametrize(
    ("row", "change", "words"),
    [
        (POLICY, {"accepted": False}, "accepted: recorded false, found true"),
        (POLICY, {"policy": "nonsense"}, "accepted: recorded true, found false"),
        (POLICY, {"probes": {"a": ["list"]}}, "capabilities of 'a': recorded"),
        (POLICY, {"rules": {"exact": {}, "prefix": {}}}, "rules: recorded"),
        (POLICY, {"acl": "refused"}, "an ACL is built: recorded false, found true"),
        (ACCESS, {"rejected": {}}, "policy 'q' accepted: recorded true, found false"),
        (ACCESS, {"acl_error": "no"}, "an ACL is built: recorded false, found true"),
        (
            ACCESS,
            {"capabilities": [{"path": "a", "capabilities": ["read", "list"]}]},
            r"capabilities of 'a': recorded \[\"read\", \"list\"\], found \[\"list\", \"read\"\]",
        ),
        (
            ACCESS,
            {"requests": [ACCESS["requests"][0] | {"allowed": False}]},
            "read 'a': recorded false, found true",
        ),
        (
            ACCESS,
            {"requests": [ACCESS["requests"][1] | {"allowed": True}]},
            "read 'b': recorded true, found false",
        ),
        (ACCESS, {"dialect": "vault-0.1"}, 'the engine: recorded "an answer", found "UsageError'),
        (SYNTAX, {"openbao": {"accepted": False}}, "accepted: recorded false, found true"),
        (SYNTAX, {"syntax_old": {"accepted": False}}, "old parser: recorded false, found true"),
        (
            SYNTAX,
            {"syntax_strict": {"accepted": True}},
            "strict parser: recorded true, found false",
        ),
    ],
)
def test_a_disagreement_is_found_and_told(
    row: dict[str, Any],
    change: dict[str, Any],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([written(tmp_path, row | change)]) == 1
    printed = capsys.readouterr().out
    assert re.search(f"^  disagrees {row['id']}: .*{words}", printed, re.MULTILINE)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("\\", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "neither a policy text nor a set of policies"),
        (POLICY | {"accepted": "yes"}, "`accepted`"),
        ({"id": "x", "policy": "", "accepted": True}, "`rules`"),
        ({"id": "x", "policies": {"p": 1}}, "`"),
    ],
)
def test_a_broken_line_is_reported_and_the_others_are_compared(
    line: dict[str, Any] | str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([written(tmp_path, POLICY, line, POLICY)]) == 2
    printed = capsys.readouterr().out
    assert f"  broken line 2: {words}" in printed
    assert "in all: 8 verdicts compared, 8 agreed" in printed


def test_bytes_that_are_no_text_are_a_broken_line(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b'{"id": "\xff"}\n')
    assert main([str(file)]) == 2


def test_a_file_that_is_missing_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.jsonl")
    assert main([missing, written(tmp_path, POLICY)]) == 2
    printed = capsys.readouterr().out
    assert f"{missing}: cannot be read" in printed
    assert "in all: 4 verdicts compared, 4 agreed" in printed


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"{}" * 99, mtime=0)[:-9]])
def test_a_file_without_a_verdict_is_no_success(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(content)
    assert main([str(file)]) == 2
