"""Tree to meaning: from a parsed text to a `Policy`, with every problem and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lower.findings import Findings
from policy.lower.reshape import reshape
from policy.lower.rules import compile_rules
from policy.lower.transport import decode_policy_field
from policy.model import Policy
from policy.syntax import parse

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic
    from policy.model import Dialect
    from policy.source import Source

__all__ = ["Compiled", "compile_policy", "decode_policy_field"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of one text: a policy, or None when the server would refuse it."""

    policy: Policy | None
    diagnostics: tuple[Diagnostic, ...]


def compile_policy(
    source: Source, name: str, dialect: Dialect, now: float | None = None
) -> Compiled:
    """Compile one policy text.

    `now`, in seconds since 1970, decides which rules have expired; the server drops those before
    it checks the rest of them. Without it no rule is dropped. Never raises for what a text says.
    """
    document, diagnostics = parse(source, dialect)
    findings = Findings(document.source)
    items = reshape(document.items) if document.source.is_json else document.items
    rules = compile_rules(items, findings, dialect, now)
    found = sorted((*diagnostics, *findings.diagnostics), key=lambda d: d.sort_key)
    refused = any(d.severity is Severity.ERROR for d in found)
    policy = None if refused else Policy(name.strip().lower(), rules, document.source)
    return Compiled(policy, tuple(found))
