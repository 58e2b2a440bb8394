"""Revisions of policies: from directories, from git, one policy more."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import policy
from policy.analyze.difference import Direction
from policy.analyze.inventory import Inventory, read_inventory
from policy.analyze.review import adding, review
from policy.analyze.revisions import load_revision
from policy.model import DIALECTS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "inventory"
VAULT = DIALECTS["vault-2.0"]


def load(name: str) -> policy.PolicySet:
    return policy.load(FIXTURES / name)


def inventory() -> Inventory:
    return read_inventory((FIXTURES / "inventory.json").read_bytes(), "inventory.json")


def test_only_those_who_are_touched_are_reported() -> None:
    found = review(load("before"), load("after"), inventory(), now=0.0)
    assert [str(each.holder) for each in found] == [
        "policy app",
        "policy ops",
        "token oncall",
        "role auth/approle/role/deploy-app",
    ]
    app, ops, *_ = found
    assert app.directions == {Direction.GAINED}
    assert not app.touches_root_protected
    assert ops.touches_root_protected
    lost = [c for c in ops.changes if Direction.LOST in c.directions]
    assert [str(c.paths) for c in lost] == ["`sys/leases/revoke-prefix/*`"]


def test_no_step_down_is_reported_where_another_rule_keeps_it() -> None:
    """The rule for `sys/step-down` went away, and `sys/*` took its place."""
    (ops,) = (each for each in review(load("before"), load("after")) if each.holder.name == "ops")
    changed = [c for c in ops.changes if "sys/step-down" in c.paths and not c.is_listing]
    assert not changed


def test_equal_revisions_do_not_differ() -> None:
    assert review(load("before"), load("before"), inventory()) == ()


def test_templates_stand_for_one_unknown_value() -> None:
    old = policy.PolicySet([policy.parse("", "t")])
    text = 'path "a/{{identity.entity.metadata.team}}/*" { capabilities = ["read"] }'
    new = policy.PolicySet([policy.parse(text, "t")])
    (found,) = review(old, new)
    (change,) = found.changes
    assert str(change.paths) == "`a/{{identity.entity.metadata.team}}/*`"
    assert change.operations[0].new.allowed


@pytest.mark.parametrize(
    "selector",
    [
        "identity.entity.id",
        "identity.entity.aliases.auth_userpass_1.name",
        "identity.entity.aliases.auth_userpass_1.custom_metadata.a.b",
        "identity.groups.ids.g-1.name",
        "identity.groups.names.ops.metadata.team",
        "identity.groups.names.ops.id",
    ],
)
def test_every_selector_gets_a_value(selector: str) -> None:
    text = f'path "a/{{{{{selector}}}}}" {{ capabilities = ["read"] }}'
    (found,) = review(policy.PolicySet(), policy.PolicySet([policy.parse(text, "t")]))
    (change,) = found.changes
    assert str(change.paths) == f"`a/{{{{{selector}}}}}`"


def test_one_more_policy_can_take_away() -> None:
    more = policy.parse('path "secret/data/app/db" { capabilities = ["list"] }', "more")
    policies = policy.PolicySet([*load("before"), more])
    (lost,) = (
        change
        for change in adding(policies, policy.Token(["app"]), "more", now=0.0)
        if not change.is_listing
    )
    assert lost.directions == {Direction.LOST}
    assert str(lost.paths) == "`secret/data/app/db`"
    assert str(lost.new and lost.new.pattern) == "secret/data/app/db"


def git(*words: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    command = ["git", *identity, *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    folder = tmp_path / "policies" / "deep"
    folder.mkdir(parents=True)
    (folder / "ops.hcl").write_text('path "a" { capabilities = ["read"] }')
    (folder / "notes.txt").write_text("no policy")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (folder / "ops.hcl").write_text('path "a" { capabilities = ["update"] }')
    git("commit", "-q", "-a", "-m", "two")
    (folder / "bad.hcl").write_text('path "a" { nonsense = 1 }')
    git("add", ".")
    git("commit", "-q", "-m", "three")
    return tmp_path


def test_revisions_of_git_are_read(repository: Path) -> None:
    old = load_revision("HEAD~2:policies", dialect=VAULT)
    new = load_revision("HEAD~1:policies/deep/ops.hcl", dialect=VAULT)
    assert [p.name for p in old] == [p.name for p in new] == ["ops"]
    (found,) = review(old, new)
    assert found.directions == {Direction.GAINED, Direction.LOST}
    (read, *_) = [p.source.name for p in old]
    assert read == "HEAD~2:policies/deep/ops.hcl"
    working = load_revision(str(repository / "policies" / "deep" / "ops.hcl"), dialect=VAULT)
    assert review(new, working) == ()


@pytest.mark.parametrize(
    "given",
    ["nowhere:policies", "HEAD:nothing", "--upload-pack=x:policies", "HEAD:policies/deep/a"],
)
def test_what_git_does_not_have_is_an_error(repository: Path, given: str) -> None:
    with pytest.raises(policy.SourceError):
        load_revision(given, dialect=VAULT)


def test_hidden_files_are_left_out_of_a_revision_too(repository: Path) -> None:
    (repository / "policies" / ".hidden").mkdir()
    (repository / "policies" / ".hidden" / "more.hcl").write_text("path {{{")
    (repository / "policies" / ".terraform.lock.hcl").write_text("provider {}")
    (repository / "policies" / "note").symlink_to("deep/ops.hcl")
    (repository / "policies" / "deep" / "bad.hcl").unlink()
    git("add", "-A")
    git("commit", "-q", "-m", "four")
    names = [p.name for p in load_revision("HEAD:policies", dialect=VAULT)]
    assert names == [p.name for p in load_revision("policies", dialect=VAULT)]


@pytest.mark.parametrize("target", ["deep", "../policies/deep", "/", "../..", "more.hcl"])
def test_a_link_in_a_revision_is_not_passed_over(repository: Path, target: str) -> None:
    name = "link.hcl" if target.endswith(".hcl") else "link"
    (repository / "policies" / name).symlink_to(target)
    git("add", "-A")
    git("commit", "-q", "-m", "four")
    with pytest.raises(
        policy.SourceError, match=f"HEAD:policies/{name}: a link, which is not followed"
    ):
        load_revision("HEAD:policies", dialect=VAULT)


def test_a_broken_policy_in_a_revision_is_shown(repository: Path) -> None:
    with pytest.raises(policy.InvalidPolicyError, match=r"HEAD:policies/deep/bad.hcl:1"):
        load_revision("HEAD:policies", dialect=VAULT)
