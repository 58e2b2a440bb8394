"""A blank at the beginning or end of a path.

What: A path begins or ends with white space.
Why: The server takes it for part of the path: `secret/app ` is not `secret/app`, and with a blank
    behind it a `*` is no wildcard any more.
Example:
    path "secret/data/app/* " { capabilities = ["read"] }
Instead:
    path "secret/data/app/*" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `path-pattern-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule
from policy.source import UNICODE_SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("blank-in-path", "SP308", Severity.WARNING, Confidence.HIGH, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Nobody has such paths, though the server would let them."""
    for block in file.blocks:
        text = block.path.strip(UNICODE_SPACE)
        if block.pattern is None or text == block.path:
            continue
        edit = Edit(block.inner_label, text)
        yield Problem(
            f"white space at an end of `{block.path}` is part of the path",
            block.label,
            help="drop it",
            fix=Fix("drop the blank", (edit,), is_safe=False) if block.is_literal else None,
        )
