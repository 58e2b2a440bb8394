"""The commands: what they print, in every format, and how they exit."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import policy
from policy.cli import diff, escalate, reach, simplify, who_can
from policy.cli.exit_codes import Exit
from policy.cli.output import Output
from policy.report.difference_json import DifferenceReport
from policy.report.escalation_json import EscalationReport
from policy.report.reach_json import HoldersReport
from policy.report.simplify_report import SimplifyReport

FIXTURES = Path(__file__).parents[2] / "fixtures" / "inventory"
BEFORE, AFTER, INVENTORY = (str(FIXTURES / n) for n in ("before", "after", "inventory.json"))
WITH = ["-p", BEFORE, "--inventory", INVENTORY]


def run(*words: str) -> tuple[int, str]:
    """Exit code and standard output."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    for command in (diff, escalate, reach, simplify, who_can):
        command.add_command(commands)
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, "utf-8", write_through=True)
    options = parser.parse_args(words)
    code = options.run(options, Output(out, io.StringIO()))
    return int(code), raw.getvalue().decode()


def report(shape: Any, *words: str) -> Any:
    """JSON output, checked against its published shape."""
    _, text = run(*words, "--format", "json")
    value = json.loads(text)
    TypeAdapter(shape).validate_python(value, strict=True)
    return value


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [([], Exit.YES), (["gained"], Exit.NO), (["sudo"], Exit.NO), (["lost"], Exit.NO)],
)
def test_diff_fails_on_what_it_is_told_to(fail_on: list[str], code: Exit) -> None:
    words = [word for name in fail_on for word in ("--fail-on", name)]
    assert run("diff", BEFORE, AFTER, *words)[0] == code
    assert run("diff", BEFORE, BEFORE, "--fail-on", "any")[0] == Exit.YES


def test_diff_fails_only_on_that() -> None:
    app = [str(FIXTURES / name / "app.hcl") for name in ("before", "after")]
    assert run("diff", *app, "--fail-on", "gained")[0] == Exit.NO
    for word in ("lost", "sudo"):
        assert run("diff", *app, "--fail-on", word)[0] == Exit.YES


def test_diff_names_rules_on_both_sides_and_a_request() -> None:
    _, text = run("diff", BEFORE, AFTER)
    assert "policy app: 1 gained\n    gained read on `secret/data/app/admin`\n" in text
    assert "old: `secret/data/app/admin` [deny] " in " ".join(text.split())
    assert "before/app.hcl:10\n" in text
    assert "after/app.hcl:10\n      e.g. read secret/data/app/admin\n" in text
    assert "  ! lost update on `sys/leases/revoke-prefix/*`\n" in text


def test_those_for_whom_the_same_changes_are_shown_together(tmp_path: Path) -> None:
    inventory = tmp_path / "i.json"
    inventory.write_text(json.dumps({"tokens": {n: {"policies": ["app"]} for n in ("t", "u")}}))
    words = ("diff", *(str(FIXTURES / name / "app.hcl") for name in ("before", "after")))
    _, text = run(*words, "--inventory", str(inventory))
    assert text.startswith("policy app, token t, token u: 1 gained\n")
    assert text.count("gained read on") == 1
    _, text = run(*words, "--inventory", str(inventory), "--format", "markdown")
    assert "#### policy app, token t, token u: 1 gained\n" in text
    assert text.count("**gained**") == 1
    _, text = run(
        "who-can", "read", "secret/data/app/admin", "-p", AFTER, "--inventory", str(inventory)
    )
    assert text.startswith("2 can read `secret/data/app/admin`:\ntoken t, token u\n")


def test_text_is_for_a_terminal_and_keeps_names_whole() -> None:
    for words in (
        ("reach", "ops,default", "-p", BEFORE),
        ("diff", BEFORE, AFTER, "--inventory", INVENTORY),
        ("escalate", *WITH),
    ):
        _, text = run(*words)
        lines = text.splitlines()
        assert all(len(line) <= 80 or " " not in line.strip() for line in lines), words
        assert all(line.count("<") == line.count(">") for line in lines), "<built-in default>:1"


@pytest.mark.parametrize("when", ["2023-11-14T22:13:20Z", "1700000000"])
def test_now_is_an_instant_as_everywhere(when: str, tmp_path: Path) -> None:
    file = tmp_path / "p.hcl"
    file.write_text(
        'path "a" {\n  capabilities = ["read"]\n  expiration = "2023-11-14T22:13:21Z"\n}\n'
    )
    words = ("who-can", "read", "a", "-p", str(file), "--dialect", "openbao-2.7", "--now")
    assert run(*words, when)[0] == Exit.YES
    assert run(*words, "2023-11-14T22:13:22Z")[0] == Exit.NO


def test_diff_in_markdown_is_a_table_that_nothing_breaks() -> None:
    _, text = run("diff", BEFORE, AFTER, "--inventory", INVENTORY, "--format", "markdown")
    assert "#### token oncall: " in text
    assert "| ⚠ **lost** | update | `sys/leases/revoke-prefix/*` |" in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.count("|") == 7, line


def test_diff_in_json() -> None:
    value = report(DifferenceReport, "diff", BEFORE, AFTER, "--inventory", INVENTORY)
    app = next(h for h in value["holders"] if h["name"] == "app")
    (change,) = app["changes"]
    assert change["paths"] == [{"pattern": "secret/data/app/admin", "exceptions": []}]
    assert change["operations"][0]["direction"] == "gained"


