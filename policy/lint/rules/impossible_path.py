"""A path that no request can have.

What: A path holds an empty segment (`//`, or a slash left over at its beginning), a segment `.`
    or `..`, or an unprintable character.
Why: The server cleans paths before it looks at policies: it redirects `a//b` to `a/b`. The rule
    is never asked for; a deny of this kind protects nothing.
Example:
    path "secret//data/app" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2, seen on a running server
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze import Form, PathSet
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.block import Block
    from policy.lint.target import PolicyFile

_DOTS = (".", "..")
_EMPTY = ("", *_DOTS)


@rule("impossible-path", "SP305", Severity.ERROR, Confidence.CERTAIN, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Exact: none of the paths the pattern matches is one of a request."""
    for block in file.blocks:
        pattern = block.rule.pattern
        if pattern is None or pattern.text in ("", "/") or _is_ordinary(pattern.text):
            continue
        if PathSet.matching(pattern).witness(Form.REQUEST) is not None:
            continue
        yield Problem(
            f"no request can have the path `{block.path}`",
            block.label,
            notes=(
                "the server redirects paths with an empty segment, `.` or `..`",
                "it refuses those with unprintable characters",
            ),
            fix=_fix(block),
        )


def _is_ordinary(text: str) -> bool:
    """Whether there is plainly nothing in a pattern that keeps requests away."""
    if not (text.isascii() and text.isprintable()):
        return False
    *inner, last = text.split("/")
    return all(segment not in _EMPTY for segment in inner) and last not in _DOTS


def _fix(block: Block) -> Fix | None:
    segments = [part for part in block.path.split("/")[:-1] if part not in ("", ".")]
    if ".." in segments or not block.is_literal:
        return None
    text = "/".join([*segments, block.path.rpartition("/")[2]])
    if text == block.path:
        return None
    return Fix(f"write `{text}`", (Edit(block.inner_label, text),), is_safe=False)
