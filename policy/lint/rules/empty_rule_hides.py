"""A rule that grants nothing hides one that grants something.

What: A rule without capabilities wins on paths on which another rule of the policy would allow
    something.
Why: A rule without capabilities still counts, and so takes away what broader rules grant. But it
    is no deny: a second policy with the same path lifts it. Say which of the two is meant.
Example:
    path "secret/*" { capabilities = ["read"] }
    path "secret/app" { capabilities = [] }
Instead:
    path "secret/*" { capabilities = ["read"] }
    path "secret/app" { capabilities = ["deny"] }
Source: OpenBao 2.7.2, recorded as `capability`
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("empty-rule-hides", "SP203", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Shown by leaving the rule out and comparing."""
    for block in file.first_blocks:
        grant = block.grant
        if grant is None or grant.mask:
            continue
        # It takes a while to load, for a rule that few policies have.
        from policy.analyze.difference import equivalent

        gone = {id(rule) for _, rule in grant.rules}
        rest = tuple(rule for rule in file.policy.rules if id(rule) not in gone)
        if not equivalent(file.acl, file.acl_of(replace(file.policy, rules=rest))):
            yield Problem(
                f"the rule for `{block.path}` grants nothing, and hides a broader one that does",
                block.attribute_span("capabilities"),
                help='write `["deny"]` to forbid it, or drop the rule to let the other one count',
            )
