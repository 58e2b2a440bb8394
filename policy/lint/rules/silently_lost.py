"""Text that the server accepts and drops.

What: Something that breaks off, is not closed, or is skipped by the server's reader without an
    error: a boolean in a JSON list, a member without a comma, a last `key =` without a value.
Why: The policy is not what it reads like. What is lost may be a deny or a constraint.
Example:
    path "secret/data/app" { capabilities = ["read"] }
    comment =
Instead:
    path "secret/data/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded in `fixtures/recorded/language`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_CODES = frozenset(
    {
        "broken-item",
        "dangling-assignment",
        "lost-boolean",
        "lost-bracket",
        "lost-member",
        "lost-rest",
        "swallowed-text",
        "unclosed-object",
    }
)


@rule("silently-lost", "SP801", Severity.WARNING, Confidence.CERTAIN, reads_broken=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """What the compiler says, in its words."""
    for found in file.compiled.diagnostics:
        if found.code in _CODES and found.severity is not Severity.ERROR:
            yield Problem(
                found.message, found.span, found.labels, found.notes, found.help, code=found.code
            )
