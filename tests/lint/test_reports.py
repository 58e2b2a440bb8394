"""The formats, each by the rules of its reader."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from policy.lint import Finding, all_rules
from policy.model import DEFAULT_DIALECT
from policy.report.github import github_annotation
from policy.report.gitlab import GitlabFinding, gitlab_report
from policy.report.junit import junit_report
from policy.report.lint_json import LintReport, lint_report
from policy.report.lint_text import finding_text, lint_summary
from policy.report.sarif import sarif_report
from tests.lint.world import FIXTURES, ROOT, found_in

TEXT = """\
path "secret//a\u00e9" { capabilities = ["read"] }
path "/secret/b" { capabilities = ["deny"] }
path "secret/b" { capabilities = ["read"] }
path "sys/mounts" { capabilities = ["read", "sudo"] }
path "secret/100%,:*x" { capabilities = ["read"] }
"""


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    everything = found_in(TEXT)
    for file in sorted(FIXTURES.glob("*.hcl")):
        everything += found_in(file.read_text("utf-8"))
    assert len({finding.rule for finding in everything}) == len(all_rules())
    return everything


def test_json_has_its_published_shape(findings: list[Finding]) -> None:
    report = lint_report(findings, DEFAULT_DIALECT, 1, [])
    again = json.loads(json.dumps(report))
    assert TypeAdapter(LintReport).validate_python(again, strict=True) == report
    assert again["version"] == 1
    assert len(again["findings"]) == len(findings)


@pytest.fixture(scope="module")
def sarif(findings: list[Finding]) -> Any:
    return json.loads(json.dumps(sarif_report(findings, "1.2.3", ["gone.hcl: no such file"])))


def test_sarif_is_valid(sarif: Any, findings: list[Finding]) -> None:
    schema = json.loads((ROOT / "fixtures" / "sarif" / "sarif-2.1.0.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(sarif)) == []
    assert list(validator.iter_errors(json.loads(json.dumps(sarif_report([], "0", []))))) == []
    # That it can tell.
    small = json.loads(json.dumps(sarif_report(findings[:1], "0", [])))
    del small["runs"][0]["results"][0]["message"]
    assert list(validator.iter_errors(small))


def test_sarif_keeps_to_what_github_takes(sarif: Any, findings: list[Finding]) -> None:
    """More results, rules or tags are cut off or refused (GitHub documentation of code scanning:
    20 tags a rule, 25,000 rules and results, 1,000 locations; a precision and a level of its own
    words). Places are relative to the checkout, and exist."""
    (run,) = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    ids = [rule["id"] for rule in rules]
    assert len(set(ids)) == len(ids) == len(all_rules())
    for rule in rules:
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert rule["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert len(rule["properties"]["tags"]) <= 20
        assert len(rule["shortDescription"]["text"]) <= 255
        assert rule.get("name", "").lower() != rule["id"]
        assert all(rule[key]["text"] for key in ("fullDescription", "help"))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert len(run["results"]) == len(findings)
    for result, finding in zip(run["results"], findings, strict=True):
        assert ids[result["ruleIndex"]] == result["ruleId"]
        places = [*result["locations"], *result.get("relatedLocations", [])]
        assert len(places) <= 1000
        for place in places:
            check_location(place["physicalLocation"])
        start, end = finding.diagnostic.span
        snippet = result["locations"][0]["physicalLocation"]["region"].get("snippet", {"text": ""})
        assert snippet["text"] == finding.diagnostic.source.text[start:end][:300]


def check_location(location: Any) -> None:
    uri = location["artifactLocation"]["uri"]
    assert uri
    assert " " not in uri
    assert not uri.startswith("/")
    region = location["region"]
    start = region["startLine"], region["startColumn"]
    assert start <= (region["endLine"], region["endColumn"])


def test_github_annotations_are_one_line_with_escapes() -> None:
    found = [f for f in found_in(TEXT) if f.rule == "wildcard-not-last"]
    (line,) = [github_annotation(finding) for finding in found]
    assert "\n" not in line
    assert line.startswith(
        "::error file=policies/fixture.hcl,line=5,endLine=5,title=wildcard-not-last "
    )
    assert "100%25,:*x" in line


def test_gitlab_has_what_its_reader_asks_for(findings: list[Finding]) -> None:
    report = gitlab_report(findings)
    assert TypeAdapter(list[GitlabFinding]).validate_python(report, strict=True) == report
    one_file = gitlab_report(found_in(TEXT))
    assert len({each["fingerprint"] for each in one_file}) == len(one_file)


def test_junit_counts_its_failures(findings: list[Finding]) -> None:
    name = findings[0].diagnostic.source.name
    text = junit_report(findings, [name, "clean.hcl"], ["gone.hcl"])
    root = ET.fromstring(text)  # noqa: S314 - it is our own
    (suite,) = root
    cases = list(suite)
    assert [case.attrib["name"] for case in cases][:3] == [name, "clean.hcl", "inventory.json"]
    assert int(suite.attrib["tests"]) == len(cases) == 4
    assert int(suite.attrib["failures"]) == len(cases[0]) + len(cases[2]) == len(findings)
    assert len(cases[1]) == 0
    assert cases[3][0].tag == "error"


def test_text_shows_the_place_the_phrase_and_the_fix() -> None:
    (finding,) = [f for f in found_in(TEXT) if f.rule == "sudo-without-effect"]
    assert finding_text(finding) == (
        "policies/fixture.hcl:4:45: info: nothing that `sys/mounts` matches asks for `sudo` "
        "[sudo-without-effect]\n"
        '   4 | path "sys/mounts" { capabilities = ["read", "sudo"] }\n'
        "     |                                             ^^^^^^\n"
        "  = fix: drop `sudo` (`--fix` does it)"
    )


def test_remarks_fit_on_any_terminal(findings: list[Finding]) -> None:
    for finding in findings:
        first, *rest = finding_text(finding).split("\n")
        assert first.endswith(f"[{finding.diagnostic.code}]")
        remarks = [line for line in rest if line.startswith(("  = ", " " * 10))]
        # A single word may be longer.
        assert all(len(line) <= 80 or " " not in line[10:].strip() for line in remarks)
    told = " ".join(finding_text(findings[0]).split())
    assert all(" ".join(note.split()) in told for note in findings[0].diagnostic.notes)


def test_the_summary_counts(findings: list[Finding]) -> None:
    assert lint_summary([], 1, 0) == "nothing to say in 1 file"
    assert lint_summary([], 0, 0, 2) == "nothing to say in 0 files; 2 unreadable"
    assert lint_summary(found_in(TEXT)[:1], 2, 3) == "1 error in 2 files; 3 in the baseline"
