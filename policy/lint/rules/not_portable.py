"""A policy that other servers refuse.

What: Something that the server of the run accepts, and that a server of another dialect refuses: a
    capability or a key it does not know, or a control group of the other kind.
Why: Who moves from Vault to OpenBao, or to another version, finds the policy refused as a whole.
Example:
    # dialect: openbao-2.7
    path "secret/metadata/*" { capabilities = ["list", "scan"] }
Instead:
    # dialect: openbao-2.7
    path "secret/metadata/*" { capabilities = ["list"] }
Source: OpenBao 2.7.2, recorded in `fixtures/recorded/language`; Vault 1.11, 1.21 and 2.0, read
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.lower import compile_policy
from policy.model import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("not-portable", "SP808", Severity.INFO, Confidence.CERTAIN, Level.AUDIT)
def check(file: PolicyFile) -> Iterator[Problem]:
    """What is assigned twice is for `repeated-argument`."""
    refusing = defaultdict(list)
    for dialect in DIALECTS.values():
        if dialect == file.project.dialect:
            continue
        found = compile_policy(file.source, file.name, dialect, file.project.now).diagnostics
        for each in found:
            if each.severity is Severity.ERROR and each.code != "repeated-argument":
                refusing[each.span, each.message].append(dialect.name)
    for (span, message), names in refusing.items():
        verb = "refuses" if len(names) == 1 else "refuse"
        yield Problem(f"{' and '.join(names)} {verb} this: {message}", span)
