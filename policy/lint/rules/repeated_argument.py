"""A key is assigned twice in one block.

What: The same key stands twice in a block, on a server that still accepts it.
Why: Vault refuses such a policy from version 1.21 on. Until then lists are joined, and of other
    values the last one counts.
Example:
    # dialect: openbao-2.7
    path "secret/data/app" {
      capabilities = ["read"]
      capabilities = ["list"]
    }
Instead:
    # dialect: openbao-2.7
    path "secret/data/app" {
      capabilities = ["read", "list"]
    }
Source: OpenBao 2.7.2, recorded in `fixtures/recorded/language`; Vault 1.21, read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("repeated-argument", "SP803", Severity.WARNING, Confidence.CERTAIN, reads_broken=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Where the server refuses it, `refused` tells."""
    for found in file.compiled.diagnostics:
        if found.code == "repeated-argument" and found.severity is not Severity.ERROR:
            yield Problem(
                found.message, found.span, found.labels, found.notes, found.help, code=found.code
            )
