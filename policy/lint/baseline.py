"""The findings an old repository starts with: known ones are left out, new ones are shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from policy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lint.findings import Finding

__all__ = ["baseline_text", "read_baseline"]

_VERSION = 1


def baseline_text(findings: Iterable[Finding]) -> str:
    """The file that makes these findings known. One line each, so that it can be reviewed."""
    known = {f.fingerprint: f"{f.rule} in {f.diagnostic.source.name}" for f in findings}
    value = {"version": _VERSION, "findings": dict(sorted(known.items(), key=lambda i: i[::-1]))}
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def read_baseline(text: str | bytes, name: str) -> frozenset[str]:
    """The fingerprints of such a file. Raises `UsageError` when it is something else."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name}: not a baseline: {error}") from None
    if not isinstance(value, dict) or value.get("version") != _VERSION:
        raise UsageError(f"{name}: not a baseline of version {_VERSION}")
    findings = value.get("findings")
    if not isinstance(findings, dict):
        raise UsageError(f"{name}: the baseline has no `findings`")
    return frozenset(findings)
