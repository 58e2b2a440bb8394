"""`sudo` without a capability that the call could use.

What: A rule grants `sudo`, and nothing that any call on its paths goes by.
Why: `sudo` is asked for besides the capability of the operation, never instead of it. A token
    with `sudo` alone is refused.
Example:
    path "sys/step-down" { capabilities = ["sudo"] }
Instead:
    path "sys/step-down" { capabilities = ["update", "sudo"] }
Source: OpenBao 2.7.2, recorded as `step-down`; the same in Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.endpoints import NO_OPERATION
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.model import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("sudo-without-operation", "SP101", Severity.ERROR, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Less grave where another file of the run grants the rest: a token may hold both."""
    for block in file.first_blocks:
        pattern, grant = block.pattern, block.grant
        if pattern is None or grant is None or Capability.SUDO not in grant.capabilities:
            continue
        operations = frozenset(grant.capabilities) - NO_OPERATION
        known = file.known(pattern)
        useful = frozenset[Capability]()
        if known is not None and known[1]:
            useful = known[0].capabilities - NO_OPERATION
        wanted = ", ".join(f"`{word}`" for word in sorted(useful))
        if not operations:
            message = f"`sudo` alone allows nothing on `{block.path}`"
        elif useful and not operations & useful and file.protected(pattern):
            words = " and ".join(f"`{word}`" for word in sorted(operations))
            message = f"`sudo` with {words} allows nothing on `{block.path}`"
        else:
            continue
        elsewhere = file.others(pattern) - operations - NO_OPERATION
        yield Problem(
            message,
            block.word_span(Capability.SUDO),
            notes=("a call needs the capability of its operation, and `sudo` besides",),
            help=f"add what the calls need: {wanted}" if 0 < len(useful) < 4 else None,
            severity=Severity.WARNING if elsewhere else None,
            confidence=Confidence.HIGH if operations else None,
        )
