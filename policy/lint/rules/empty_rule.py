"""A rule that grants nothing, and hides nothing.

What: A block without capabilities, on paths on which no other rule of the policy grants anything.
Why: It does nothing in this policy; beside other policies it takes away what their broader rules
    grant. If that is meant, `deny` says so.
Example:
    path "secret/app" { capabilities = [] }
Instead:
    path "secret/app" { capabilities = ["deny"] }
Source: OpenBao 2.7.2, recorded as `capability`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.lint.rules import empty_rule_hides

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("empty-rule", "SP204", Severity.INFO, Confidence.CERTAIN, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """The rest of `empty-rule-hides`."""
    hiding = {problem.span for problem in empty_rule_hides.check.check(file)}
    for block in file.first_blocks:
        span = block.attribute_span("capabilities") if block.grant else block.label
        if block.grant is not None and not block.grant.mask and span not in hiding:
            yield Problem(f"the rule for `{block.path}` grants nothing", span)
