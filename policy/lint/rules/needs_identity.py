"""A rule that is left out for a token without an entity.

What: The path of a rule holds an identity template.
Why: A root or batch token, or one made by another token, may have no entity. The rule is then
    left out: what it grants is missing, and what it denies is not denied.
Example:
    path "secret/data/{{identity.entity.id}}/*" { capabilities = ["read"] }
Instead:
    path "secret/data/app/*" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `template-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("needs-identity", "SP703", Severity.INFO, Confidence.CERTAIN, Level.AUDIT)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A deny is the worse case, since it fails open."""
    for block in file.blocks:
        if block.grant is None or "{{" not in block.path or "identity." not in block.path:
            continue
        is_deny = block.rule.is_deny
        yield Problem(
            f"without an entity the {'deny' if is_deny else 'rule'} for `{block.path}` is left out",
            block.label,
            severity=Severity.WARNING if is_deny else None,
        )
