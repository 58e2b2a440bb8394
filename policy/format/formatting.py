"""A policy text formatted, with the proof that it means what it meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, PolicyError
from policy.format.layout import format_document
from policy.lower import compile_policy
from policy.source import Source, Span
from policy.syntax import parse

if TYPE_CHECKING:
    from policy.model import Dialect, Policy, Rule

__all__ = ["Formatted", "format_policy"]

_NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text before and after. `before` is as it came in, its line breaks included."""

    source: Source
    text: str

    @property
    def changed(self) -> bool:
        """Whether formatting would write anything else than what is there."""
        return self.source.text != self.text


def format_policy(source: Source, dialect: Dialect) -> Formatted:
    """Format an HCL policy as `bao policy fmt` does (OpenBao 2.7.2).

    Raises `InvalidPolicyError` when the server would refuse the text, or when it is JSON, which
    the servers' formatter does not take either; `PolicyError` when brackets nest deeper than
    `MAX_DEPTH`, or when the result would not decide exactly what the text decides.
    """
    # Without a clock no rule is dropped as expired, so that those are compared as well.
    compiled = compile_policy(source, "policy", dialect)
    if compiled.policy is None:
        errors = [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
        raise InvalidPolicyError(f"{source.name}: is refused", errors)
    if source.is_json:
        raise InvalidPolicyError(f"{source.name}: is JSON, and only HCL can be formatted")
    text = format_document(parse(source, dialect).document)
    again = compile_policy(Source(source.name, text), "policy", dialect)
    if again.policy is None or _meaning(again.policy) != _meaning(compiled.policy):
        raise PolicyError(
            f"{source.name}: formatting would change what the policy decides, so it is left alone"
        )
    return Formatted(source, text)


def _meaning(policy: Policy) -> list[Rule]:
    """The rules without their places in the text. Their order is kept: it decides as well."""
    return [rule._replace(span=_NOWHERE) for rule in policy.rules]
