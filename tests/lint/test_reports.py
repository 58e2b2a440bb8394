"""The formats, each by the rules of its reader."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import TypeAdapter

from policy.lint import Finding, all_rules
from policy.model import DEFAULT_DIALECT
from policy.report.github import github_annotation
from policy.report.gitlab import GitlabFinding, gitlab_report
from policy.report.junit import junit_report
from policy.report.lint_json import LintReport, lint_report
from policy.report.lint_text import finding_text, lint_summary
from policy.report.sarif import sarif_report
from tests.lint.world import FIXTURES, found_in

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


def test_sarif_holds_what_the_standard_asks_for(findings: list[Finding]) -> None:
    """The parts of the 2.1.0 schema that are used here: what must be there, and of what kind."""
    report: Any = json.loads(
        json.dumps(sarif_report(findings, "1.2.3", ["gone.hcl: no such file"]))
    )
    assert report["version"] == "2.1.0"
    assert report["$schema"].startswith("https://")
    (run,) = report["runs"]
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert isinstance(driver["name"], str)
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids) == len(all_rules())
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert len(run["results"]) == len(findings)
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            check_location(location["physicalLocation"])
        for fix in result.get("fixes", []):
            for change in fix["artifactChanges"]:
                assert change["artifactLocation"]["uri"]
                assert change["replacements"]
                for replacement in change["replacements"]:
                    check_region(replacement["deletedRegion"])
                    assert isinstance(replacement["insertedContent"]["text"], str)


def check_location(location: Any) -> None:
    uri = location["artifactLocation"]["uri"]
    assert uri
    assert " " not in uri
    assert not uri.startswith("/")
    check_region(location["region"])


def check_region(region: Any) -> None:
    assert all(isinstance(value, int) and value >= 1 for value in region.values())
    start, end = (
        (region["startLine"], region["startColumn"]),
        (region["endLine"], region["endColumn"]),
    )
    assert start <= end


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
    assert int(suite.attrib["tests"]) == len(cases) == 3
    assert int(suite.attrib["failures"]) == len(cases[0]) == len(findings)
    assert len(cases[1]) == 0
    assert cases[2][0].tag == "error"


def test_text_shows_the_place_the_phrase_and_the_fix() -> None:
    (finding,) = [f for f in found_in(TEXT) if f.rule == "sudo-without-effect"]
    assert finding_text(finding) == (
        "policies/fixture.hcl:4:45: info: nothing that `sys/mounts` matches asks for `sudo` "
        "[sudo-without-effect]\n"
        '   4 | path "sys/mounts" { capabilities = ["read", "sudo"] }\n'
        "     |                                             ^^^^^^\n"
        "  = fix: drop `sudo` (`--fix` does it)"
    )


def test_the_summary_counts(findings: list[Finding]) -> None:
    assert lint_summary([], 1, 0) == "nothing to say in 1 file"
    assert lint_summary(found_in(TEXT)[:1], 2, 3) == "1 error in 2 files; 3 in the baseline"
