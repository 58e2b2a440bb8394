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
from policy.lint.endpoints import NO_OPERATION
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.model import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("useless-capabilities", "SP401", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Where the mount is a guess, only at the pedantic level.

    `create` in place of `update`, and a root-protected path with the wrong operation, have rules
    of their own.
    """
    for block in file.first_blocks:
        pattern, grant = block.pattern, block.grant
        if pattern is None or grant is None:
            continue
        granted = frozenset(grant.capabilities) - NO_OPERATION
        known = file.known(pattern)
        if not granted or grant.is_deny or known is None:
            continue
        useful = known[0].capabilities - NO_OPERATION
        if not useful or useful & granted:
            continue
        if Capability.CREATE in granted and known[0].writes == {"update"}:
            continue
        if Capability.SUDO in grant.capabilities and file.protected(pattern):
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
