"""A path begins with a slash.

What: The first character of a path is `/`.
Why: The server drops one, so that it does no harm; but it reads as if it meant something, and
    hides that two blocks are about the same path.
Example:
    path "/secret/data/app" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `path-pattern-*`; the same in Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Level, Problem
from policy.lint.rule import rule
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule(
    "leading-slash", "SP306", Severity.INFO, Confidence.CERTAIN, Level.PEDANTIC, block_by_block=True
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A second slash is another matter, see `impossible-path`."""
    for block in file.blocks:
        if not block.path.startswith("/") or block.path.startswith("//") or block.pattern is None:
            continue
        start = block.inner_label.start
        edit = Edit(Span(start, start + 1), "")
        yield Problem(
            f"the slash at the beginning of `{block.path}` is dropped",
            block.label,
            fix=Fix("drop the slash", (edit,), is_safe=True) if block.is_literal else None,
        )
