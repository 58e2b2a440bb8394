"""The published JSON Schemas, by name."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from policy.inventory import MountsFile, RequestLine, TokenFile
from policy.report.decision_json import DecisionReport
from policy.report.diagnostic_json import FileReport

__all__ = ["SCHEMAS", "schema"]

SCHEMAS: dict[str, Any] = {
    "decision": DecisionReport,
    "mounts": MountsFile,
    "request": RequestLine,
    "token": TokenFile,
    "validation": FileReport,
}
"""What has a schema: files that are read, and answers that are written."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of that name, as it stands in `docs/schemas`."""
    body = TypeAdapter(SCHEMAS[name]).json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}
