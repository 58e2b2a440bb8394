"""`create` where every write is an update.

What: A rule grants `create` without `update` on endpoints whose writes are always updates.
Why: Most endpoints do not ask whether the object exists: a POST that makes a new policy or a new
    token is an update too, and the server refuses it.
Example:
    path "sys/policies/acl/app" { capabilities = ["create", "read"] }
Instead:
    path "sys/policies/acl/app" { capabilities = ["read", "update"] }
Source: the catalogue of operations; OpenBao 2.7.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.model import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("create-instead-of-update", "SP403", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Where the mount is a guess, only at the pedantic level."""
    for block in file.first_blocks:
        pattern, grant = block.pattern, block.grant
        if pattern is None or grant is None:
            continue
        granted = frozenset(grant.capabilities)
        if Capability.CREATE not in granted or Capability.UPDATE in granted or grant.is_deny:
            continue
        known = file.known(pattern)
        if known is None or known[0].writes != {"update"}:
            continue
        yield Problem(
            f"every write to `{block.path}` is an update, and `create` does not cover it",
            block.word_span(Capability.CREATE),
            help="write `update`",
            confidence=None if known[1] else Confidence.MEDIUM,
            level=None if known[1] else Level.PEDANTIC,
        )
