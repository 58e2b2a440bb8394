"""Tree to meaning: from a parsed text to a `Policy`, with every problem and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lower.findings import Findings
from policy.lower.plain import plain_parts
from policy.lower.reshape import reshape
from policy.lower.rules import compile_rules
from policy.lower.transport import decode_policy_field
from policy.model import Policy
from policy.syntax import flaw_diagnostics, parse

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic
    from policy.model import Dialect, Rule
    from policy.source import Source

__all__ = ["Compiled", "compile_policy", "decode_policy_field"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of one text: a policy, or None when the server would refuse it."""

    policy: Policy | None
    diagnostics: tuple[Diagnostic, ...]


def compile_policy(
    source: Source, name: str, dialect: Dialect, now: float | None = None, *, fast: bool = True
) -> Compiled:
    """Compile one policy text.

    `now`, in seconds since 1970, decides which rules have expired; the server drops those before
    it checks the rest of them. Without it no rule is dropped. Never raises for what a text says.
    `fast` may be turned off to take the full way whatever the text; the result is the same.
    """
    source = source.normalized
    findings = Findings(source)
    rules = None
    if fast and not source.is_json:
        rules = _compile_fast(source, findings, dialect, now)
    if rules is None:
        findings = Findings(source)
        document, diagnostics = parse(source, dialect)
        items = reshape(document.items) if source.is_json else document.items
        rules = compile_rules(items, findings, dialect, now)
        findings.diagnostics += diagnostics
    found = sorted(findings.diagnostics, key=lambda d: d.sort_key)
    refused = any(d.severity is Severity.ERROR for d in found)
    policy = None if refused else Policy(name.strip().lower(), rules, source)
    return Compiled(policy, tuple(found))


def _compile_fast(
    source: Source, findings: Findings, dialect: Dialect, now: float | None
) -> tuple[Rule, ...] | None:
    """The rules by the fast way, or None if it is not sure of them."""
    parts = plain_parts(source, dialect)
    if parts is None:
        return None
    rules: list[Rule] = []
    assigned = 0
    for part in parts:
        if isinstance(part, list):
            rules += part
            continue
        assigned += sum(item.assign >= 0 for item in part.items)
        findings.diagnostics += flaw_diagnostics(part, dialect)
        rules += compile_rules(part.items, findings, dialect, now)
    # Whether a key is assigned twice shows only where all items are seen together.
    return tuple(rules) if assigned < 2 else None
