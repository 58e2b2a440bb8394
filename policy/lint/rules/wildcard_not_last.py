"""A `*` that is not the last character is an ordinary star.

What: A path holds a `*` with something behind it.
Why: Only a `*` at the very end stands for any rest. Elsewhere it matches nothing but a star, so
    that the rule is about paths that nobody has. `+` stands for one segment.
Example:
    path "secret/data/*/app" { capabilities = ["read"] }
Instead:
    path "secret/data/+/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `path-pattern-*`; the same in Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.block import Block
    from policy.lint.target import PolicyFile


@rule("wildcard-not-last", "SP301", Severity.ERROR, Confidence.HIGH, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """`a**` is such a path too: its first star is ordinary."""
    for block in file.blocks:
        body = block.path.removesuffix("*")
        if block.pattern is None or "*" not in body or "{{" in block.path:
            continue
        yield Problem(
            f"a `*` in `{block.path}` that is not its last character matches only a star",
            block.label,
            help="write `+` for one segment; a `*` at the end is any rest",
            fix=_fix(block),
        )


def _fix(block: Block) -> Fix | None:
    """Where each star is a whole segment, what is meant is clear."""
    if not block.is_literal:
        return None
    body, final = block.path.removesuffix("*"), block.path[len(block.path.removesuffix("*")) :]
    segments = body.split("/")
    if any("*" in segment and segment != "*" for segment in segments):
        return None
    text = "/".join("+" if segment == "*" else segment for segment in segments) + final
    if "+*" in text:
        return None
    start, end = block.inner_label
    return Fix("write `+` for one segment", (Edit(Span(start, end), text),), is_safe=False)