def test_diff_of_one_token_and_of_one_policy_more() -> None:
    _, text = run("diff", BEFORE, AFTER, "--inventory", INVENTORY, "--token", "oncall")
    assert text.startswith("token oncall: ")
    assert "policy ops" not in text
    _, text = run("diff", BEFORE, "--adding", "app", "--token", "ops")
    assert "gained read on `secret/data/app/*` except `secret/data/app/admin`" in text


@pytest.mark.parametrize(
    "words",
    [
        ("diff", BEFORE),
        ("diff", BEFORE, "--adding", "app"),
        ("diff", BEFORE, AFTER, "--adding", "app", "--token", "ops"),
        ("diff", BEFORE, "--adding", "nix", "--token", "ops"),
        ("reach", "nobody", "-p", BEFORE),
        ("who-can", "fly", "a", "-p", BEFORE),
        ("reach", "ops", "-p", BEFORE, "--inventory", BEFORE + "/nothing.json"),
        ("escalate", "-p", BEFORE, "--baseline", BEFORE + "/nothing.json"),
    ],
)
def test_questions_that_cannot_be_answered(words: tuple[str, ...]) -> None:
    with pytest.raises(policy.PolicyError):
        run(*words)


def test_who_can_step_down() -> None:
    code, text = run("who-can", "update+sudo", "sys/step-down", *WITH)
    assert code == Exit.YES
    assert text.startswith("2 can update+sudo `sys/step-down`:\ntoken oncall\n")
    assert "token emergency\n  ! update on `sys/step-down`\n      by the policy `root`" in text
    value = report(HoldersReport, "who-can", "update+sudo", "sys/step-down", *WITH)
    assert [h["name"] for h in value["holders"]] == ["oncall", "emergency"]


def test_nobody_can() -> None:
    code, text = run("who-can", "delete", "secret/data/x", "-p", BEFORE)
    assert code == Exit.NO
    assert text == "nobody can delete `secret/data/x`\n"


def test_reach_shows_rows_and_root_protected_ones_by_mount() -> None:
    _, text = run("reach", "oncall", *WITH)
    assert "  ! update on `sys/step-down`\n" in text
    assert "update on `sys/wrapping/wrap`" in text
    _, text = run("reach", "oncall", *WITH, "--sudo")
    assert text.startswith("token oncall:\n  sys/\n  ! update on ")
    assert "wrapping" not in text
    value = report(HoldersReport, "reach", "oncall", *WITH, "--sudo")
    assert all(row["root_protected"] for row in value["holders"][0]["rows"])
    _, text = run("reach", "app", "-p", BEFORE, "--sudo")
    assert text == "token app: nothing on root-protected paths\n"


def test_escalate_fails_on_an_impact_unless_accepted(tmp_path: Path) -> None:
    code, text = run("escalate", *WITH, "--fail-on", "root-equivalent")
    assert code == Exit.NO
    assert "1. Write ACL policies, and so gets everything: `team-a` is its own policy" in text
    baseline = tmp_path / "accepted.json"
    accepted = [
        {"holder": "token platform", "id": "policy-write-acl", "reason": "they own the policies"},
        {"holder": "token emergency", "id": "root", "reason": "sealed in an envelope"},
        {"holder": "*", "id": "auth-approle-role", "reason": "pipelines deploy"},
        {"holder": "*", "id": "auth-approle-role-policies", "reason": "pipelines deploy"},
    ]
    baseline.write_text(json.dumps(accepted))
    words = (*WITH, "--fail-on", "root-equivalent", "--baseline", str(baseline))
    assert run("escalate", *words)[0] == Exit.YES


def test_escalate_as_json_and_graphs() -> None:
    value = report(EscalationReport, "escalate", *WITH)
    way = {
        "start": "token platform",
        "stop": "everything",
        "entry": "policy-write-acl",
        "title": "Write ACL policies",
    }
    assert way in value["edges"]
    _, chart = run("escalate", *WITH, "--format", "mermaid")
    assert chart.startswith('flowchart LR\n  n0["token platform"]\n')
    assert '  n0 -->|"Write ACL policies"| n1\n' in chart
    _, graph = run("escalate", *WITH, "--format", "dot")
    assert graph.startswith("digraph escalation {\n")
    assert '  n0 -> n1 [label="Write ACL policies"];\n' in graph


def test_simplify_shows_and_writes(tmp_path: Path) -> None:
    file = tmp_path / "p.hcl"
    rule = 'path "{}" {{\r\n  capabilities = ["read"]\r\n}}\r\n'
    file.write_bytes((rule.format("a/*") + rule.format("a/b")).encode())
    code, text = run("simplify", "-p", str(file))
    assert code == Exit.NO
    assert f'{file}:4: path "a/b" changes nothing' in text
    value = report(SimplifyReport, "simplify", "-p", str(file))
    assert value["policies"][0]["idle"][0]["why"] == "changes-nothing"
    assert run("simplify", "-p", str(file), "--write")[0] == Exit.YES
    assert file.read_bytes() == rule.format("a/*").encode()
    assert run("simplify", "-p", str(file)) == (Exit.YES, "every rule does something\n")


def test_names_in_graphs_cannot_add_to_them(tmp_path: Path) -> None:
    inventory = tmp_path / "i.json"
    hostile = 'a"]; evil\n --> "'
    inventory.write_text(json.dumps({"tokens": {hostile: {"policies": ["root"]}}}))
    words = ("escalate", "-p", BEFORE, "--inventory", str(inventory), "--format")
    _, chart = run(*words, "mermaid")
    assert len(chart.splitlines()) == 4
    assert chart.splitlines()[1].count('"') == 2
    _, graph = run(*words, "dot")
    assert len(graph.splitlines()) == 6
