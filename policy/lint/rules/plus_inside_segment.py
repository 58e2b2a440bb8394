"""A `+` that is not a whole segment is an ordinary plus.

What: A path holds a segment with a `+` and something else in it.
Why: `+` stands for one segment only where it is all of it: `team-+` matches just `team-+`.
Example:
    path "secret/data/team-+/app" { capabilities = ["read"] }
Instead:
    path "secret/data/+/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `path-pattern-*`; the same in Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("plus-inside-segment", "SP302", Severity.WARNING, Confidence.HIGH, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A plus between other characters may be part of a name, as in mail addresses."""
    for block in file.blocks:
        if block.pattern is None or "{{" in block.path:
            continue
        for segment in block.path.removeprefix("/").split("/"):
            if "+" not in segment or segment == "+":
                continue
            at_edge = segment.startswith("+") or segment.endswith("+")
            yield Problem(
                f"the `+` in `{segment}` is an ordinary character, not a wildcard",
                block.label,
                help="`+` must be a whole segment, as in `a/+/b`",
                level=None if at_edge else Level.PEDANTIC,
            )
            break
