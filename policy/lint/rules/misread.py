"""Text that the server reads otherwise than it looks.

What: A `path` without a label, further labels, a parameter spelt in two ways, keys beside `deny`.
Why: The server accepts it and means something else by it.
Example:
    path "secret/data/app" "secret/data/other" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
    path "secret/data/other" { capabilities = ["read"] }
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
    {"ambiguous-parameter", "ignored-beside-deny", "ignored-label", "path-without-label"}
)


@rule("misread", "SP802", Severity.WARNING, Confidence.CERTAIN, reads_broken=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """What the compiler says, in its words."""
    for found in file.compiled.diagnostics:
        if found.code in _CODES:
            yield Problem(
                found.message, found.span, found.labels, found.notes, found.help, code=found.code
            )
