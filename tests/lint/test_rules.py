"""Every rule, by its fixtures and by its own documentation."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from policy.lint import Finding, Level, Rule, all_rules, find_rule
from policy.lint.documentation import rule_text, rules_page
from tests.lint.world import FIXTURES, ROOT, expected, found_in, line_of, notes

FILES = sorted(FIXTURES.glob("*.hcl"))
RULES = all_rules()


def rule_of(file: Path) -> Rule:
    """The rule a fixture is about."""
    text = file.read_text("utf-8")
    return find_rule(notes(text).get("rule", file.stem.replace("_", "-")))


def seen(finding: Finding) -> tuple[int, str, str, str]:
    """A finding as a fixture writes it."""
    severity = str(finding.diagnostic.severity)
    return line_of(finding), finding.rule, severity, str(finding.level)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_fixture(file: Path) -> None:
    text = file.read_text("utf-8")
    rule = rule_of(file)
    wanted = sorted(expected(text))
    findings = found_in(text)
    own = [f for f in findings if f.rule == rule.id]
    others = [f for f in findings if f.rule != rule.id and f.level is Level.REGULAR]
    assert sorted(map(seen, [*own, *others])) == wanted


def test_every_rule_has_a_fixture_with_bad_and_good_blocks() -> None:
    without = {rule.id for rule in RULES}
    for file in FILES:
        rules = {rule for _, rule, _, _ in expected(file.read_text("utf-8"))}
        without -= rules & {rule_of(file).id}
    assert not without


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("section", ["Example", "Instead"])
def test_documented_text_does_what_it_says(rule: Rule, section: str) -> None:
    text = dedent(rule.documentation.sections[section])
    if "`--mounts`" in rule.documentation.sections["What"]:
        text = "# mounts: secret=kv-v2\n" + text
    found = any(finding.rule == rule.id for finding in found_in(text))
    assert found == (section == "Example")


def test_names_are_unique_and_well_formed() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.alias for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.id == rule.id.lower().replace("_", "-")
        assert rule.alias.startswith("SP")
        assert rule.alias[2:].isdigit()
        assert rule.module.rpartition(".")[2] == rule.id.replace("-", "_")
        assert rule_text(rule).startswith(f"{rule.id} ({rule.alias}): ")


def test_the_page_is_what_the_docstrings_say() -> None:
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    assert page == rules_page(), "run `python -m policy.lint.documentation > docs/rules.md`"
