"""The runner, comments that ignore, configuration, baselines, fingerprints, fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.analyze.difference import OPERATIONS
from policy.catalog import MountTable
from policy.diagnostics import Severity
from policy.errors import SourceError, UsageError
from policy.lint import Fix, Level, Project, Selection, find_config, find_rule, lint, read_config
from policy.lint.baseline import baseline_text, read_baseline
from policy.lint.findings import Edit
from policy.lint.fixes import fixed, proved
from policy.model import DEFAULT_DIALECT, Request
from policy.source import Source, Span
from tests.lint.world import FIXTURES, NOW, found_in, project_of

BAD = 'path "secret//a" { capabilities = ["read"] }\n'


def rules_in(text: str, level: Level = Level.REGULAR) -> list[str]:
    return [finding.rule for finding in found_in(text, level)]


def test_a_broken_file_hides_no_other() -> None:
    project = Project(DEFAULT_DIALECT, MountTable.default(), mounts_given=False, now=NOW)
    project.add("a", Source.of("path {{{", "a.hcl"))
    project.add("b", Source.of(BAD, "b.hcl"))
    found = [(f.diagnostic.source.name, f.rule) for f in lint(project, Selection())]
    assert ("b.hcl", "impossible-path") in found
    assert ("a.hcl", "refused") in found


def test_levels_include_those_before_them() -> None:
    text = 'path "/a/{{identity.entity.id}}" { capabilities = ["read"] }\n'
    assert rules_in(text) == []
    assert rules_in(text, Level.PEDANTIC) == ["leading-slash"]
    assert sorted(rules_in(text, Level.AUDIT)) == ["leading-slash", "needs-identity"]


def test_a_selected_rule_runs_at_any_level() -> None:
    project = project_of('path "/a//b" { capabilities = ["read"] }\n')
    only = Selection(only=frozenset({"leading-slash"}))
    assert [f.rule for f in lint(project, only)] == ["leading-slash"]
    without = Selection(without=frozenset({"impossible-path"}))
    assert list(lint(project, without)) == []


def test_severities_can_be_changed() -> None:
    selection = Selection(severities={"impossible-path": Severity.INFO})
    (finding,) = lint(project_of(BAD), selection)
    assert finding.diagnostic.severity is Severity.INFO


@pytest.mark.parametrize(
    "text",
    [
        "# sudopath: ignore[impossible-path] known\n" + BAD,
        "# sudopath: ignore[SP305] known\n# and another comment\n\n" + BAD,
        BAD.rstrip() + " # sudopath: ignore[impossible-path, double] -- no",
        "// sudopath: ignore[impossible-path]\n" + BAD,
        "# sudopath: ignore-file[impossible-path]\n" + BAD + BAD.replace("/a", "/b"),
        'path "x//y" {\n  # sudopath: ignore[refused]\n  capabilities = ["write"]\n}\n',
        'path "xy" {\n  # sudopath: ignore[unknown-capability]\n  capabilities = ["write"]\n}\n',
    ],
)
def test_ignored(text: str) -> None:
    assert set(rules_in(text)) <= {"unused-ignore"}
    assert ("unused-ignore" in rules_in(text)) == ("double" in text)


@pytest.mark.parametrize(
    "text",
    [
        # It is about the next block, not about the one after it.
        "# sudopath: ignore[impossible-path]\n" + BAD.replace("//", "/") + BAD,
        "# sudopath: ignored[impossible-path]\n" + BAD,
        "# sudopath: ignore impossible-path\n" + BAD,
        BAD + "# sudopath: ignore[impossible-path]\n",
    ],
)
def test_not_ignored(text: str) -> None:
    assert "impossible-path" in rules_in(text)


def test_what_does_not_run_is_not_called_unused() -> None:
    text = "# sudopath: ignore[leading-slash]\n" + 'path "a" { capabilities = ["read"] }\n'
    assert rules_in(text, Level.REGULAR) == []
    assert rules_in(text, Level.PEDANTIC) == ["unused-ignore"]


def test_fingerprints_stay_when_a_block_moves_and_differ_between_blocks() -> None:
    before = found_in(BAD + BAD.replace("/a", "/b"))
    after = found_in("# new\n\n" + BAD.replace("/a", "/b") + "\n" + BAD)
    assert {f.fingerprint for f in before} == {f.fingerprint for f in after}
    assert len({f.fingerprint for f in before}) == len(before) == 2
    twice = found_in(BAD + BAD)
    assert len({f.fingerprint for f in twice}) == len(twice)


def test_a_baseline_knows_what_it_was_made_of() -> None:
    findings = found_in(BAD)
    known = read_baseline(baseline_text(findings), "baseline.json")
    assert known == {f.fingerprint for f in findings}


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "findings": []}'])
def test_what_is_no_baseline_is_said_so(text: str) -> None:
    with pytest.raises(UsageError, match=r"^b\.json: "):
        read_baseline(text, "b.json")


CONFIG = """
[lint]
level = "pedantic"
ignore = ["SP306"]
severity = { glob-covers-more = "error" }
baseline = "base.json"

