"""`update` without `create` where new objects need `create`.

What: A rule grants `update` but not `create` on endpoints that tell the two apart.
Why: A write to something that does not exist yet is refused. That can be meant.
Example:
    path "cubbyhole/app" { capabilities = ["read", "update"] }
Instead:
    path "cubbyhole/app" { capabilities = ["create", "read", "update"] }
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

_KEYS = "encrypt/{"
"""Of `transit/`: what `create` would make there is a key, and it is withheld on purpose."""


@rule("update-without-create", "SP404", Severity.INFO, Confidence.MEDIUM, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Only where every write that the rule reaches tells the two apart."""
    for block in file.first_blocks:
        pattern, grant = block.pattern, block.grant
        if pattern is None or grant is None:
            continue
        granted = frozenset(grant.capabilities)
        if Capability.UPDATE not in granted or Capability.CREATE in granted:
            continue
        known = file.known(pattern)
        if known is None or known[0].writes != {"create"}:
            continue
        if not all(template.startswith(_KEYS) for template in known[0].templates):
            yield Problem(
                f"a write to `{block.path}` that makes something new needs `create`",
                block.word_span(Capability.UPDATE),
            )
