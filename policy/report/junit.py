"""What the linter found as JUnit XML: a test case a file, which fails by its findings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from policy.report.lint_text import finding_text
from policy.source import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.lint import Finding

__all__ = ["junit_report"]


def junit_report(
    findings: Iterable[Finding], files: Sequence[str], unreadable: Sequence[str]
) -> str:
    """The whole document. `files` are the names of all policy files that were read."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.diagnostic.source.name].append(finding)
    names = list(dict.fromkeys([*files, *found]))
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name="sudopath lint",
        tests=str(len(names) + len(unreadable)),
        failures=str(sum(len(found[name]) for name in names)),
        errors=str(len(unreadable)),
    )
    for name in names:
        case = SubElement(suite, "testcase", classname="sudopath.lint", name=_clean(name))
        for finding in found[name]:
            failure = SubElement(
                case, "failure", type=finding.rule, message=_clean(finding.diagnostic.message)
            )
            failure.text = _clean(finding_text(finding))
    for text in unreadable:
        case = SubElement(suite, "testcase", classname="sudopath.lint", name=_clean(text))
        SubElement(case, "error", type="unreadable", message=_clean(text))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Text that XML 1.0 can carry."""
    return printable(text, keep="\t\n")
