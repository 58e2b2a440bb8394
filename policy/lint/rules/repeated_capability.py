"""A capability stands twice in one list.

What: The same word occurs twice among the capabilities of a block.
Why: It is harmless; perhaps another word was meant.
Example:
    path "secret/data/app" { capabilities = ["read", "list", "read"] }
Instead:
    path "secret/data/app" { capabilities = ["read", "list"] }
Source: OpenBao 2.7.2, recorded as `capability`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule(
    "repeated-capability",
    "SP806",
    Severity.INFO,
    Confidence.CERTAIN,
    Level.PEDANTIC,
    block_by_block=True,
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Shown at the second occurrence."""
    for block in file.blocks:
        words = [word for word, _ in block.words]
        for at, (word, span) in enumerate(block.words):
            if word not in words[:at]:
                continue
            place = block.list_span
            text = ", ".join(f'"{each}"' for each in dict.fromkeys(words))
            edits = (Edit(place, f"[{text}]"),) if place else ()
            yield Problem(
                f"`{word}` stands in the list already",
                span,
                fix=Fix("say it once", edits, is_safe=True) if edits else None,
            )
            break
