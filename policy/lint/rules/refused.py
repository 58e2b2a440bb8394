"""The server refuses the policy.

What: Everything for which a server of the chosen dialect refuses the text, each fault with a name
    of its own. If its syntax holds, rules that judge each block by itself still look at the sound
    ones; all others wait until the server would take it.
Why: A refused policy is not written; where one of that name exists, the old one stays in force.
Example:
    path "secret/data/app" { capabilities = ["write"] }
Instead:
    path "secret/data/app" { capabilities = ["create", "update"] }
Source: OpenBao 2.7.2, recorded in `fixtures/recorded/language`; Vault, read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("refused", "SP001", Severity.ERROR, Confidence.CERTAIN, reads_broken=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """What the compiler says, in its words."""
    for found in file.compiled.diagnostics:
        if found.severity is Severity.ERROR:
            yield Problem(
                found.message, found.span, found.labels, found.notes, found.help, code=found.code
            )
