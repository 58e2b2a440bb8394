"""Policies from text, files and directories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import policy
from policy import InvalidPolicyError, SourceError, UsageError
from policy.policies import policy_files, policy_name, read_source

GOOD = 'path "a" { capabilities = ["read"] }\n'
BAD = 'path "a" { capabilities = ["raed"] }\n'


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        target = folder / name.replace("__", "/").replace("_", ".")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


# text


def test_parse() -> None:
    parsed = policy.parse(GOOD, " Ops ")
    assert parsed.name == "ops"
    assert [rule.path for rule in parsed.rules] == ["a"]
    assert parsed.source.name == "< Ops >"
    assert policy.parse(GOOD.encode()).name == "policy"
    assert policy.parse(b"").rules == ()


def test_parse_raises_with_every_problem() -> None:
    with pytest.raises(InvalidPolicyError) as caught:
        policy.parse(BAD + "bogus = 1\n" + BAD, "ops")
    error = caught.value
    assert error.message == "policy `ops` is refused"
    assert [d.code for d in error.diagnostics] == [
        "unknown-capability",
        "unknown-key",
        "unknown-capability",
    ]
    assert str(error).count("did you mean `read`?") == 2


def test_warnings_are_no_errors() -> None:
    assert policy.parse('path "a" { capabilities = ["deny"] min_wrapping_ttl = 5 }').rules


def test_dialects_and_the_clock() -> None:
    text = 'path "a" { expiration = 100 capabilities = ["read"] }'
    with pytest.raises(InvalidPolicyError):
        policy.parse(text)
    kept = policy.parse(text, dialect="openbao-2.7", now=50)
    assert kept.rules[0].capabilities == {"read"}
    # Without a time the clock's own counts, and then it has expired long ago.
    assert policy.parse(text, dialect="openbao-2.7").rules[0].capabilities == frozenset()
    with pytest.raises(UsageError, match="unknown dialect"):
        policy.parse(text, dialect="vault")


def test_a_text_that_no_server_would_take() -> None:
    with pytest.raises(SourceError, match="larger than 32 MiB"):
        policy.parse(" " * (33 * 1024 * 1024))


# files


def test_load_files_and_directories(tmp_path: Path) -> None:
    write(
        tmp_path,
        ops_hcl=GOOD,
        dev_json='{"path": {"b": {"policy": "read"}}}',
        sub__deep__more_policy=GOOD,
        sub__Mixed_policy_hcl=GOOD,
        readme_md="not a policy",
    )
    policies = policy.load(tmp_path)
    assert sorted(p.name for p in policies) == ["dev", "mixed", "more", "ops"]
    assert len(policies) == 4
    ops = policies.get("OPS ")
    assert ops is not None
    assert ops.source.name == str(tmp_path / "ops.hcl")
    assert [p.name for p in policy.load(tmp_path / "sub", str(tmp_path / "ops.hcl"))] == [
        "mixed",
        "more",
        "ops",
    ]


def test_any_file_that_is_named_counts(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(GOOD)
    assert [p.name for p in policy.load(file)] == ["notes.txt"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ops.hcl", "ops"),
        ("Ops.HCL", "ops.hcl"),
        ("ops.json", "ops"),
        ("ops.policy", "ops"),
        ("ops.policy.hcl", "ops"),
        ("ops.policy.json", "ops"),
        ("team.a.hcl", "team.a"),
        ("ops", "ops"),
        ("ops.txt", "ops.txt"),
        (".hcl", ".hcl"),
        (".policy.hcl", ".policy"),
    ],
)
def test_the_name_of_a_file_is_that_of_its_policy(file: str, name: str) -> None:
    assert policy_name(Path("folder") / file) == name


def test_order_of_files_is_as_given_and_sorted_within_a_directory(tmp_path: Path) -> None:
    write(tmp_path, b_hcl=GOOD, a_hcl=GOOD, sub__c_hcl=GOOD)
    files = policy_files([tmp_path / "b.hcl", tmp_path])
    names = [file.relative_to(tmp_path).as_posix() for file in files]
    assert names == ["b.hcl", "a.hcl", "b.hcl", "sub/c.hcl"]


def test_two_policies_of_one_name(tmp_path: Path) -> None:
    write(tmp_path, ops_hcl=GOOD, ops_json="{}")
    with pytest.raises(UsageError, match=r"two policies are named `ops`: .*ops\.hcl and .*ops\.js"):
        policy.load(tmp_path)


def test_all_problems_of_all_files(tmp_path: Path) -> None:
    write(tmp_path, a_hcl=BAD, b_hcl=GOOD, c_hcl=BAD + BAD)
    with pytest.raises(InvalidPolicyError) as caught:
        policy.load(tmp_path)
    assert caught.value.message == "3 problems in the policies"
    places = [diagnostic.location for diagnostic in caught.value.diagnostics]
    assert places == [
        f"{tmp_path}/a.hcl:1:28",
        f"{tmp_path}/c.hcl:1:28",
        f"{tmp_path}/c.hcl:2:28",
    ]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing", "no such file or directory"),
        ("empty", "no policy files"),
        ("x" * 300, "too long"),
        ("loop", "no such file|symbolic links"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SourceError, match=words) as caught:
        policy.load(tmp_path / path)
    assert str(tmp_path / path) in str(caught.value)


def test_a_file_that_vanishes_or_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.hcl: No such file"):
        read_source(tmp_path / "gone.hcl")
    with pytest.raises(SourceError, match="Is a directory"):
        read_source(tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "big.hcl"
    with file.open("wb") as stream:
        os.truncate(stream.fileno(), 50 * 1024 * 1024)
    with pytest.raises(SourceError, match=r"big\.hcl: larger than 32 MiB"):
        read_source(file)


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.hcl")
    file.write_text(GOOD)
    assert [p.name for p in policy.load(tmp_path)] == ["caf\udce9"]


def test_a_link_to_nowhere_is_a_policy_that_cannot_be_read(tmp_path: Path) -> None:
    """Without it the others might allow what it denies."""
    (tmp_path / "a.hcl").write_text('path "a" { capabilities = ["read"] }')
    (tmp_path / "b.hcl").symlink_to(tmp_path / "gone.hcl")
    with pytest.raises(SourceError, match=r"b\.hcl"):
        policy.load(tmp_path)


def test_a_mounted_volume_holds_each_policy_once(tmp_path: Path) -> None:
    """Kubernetes keeps the files in a hidden directory and shows links to them."""
    (tmp_path / "..2024_01_01").mkdir()
    (tmp_path / "..2024_01_01" / "ops.hcl").write_text(GOOD)
    (tmp_path / "..data").symlink_to("..2024_01_01")
    (tmp_path / "ops.hcl").symlink_to("..data/ops.hcl")
    (tmp_path / ".terraform.lock.hcl").write_text("provider {}")
    assert policy_files([tmp_path]) == [tmp_path / "ops.hcl"]
    # What is named is meant.
    assert policy_files([tmp_path / "..data"]) == [tmp_path / "..data" / "ops.hcl"]


def test_directories_behind_links_are_searched_once(tmp_path: Path) -> None:
    write(tmp_path, here__a_hcl=GOOD, there__deny_hcl='path "a" { capabilities = ["deny"] }')
    (tmp_path / "here" / "more").symlink_to(tmp_path / "there")
    (tmp_path / "here" / "twice").symlink_to(tmp_path / "there")
    (tmp_path / "there" / "back").symlink_to(tmp_path / "here")
    files = [file.relative_to(tmp_path / "here") for file in policy_files([tmp_path / "here"])]
    assert files == [Path("a.hcl"), Path("more/deny.hcl")]


def test_a_directory_that_cannot_be_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_hcl=GOOD, closed__deny_hcl='path "a" { capabilities = ["deny"] }')
    scan = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(SourceError, match="closed: Permission denied"):
        policy.load(tmp_path)


def test_an_empty_name_is_not_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_hcl=GOOD)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="name of a file or directory is empty"):
        policy.load("")


def test_a_file_name_forges_no_lines(tmp_path: Path) -> None:
    """A line that begins with `::` is an order to GitHub's runner."""
    (tmp_path / "a\n::error::b.hcl").symlink_to("nowhere")
    with pytest.raises(SourceError, match="a line break in the name of a policy file") as caught:
        policy.load(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(SourceError, match="a line break"):
        policy_name(Path("a\nb.hcl"))
