"""A glob without a slash before its `*` covers more than it seems to.

What: The last segment of a path is text with a `*` behind it.
Why: `secret/data/app*` is about `secret/data/apple` as much as about `secret/data/app/x`.
Example:
    path "secret/data/app*" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
    path "secret/data/app/*" { capabilities = ["read"] }
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

_GLOBBED = "sys/events/subscribe/"
"""Behind it stands a type of event, of which a part with a star is one as well."""


@rule(
    "glob-covers-more",
    "SP303",
    Severity.WARNING,
    Confidence.MEDIUM,
    Level.PEDANTIC,
    block_by_block=True,
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Often it is meant: names with a common beginning."""
    for block in file.blocks:
        pattern = block.pattern
        if pattern is None or not pattern.is_open or "{{" in block.path or block.rule.is_deny:
            continue
        if block.path.startswith(_GLOBBED):
            continue
        last = block.path.removesuffix("*").rpartition("/")[2]
        if last and not last.endswith(("-", "_", ".", "*", "+")):
            yield Problem(
                f"`{block.path}` also covers `{block.path.removesuffix('*')}x` and what is below",
                block.label,
                help=f"write `{block.path.removesuffix('*')}/*` for what is below it",
            )