[lint.per-file-ignores]
"legacy/*.hcl" = ["refused"]
"""


def test_configuration(tmp_path: Path) -> None:
    file = tmp_path / "sudopath.toml"
    file.write_text(CONFIG, "utf-8")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_config(inner) == file
    config = read_config(file)
    assert config.level is Level.PEDANTIC
    assert config.ignore == {"leading-slash"}
    assert config.severity == {"glob-covers-more": Severity.ERROR}
    assert config.baseline == tmp_path / "base.json"
    assert config.ignored_in(str(tmp_path / "legacy" / "x.hcl")) == {"refused"}
    assert config.ignored_in(str(tmp_path / "x.hcl")) == frozenset()


def test_configuration_in_pyproject(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(CONFIG.replace("[lint", "[tool.sudopath.lint"), "utf-8")
    assert find_config(tmp_path) == file
    assert read_config(file).level is Level.PEDANTIC


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lint]\nlevle = 'audit'", "unknown key `levle`"),
        ("[lint]\nlevel = 'loud'", "`level` must be one of"),
        ("[lint]\nignore = ['sudo-witout-effect']", "did you mean `sudo-without-effect`"),
        ("[lint]\nignore = 'refused'", "must be a list"),
        ("[lint]\nbaseline = 1", "must be a string"),
        ("lint = 1", "`lint` must be a table"),
        ("level = 'audit'", "unknown table `level`; there is only `lint`"),
        ("[lnt]\nlevel = 'audit'", "unknown table `lnt`"),
        ("[lint", "sudopath.toml"),
    ],
)
def test_a_mistake_in_the_configuration_is_said(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "sudopath.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=words.replace("[", r"\[")):
        read_config(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tool = 1 # tool.sudopath", "`tool` must be a table"),
        ("[tool]\nsudopath = 1 # tool.sudopath", "`sudopath` must be a table"),
    ],
)
def test_a_mistake_in_pyproject_is_said(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=words):
        read_config(file)


def test_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.toml: No such file or directory$"):
        read_config(tmp_path / "gone.toml")
    file = tmp_path / "sudopath.toml"
    file.write_bytes(b"\xff")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_config(file)


def test_an_unknown_rule_is_said() -> None:
    with pytest.raises(UsageError, match="there is no rule `nonsense`"):
        find_rule("nonsense")


FIXABLE = sorted(
    file
    for file in FIXTURES.glob("*.hcl")
    if any(f.fix is not None for f in found_in(file.read_text("utf-8")))
)


@pytest.mark.parametrize("file", FIXABLE, ids=lambda file: file.stem)
def test_fixes_remove_their_findings_and_safe_ones_change_no_decision(file: Path) -> None:
    project = project_of(file.read_text("utf-8"))
    (before,) = project.files
    findings = list(lint(project, Selection(Level.AUDIT)))
    safe = fixed(before, findings, unsafe=False)
    assert all(f.fix is not None and f.fix.is_safe for f in safe.applied)
    after = project_of(safe.text).files[0]
    for block in before.blocks:
        path = str(block.pattern).rstrip("*").replace("+", "x")
        assert before.acl.capabilities(path) == after.acl.capabilities(path) or all(
            before.acl.decide(Request(operation, path)).outcome
            == after.acl.decide(Request(operation, path)).outcome
            for operation in OPERATIONS
        )
    everything = fixed(before, findings, unsafe=True)
    gone = {f.rule for f in everything.applied}
    assert gone
    counts = [sum(f.rule in gone for f in each) for each in (findings, found_in(everything.text))]
    assert counts[1] <= counts[0] - len(everything.applied)


def test_a_fix_that_would_change_a_decision_is_not_proved() -> None:
    text = 'path "a" { capabilities = ["read"] }\n'
    (file,) = project_of(text).files
    at = text.index("read")
    wider = Fix("widen", (Edit(Span(at, at + 4), "list"),), is_safe=True)
    same = Fix("space", (Edit(Span(0, 0), "# a comment\n"),), is_safe=True)
    broken = Fix("break", (Edit(Span(0, 4), ""),), is_safe=True)
    assert [proved(file, fix) for fix in (wider, same, broken)] == [False, True, False]


def test_line_breaks_of_a_file_are_kept_by_fixes() -> None:
    text = 'path "/a" {\r\n  capabilities = ["read"]\r\n}\r\n'
    project = project_of(text)
    (file,) = project.files
    result = fixed(file, lint(project, Selection(Level.AUDIT)), unsafe=False)
    assert result.text == text.replace('"/a"', '"a"')
