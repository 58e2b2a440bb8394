"""Step-down or seal granted beside everyday rights.

What: A policy grants `sys/step-down` or `sys/seal` by name, and rights outside `sys/` as well.
Why: Whoever uses the policy every day can then end the active node's term, or seal the server, by
    one mistyped command. Such rights belong in a policy that is attached when they are needed.
Example:
    path "sys/step-down" { capabilities = ["update", "sudo"] }
    path "secret/data/app/*" { capabilities = ["read"] }
Instead:
    path "sys/step-down" { capabilities = ["update", "sudo"] }
Source: what `sys/step-down` and `sys/seal` do (OpenBao 2.7.2)
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

_CALLS = ("sys/seal", "sys/step-down")
_NEEDED = frozenset({Capability.SUDO, Capability.UPDATE})


@rule("step-down-beside-everyday", "SP105", Severity.WARNING, Confidence.HIGH, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A wildcard that covers them is another matter, see `sudo-by-wildcard`."""
    everyday = [
        block.path
        for block in file.blocks
        if block.capabilities - {Capability.DENY}
        and not block.path.removeprefix("/").startswith(("sys/", "auth/token/"))
    ]
    if not everyday:
        return
    for block in file.blocks:
        if block.path.removeprefix("/") in _CALLS and block.capabilities >= _NEEDED:
            yield Problem(
                f"`{block.path}` stands beside everyday rights such as `{everyday[0]}`",
                block.label,
                help="move it to a policy of its own",
            )
