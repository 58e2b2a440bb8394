"""What lint still says about a text that the server refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.lint import Finding, Level, find_rule
from policy.lint.rule import FileRule
from tests.lint.world import FIXTURES, found_in, line_of, project_of

REFUSED = 'path "z" { capabilities = ["raed"] }\n'
FILES = [
    file
    for file in sorted(FIXTURES.glob("*.hcl"))
    if project_of(file.read_text("utf-8")).files[0].compiled.policy is not None
]


def by_block(findings: list[Finding]) -> list[tuple[str, str, int, str]]:
    """What the rules say that judge block by block."""
    return [
        (each.rule, each.diagnostic.message, line_of(each), each.fingerprint)
        for each in findings
        if isinstance(rule := find_rule(each.rule), FileRule) and rule.block_by_block
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_one_refused_block_changes_nothing_about_the_others(file: Path) -> None:
    """Neither hides it what is said about them, nor brings it anything up."""
    text = file.read_text("utf-8")
    assert by_block(found_in(text + REFUSED)) == by_block(found_in(text))


def test_there_is_something_to_hide() -> None:
    found = {rule for file in FILES for rule, *_ in by_block(found_in(file.read_text("utf-8")))}
    assert len(found) > 15


def test_rules_that_look_at_the_whole_policy_wait() -> None:
    never_wins = 'path "a/+" { capabilities = ["read"] }\npath "/a/+" { capabilities = ["list"] }\n'
    assert "repeated-path" in {f.rule for f in found_in(never_wins)}
    assert {f.rule for f in found_in(never_wins + REFUSED)} == {"leading-slash", "refused"}


def test_where_the_syntax_is_broken_no_block_is_sure_to_be_one() -> None:
    text = 'path "a" {\n  capabilities = ["read\n}\npath "/b" { capabilities = ["read"] }\n'
    assert {f.rule for f in found_in(text)} == {"refused"}


def test_what_is_said_cannot_be_fixed_by_itself() -> None:
    text = 'path "/b" { capabilities = ["read"] }\n'
    assert all(f.fix is not None for f in found_in(text))
    assert all(f.fix is None for f in found_in(text + REFUSED))


def test_a_comment_that_ignores_a_rule_which_did_not_run_is_not_called_useless() -> None:
    ignored = (
        'path "sys/*" { capabilities = ["read", "sudo"] } # sudopath: ignore[sudo-by-wildcard]\n'
    )
    assert {f.rule for f in found_in(ignored + REFUSED, Level.REGULAR)} == {"refused"}
    useless = 'path "b" { capabilities = ["read"] } # sudopath: ignore[leading-slash]\n'
    assert "unused-ignore" in {f.rule for f in found_in(useless + REFUSED)}
