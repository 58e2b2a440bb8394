"""A template that has no value for anybody.

What: What stands between `{{` and `}}` is none of the selectors the server knows.
Why: A rule whose template has no value is left out without a word: it grants nothing, and a deny
    denies nothing.
Example:
    path "secret/data/{{identity.entity.username}}/*" { capabilities = ["read"] }
Instead:
    path "secret/data/{{identity.entity.name}}/*" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `template-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.lint.selectors import is_known, is_of_another_tool, suggestion
from policy.model import Selector, split_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("unknown-template", "SP701", Severity.ERROR, Confidence.CERTAIN, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """One finding for each unknown selector. A word without a dot is perhaps for another program
    to fill in; where that is sure, it is a matter for `unfilled-placeholder`."""
    for block in file.blocks:
        if "{{" not in block.path or block.rule.expiration is not None:
            continue
        for part in split_template(block.path):
            if not isinstance(part, Selector) or is_known(part.text, file.project.dialect):
                continue
            if is_of_another_tool(part.text):
                continue
            is_sure = "." in part.text
            yield Problem(
                f"`{part.text}` has no value for anybody: the rule is left out",
                block.label,
                help=suggestion(part.text),
                notes=() if is_sure else ("if another program fills it in, lint what comes out",),
                severity=None if is_sure else Severity.WARNING,
                confidence=None if is_sure else Confidence.MEDIUM,
            )
