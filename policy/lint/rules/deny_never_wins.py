"""A deny that denies nothing.

What: On every path the deny matches, another rule of the same policy ranks higher.
Why: A deny is stronger than other rules only on the very same pattern. Elsewhere the rule that
    ranks highest decides, and this one never does: what it should protect is open.
Example:
    path "secret/*" { capabilities = ["read", "list"] }
    path "secret/+/*" { capabilities = ["deny"] }
Instead:
    path "secret/*" { capabilities = ["read", "list"] }
    path "secret/+/private" { capabilities = ["deny"] }
Source: the order among patterns, OpenBao 2.7.2 (recorded as `priority-*`) and Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.lint.rules.rule_never_wins import never_winning, never_wins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("deny-never-wins", "SP202", Severity.ERROR, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Exact: over all paths that requests can have."""
    for block in never_winning(file, denies=True):
        yield never_wins(file, block, "denies nothing: it never wins")
