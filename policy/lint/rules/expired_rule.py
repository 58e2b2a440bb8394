"""A rule whose time has passed.

What: The `expiration` of a block lies in the past.
Why: The server drops the rule: it grants nothing, denies nothing, and can be deleted.
Example:
    # dialect: openbao-2.7
    path "secret/data/app" {
      capabilities = ["read"]
      expiration   = "2020-01-01T00:00:00Z"
    }
Instead:
    # dialect: openbao-2.7
    path "secret/data/app" {
      capabilities = ["read"]
      expiration   = "2120-01-01T00:00:00Z"
    }
Source: OpenBao 2.7.2, recorded in `fixtures/recorded/language`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("expired-rule", "SP804", Severity.INFO, Confidence.CERTAIN, Level.PEDANTIC, reads_broken=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """What the compiler says, in its words."""
    for found in file.compiled.diagnostics:
        if found.code == "expired-rule":
            yield Problem(found.message, found.span, notes=found.notes, help=found.help)
