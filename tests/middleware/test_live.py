"""Policies that change while they are used: swapped whole, or not at all."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import policy
from policy import Alias, Entity, Group, InvalidPolicyError, PolicySet, SourceError, Token
from policy.middleware import Gate, LivePolicies, live, prometheus_text
from tests.middleware.calling import write

if TYPE_CHECKING:
    from pathlib import Path

READS = 'path "{}" {{ capabilities = ["read"] }}'
BROKEN = 'path "a" { capabilities = ["fly"] }'


def test_a_reload_swaps_everything_at_once(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old")))
    before = policies.acl(Token(["p"]))
    write(tmp_path, p=READS.format("new"), q=READS.format("more"))
    assert policies.acl(Token(["p"])) is before
    assert policies.reload()
    acl = policies.acl(Token(["p", "q"]))
    assert [acl.allows("read", path) for path in ("old", "new", "more")] == [False, True, True]
    assert before.allows("read", "old")
    assert dict(policies.reloads) == {("loaded",): 1}
    assert len(policies.policies) == 2


@pytest.mark.parametrize("problem", ["broken", "empty", "gone", "twice", "unreadable"])
def test_what_cannot_be_loaded_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, problem: str
) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    policies = LivePolicies(write(folder, p=READS.format("old")))
    if problem == "broken":
        write(folder, p=READS.format("new"), q=BROKEN)
    elif problem == "twice":
        (folder / "P.json").write_text("{}")
    elif problem == "unreadable":
        (folder / "p.hcl").write_bytes(b"#" * (33 * 1024 * 1024))
    else:
        (folder / "p.hcl").unlink()
        if problem == "gone":
            folder.rmdir()
    assert not policies.reload()
    acl = policies.acl(Token(["p"]))
    assert acl.allows("read", "old")
    assert not acl.allows("read", "new")
    assert dict(policies.reloads) == {("failed",): 1}
    told = [r for r in caplog.records if r.name == "policy.middleware"]
    assert [record.levelno for record in told] == [logging.ERROR]
    if problem == "broken":
        assert "q.hcl:1:28: error: `fly` is not a capability" in told[0].getMessage()
    # The same failure is told once, however often it is tried; a repair is taken.
    assert not policies.reload()
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1


def test_a_repaired_file_is_taken(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old")))
    write(tmp_path, p=BROKEN)
    assert not policies.reload()
    write(tmp_path, p=READS.format("new"))
    assert policies.reload()
    assert policies.acl(Token(["p"])).allows("read", "new")


def test_without_policies_there_is_no_beginning(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        LivePolicies(tmp_path / "nosuch")
    with pytest.raises(InvalidPolicyError):
        LivePolicies(write(tmp_path, p=BROKEN))


def test_a_poll_waits_until_the_files_stand_still(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old")))
    assert not policies.poll()
    write(tmp_path, p=READS.format("half-written"))
    assert not policies.poll()
    write(tmp_path, p=READS.format("written"))
    assert not policies.poll()
    assert policies.poll()
    assert policies.acl(Token(["p"])).allows("read", "written")
    assert not policies.poll()
    assert dict(policies.reloads) == {("loaded",): 1}


def test_a_poll_tries_a_broken_file_once_and_an_unreadable_one_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old")))
    write(tmp_path, p=BROKEN)
    for _ in range(6):
        assert not policies.poll()
    assert dict(policies.reloads) == {("failed",): 1}

    def fails(*_: object, **__: object) -> None:
        raise SourceError("too many open files")

    write(tmp_path, p=READS.format("new"))
    with monkeypatch.context() as patched:
        patched.setattr(live, "load", fails)
        for _ in range(3):
            assert not policies.poll()
    assert policies.poll()
    assert policies.acl(Token(["p"])).allows("read", "new")


def test_files_that_change_while_they_are_read_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old"), q=READS.format("old")))
    really = policy.load

    def load_and_lose(*paths: str, **options: Any) -> PolicySet:
        found = really(*paths, **options)
        write(tmp_path, q=READS.format("newer"))
        return found

    write(tmp_path, p=READS.format("new"))
    with monkeypatch.context() as patched:
        patched.setattr(live, "load", load_and_lose)
        assert not policies.reload()
    assert policies.acl(Token(["p"])).allows("read", "old")
    assert policies.reload()
    assert policies.acl(Token(["q"])).allows("read", "newer")


def test_a_watch_notices_a_change_and_ends(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old")))
    with policies.watched(seconds=0.02):
        temporary = tmp_path / "p.hcl.tmp"
        temporary.write_text(READS.format("brand-new"))
        temporary.replace(tmp_path / "p.hcl")
        until = time.monotonic() + 30
        while not policies.acl(Token(["p"])).allows("read", "brand-new"):
            assert time.monotonic() < until
            time.sleep(0.01)
    assert all(thread.name != "policy-watch" for thread in threading.enumerate())


def test_a_file_that_only_has_another_name_is_noticed(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("old")))
    about = (tmp_path / "p.hcl").stat()
    (tmp_path / "p.hcl").rename(tmp_path / "r.hcl")
    os.utime(tmp_path / "r.hcl", ns=(about.st_atime_ns, about.st_mtime_ns))
    policies.poll()
    assert policies.poll()


def test_acls_are_kept_for_each_set_alone_and_not_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_MAX_ACLS", 3)
    policies = LivePolicies(write(tmp_path, p=READS.format("{{identity.entity.name}}/x")))

    def named(name: str) -> Token:
        return Token(["p"], Entity("1", name, {"a": name}, (), (Alias("i", name, "m"),)))

    first = policies.acl(named("ann"))
    assert policies.acl(named("ann")) is first
    assert policies.acl(named("bob")) is not first
    assert first.allows("read", "ann/x")
    assert not policies.acl(named("bob")).allows("read", "ann/x")
    for number in range(10):
        policies.acl(named(f"n{number}"))
        assert len(policies._set._acls) <= 3
    assert policies.acl(named("ann")) is not first
    assert policies.reload()
    assert len(policies._set._acls) == 0


def test_every_part_of_an_identity_counts_for_what_is_kept(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("a")))
    alias = Alias("i", "n", "m", {"k": "v"}, {"k": "v"})
    entity = Entity("1", "n", {"k": "v"}, ("p",), (alias,))
    tokens = [
        Token(["p"]),
        Token(["p"], namespace="ns/"),
        Token([], entity),
        Token([], Entity("2", "n", {"k": "v"}, ("p",), (alias,))),
        Token([], Entity("1", "n", {"k": "w"}, ("p",), (alias,))),
        Token([], Entity("1", "n", {"k": "v"}, (), (alias,))),
        Token([], Entity("1", "n", {"k": "v"}, ("p",), ())),
        Token([], Entity("1", "n", {"k": "v"}, ("p",), (Alias("i", "n", "m", {}, {"k": "v"}),))),
        Token([], Entity("1", "n", {"k": "v"}, ("p",), (Alias("i", "n", "m", {"k": "v"}),))),
        Token([], entity, [Group("g", "n")]),
        Token([], entity, [Group("g", "n", {"k": "v"})]),
        Token([], entity, [Group("g", "n", {}, ("p",))]),
        Token([], entity, [Group("g", "n", {}, (), "ns/")]),
    ]
    acls = [policies.acl(token) for token in tokens]
    assert len({id(acl) for acl in acls}) == len(tokens)
    assert [acl.token for acl in acls] == tokens


def test_rules_that_expire_are_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'path "a" {\n capabilities = ["read"]\n expiration = "2035-01-01T00:00:00Z"\n}'
    policies = LivePolicies(write(tmp_path, p=text), dialect="openbao-2.7")
    acl = policies.acl(Token(["p"]))
    assert acl.allows("read", "a")
    monkeypatch.setattr("time.time", lambda: 2_100_000_000.0)
    assert not policies.acl(Token(["p"])).allows("read", "a")


def test_the_text_for_prometheus(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, p=READS.format("a")))
    gate = Gate(policies)
    gate.check("GET", "/a", Token(["p"]))
    gate.check("GET", "/b", Token(["p"]))
    gate.check("GET", "/b", Token(["p"]))
    policies.reload()
    text = prometheus_text(gate, policies)
    assert 'sudopath_decisions_total{outcome="allow",reason="granted"} 1\n' in text
    assert 'sudopath_decisions_total{outcome="deny",reason="no-matching-rule"} 2\n' in text
    assert 'sudopath_policy_reloads_total{result="loaded"} 1\n' in text
    assert "\nsudopath_policies 1\n" in text
    for line in text.splitlines():
        assert line.startswith(("# HELP sudopath_", "# TYPE sudopath_", "sudopath_"))
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0
    assert "reloads" not in prometheus_text(gate)
