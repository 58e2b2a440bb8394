"""The published JSON Schemas, by name."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from policy.analyze.baseline import AcceptedFinding
from policy.analyze.inventory import InventoryFile
from policy.inventory import MountsFile, RequestLine, TokenFile
from policy.report.decision_json import Answer, DecisionReport, NoAnswer
from policy.report.diagnostic_json import FileReport
from policy.report.difference_json import DifferenceReport
from policy.report.escalation_json import EscalationReport
from policy.report.lint_json import LintReport
from policy.report.needs_json import NeedsReport
from policy.report.paths_json import PathsReport
from policy.report.preflight_json import PreflightReport
from policy.report.reach_json import HoldersReport
from policy.report.simplify_report import SimplifyReport

__all__ = ["SCHEMAS", "schema"]

SCHEMAS: dict[str, Any] = {
    "answer": Answer | NoAnswer,
    "baseline": list[AcceptedFinding],
    "decision": DecisionReport,
    "difference": DifferenceReport,
    "escalation": EscalationReport,
    "holders": HoldersReport,
    "inventory": InventoryFile,
    "lint": LintReport,
    "mounts": MountsFile,
    "needs": NeedsReport,
    "paths": PathsReport,
    "preflight": PreflightReport,
    "request": RequestLine,
    "simplification": SimplifyReport,
    "token": TokenFile,
    "validation": FileReport,
}
"""What has a schema: files that are read, and answers that are written."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of that name, as it stands in `docs/schemas`."""
    body = TypeAdapter(SCHEMAS[name]).json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}
