"""The old key `policy` in place of `capabilities`.

What: A block says `policy = "read"`, `"write"`, `"sudo"` or `"deny"`.
Why: The words stand for lists that few know by heart (`read` also lists, `write` also deletes),
    and the key has been out of the documentation for years.
Example:
    path "secret/data/app" { policy = "write" }
Instead:
    path "secret/data/app" { capabilities = ["create", "read", "update", "delete", "list"] }
Source: OpenBao 2.7.2, recorded in `fixtures/recorded/language`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Level, Problem
from policy.lint.rule import rule
from policy.lower.capabilities import SHORTHAND
from policy.syntax import Item, Literal, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule(
    "policy-shorthand",
    "SP805",
    Severity.INFO,
    Confidence.CERTAIN,
    Level.PEDANTIC,
    block_by_block=True,
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """The fix writes out what the word stands for."""
    for block in file.blocks:
        items = list(block.attributes("policy"))
        for item in items:
            fix = None
            if len(items) == 1 and not block.words and not file.source.is_json:
                fix = _fix(item)
            yield Problem(
                "`policy` is the old way to say `capabilities`", item.keys[0].span, fix=fix
            )


def _fix(item: Item) -> Fix | None:
    if not isinstance(item.value, Literal) or not item.value.text.startswith('"'):
        return None
    words = SHORTHAND.get(decode_text(item.value, is_json=False), "").split()
    if not words:
        return None
    text = ", ".join(f'"{word}"' for word in words)
    edits = (Edit(item.keys[0].span, "capabilities"), Edit(item.value.span, f"[{text}]"))
    return Fix("write the capabilities out", edits, is_safe=True)
