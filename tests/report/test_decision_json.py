"""Decisions and findings for programs: complete, of the published shape, and safe to encode."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

import policy
from policy import PolicySet, Request, Token
from policy.diagnostics import Diagnostic, Label, Severity
from policy.lower import compile_policy
from policy.model import DIALECTS
from policy.report import DecisionReport, FileReport, decision_report, diagnostic_report
from policy.source import Source, Span

DECISIONS: TypeAdapter[Any] = TypeAdapter(DecisionReport)
FILES: TypeAdapter[Any] = TypeAdapter(FileReport)
NOW = 1_800_000_000.0
TEXT = """\
path "a/*" { policy = "read" }
path "a/+" { capabilities = ["update"] }
path "sys/*" { policy = "write" }
"""


def reported(operation: Any, path: str, namespace: str = "") -> DecisionReport:
    policies = PolicySet([policy.parse(TEXT, "ops")])
    acl = policies.acl(Token(["ops", "nope"]), now=NOW)
    return decision_report(acl.decide(Request(operation, path, namespace)))


def test_everything_that_is_known() -> None:
    report = reported("read", "a/b")
    assert report == {
        "version": 1,
        "dialect": "vault-2.0",
        "operation": "read",
        "path": "a/b",
        "namespace": "",
        "outcome": "deny",
        "reason": "missing-capability",
        "detail": "the winning rule does not grant `read`",
        "needed": ["read"],
        "missing": ["read"],
        "granted_by": [],
        "root_protected": False,
        "fact": None,
        "winner": {
            "pattern": "a/+",
            "kind": "segment",
            "capabilities": ["update"],
            "rules": [{"policy": "ops", "path": "a/+", "file": "<ops>", "line": 2}],
        },
        "losers": [
            {
                "pattern": "a/*",
                "lost_by": "closed",
                "rules": [{"policy": "ops", "path": "a/*", "file": "<ops>", "line": 1}],
            }
        ],
        "suggestion": "add `read` to `a/+`, or this rule:\n"
        'path "a/b" { capabilities = ["read", "update"] }',
    }


def test_facts_say_where_they_come_from() -> None:
    report = reported("update", "sys/step-down")
    assert report["root_protected"]
    assert report["fact"] is not None
    assert report["fact"]["kind"] == "sudo"
    assert report["fact"]["sources"]
    opened = reported("read", "sys/health")
    assert not opened["root_protected"]
    assert opened["fact"] is not None
    assert opened["fact"]["kind"] == "unauthenticated"
    assert opened["winner"] is None


@pytest.mark.parametrize("operation", ["read", "list", "write", "help", "header", "update"])
@pytest.mark.parametrize("path", ["a/b", "b", "sys/step-down", "sys/health", "a//b", "a/\udcff"])
def test_every_report_has_the_published_shape(operation: str, path: str) -> None:
    report = reported(operation, path, "" if path != "b" else "ns1")
    assert DECISIONS.validate_python(report, strict=True) == report
    if path.isprintable():
        assert DECISIONS.validate_json(orjson.dumps(report), strict=True) == report


def test_findings() -> None:
    source = Source.of("ab\ncd\n")
    diagnostic = Diagnostic(
        "some-code",
        Severity.WARNING,
        "\udcff is odd",
        source,
        Span(1, 4),
        labels=(Label(Span(3, 5), "here"),),
        notes=("a fact",),
        help="do it",
    )
    assert diagnostic_report(diagnostic) == {
        "code": "some-code",
        "severity": "warning",
        "message": "� is odd",
        "span": {"line": 1, "column": 2, "end_line": 2, "end_column": 2},
        "labels": [
            {
                "span": {"line": 2, "column": 1, "end_line": 2, "end_column": 3},
                "message": "here",
            }
        ],
        "notes": ["a fact"],
        "help": "do it",
    }


def test_findings_of_a_whole_file_have_the_published_shape() -> None:
    compiled = compile_policy(
        Source.of(b'path "\xff" { capabilites = [] }\npath {}'), "p", DIALECTS["vault-2.0"]
    )
    report = FileReport(
        version=1,
        file="f",
        policy="p",
        dialect="vault-2.0",
        accepted=False,
        rules=0,
        diagnostics=[diagnostic_report(d) for d in compiled.diagnostics],
    )
    assert len(report["diagnostics"]) == 2
    assert FILES.validate_json(orjson.dumps(report), strict=True) == report
