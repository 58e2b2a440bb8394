"""Nothing that the rule grants means anything there.

What: None of the capabilities of a rule is one that the endpoints it reaches understand.
Why: The rule allows nothing that the server answers. Often two operations are mixed up: secrets
    of KV version 2 are read at `data/` and listed at `metadata/`; `destroy/` and `delete/` are
    written to, not deleted.
Example:
    path "sys/wrapping/unwrap" { capabilities = ["read"] }
Instead:
    path "sys/wrapping/unwrap" { capabilities = ["update"] }
Source: the catalogue of operations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.lint.target import first_blocks
from policy.model import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_NOT_OPERATIONS = frozenset({Capability.DENY, Capability.SUDO})


@rule("useless-capabilities", "SP401", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Where the mount is a guess, only at the pedantic level."""
    for block in first_blocks(file.blocks):
        pattern, grant = block.pattern, block.grant
        if pattern is None or grant is None:
            continue
        granted = frozenset(grant.capabilities) - _NOT_OPERATIONS
        known = file.known(pattern)
        if not granted or grant.is_deny or known is None:
            continue
        useful = known[0].capabilities - _NOT_OPERATIONS
        if not useful or useful & granted:
            continue
        words = ", ".join(f"`{word}`" for word in sorted(granted))
        wanted = ", ".join(f"`{word}`" for word in sorted(useful))
        is_sure = known[1]
        yield Problem(
            f"`{block.path}` does not understand {words}",
            block.attribute_span("capabilities"),
            help=f"what is understood there: {wanted}",
            confidence=None if is_sure else Confidence.MEDIUM,
            level=None if is_sure else Level.PEDANTIC,
        )
