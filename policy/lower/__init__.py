"""Text to meaning: from a policy text to a `Policy`, with every problem and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.diagnostics import Severity
from policy.lower.plain import plain_parts
from policy.lower.transport import decode_policy_field
from policy.model import Policy

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic
    from policy.model import Dialect, Rule
    from policy.source import Source

__all__ = ["Compiled", "compile_policy", "decode_policy_field"]


class Compiled(NamedTuple):
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
    rules, diagnostics = _rules(source, dialect, now, fast=fast)
    refused = any(d.severity is Severity.ERROR for d in diagnostics)
    policy = None if refused else Policy(name.strip().lower(), rules, source)
    return Compiled(policy, tuple(sorted(diagnostics, key=lambda d: d.sort_key)))


def _rules(
    source: Source, dialect: Dialect, now: float | None, *, fast: bool
) -> tuple[tuple[Rule, ...], list[Diagnostic]]:
    parts = plain_parts(source, dialect) if fast and not source.is_json else None
    if parts == []:
        return (), []
    if parts is not None and len(parts) == 1 and isinstance(parts[0], list):
        return tuple(parts[0]), []
    # All the rest is loaded by the first text that needs it.
    from policy.lower.compiler import compile_parts, compile_whole

    compiled = None if parts is None else compile_parts(parts, source, dialect, now)
    rules, findings = compiled or compile_whole(source, dialect, now)
    return rules, findings.diagnostics
