"""Capabilities beside `deny` count for nothing.

What: A list of capabilities holds `deny` and other words.
Why: `deny` replaces all others, so that the rule denies everything. Whoever reads the list may
    think that only some of it is denied.
Example:
    path "secret/app" { capabilities = ["read", "deny"] }
Instead:
    path "secret/app" { capabilities = ["deny"] }
Source: OpenBao 2.7.2, recorded as `capability`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule(
    "capabilities-beside-deny", "SP207", Severity.WARNING, Confidence.CERTAIN, block_by_block=True
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Shown at the first word that does not count."""
    for block in file.blocks:
        if not block.rule.is_deny or len(block.words) < 2:
            continue
        others = [(word, span) for word, span in block.words if word != "deny"]
        if not others or len(others) == len(block.words):
            continue
        span = block.list_span
        yield Problem(
            f"`{others[0][0]}` beside `deny` counts for nothing",
            others[0][1],
            help='write `["deny"]`, or drop `deny`',
            fix=Fix("keep `deny` alone", (Edit(span, '["deny"]'),), is_safe=True) if span else None,
        )
