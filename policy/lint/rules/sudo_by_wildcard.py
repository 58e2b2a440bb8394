"""`sudo` by a wildcard opens several root-protected endpoints at once.

What: A rule with a wildcard grants `sudo`, and wins on the paths of several root-protected
    endpoints. The notes list them.
Why: Each of them is protected because it can harm the whole server, and those that a later
    version adds will be open too. Name the ones that are meant.
Example:
    path "sys/*" { capabilities = ["read", "update", "sudo"] }
Instead:
    path "sys/step-down" { capabilities = ["update", "sudo"] }
    path "sys/audit" { capabilities = ["read", "sudo"] }
Source: the catalogue of root-protected paths
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

_MANY = 4
_MOST_SHOWN = 12


@rule("sudo-by-wildcard", "SP103", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A few endpoints may well be meant; many are a matter for everybody."""
    for block in first_blocks(file.blocks):
        grant = block.grant
        if (
            grant is None
            or Capability.SUDO not in grant.capabilities
            or len(grant.capabilities) < 2
        ):
            continue
        pattern = grant.pattern
        if not pattern.is_open and pattern.kind != "segment":
            continue
        opened = sorted({f.path for _, f, _ in file.wins.get(pattern, ()) if f is not None})
        if len(opened) < 2:
            continue
        shown = ", ".join(f"`{path}`" for path in opened[:_MOST_SHOWN])
        rest = len(opened) - _MOST_SHOWN
        yield Problem(
            f"`{block.path}` with `sudo` opens {len(opened)} root-protected endpoints",
            block.word_span(Capability.SUDO),
            notes=(shown + (f" and {rest} more" if rest > 0 else ""),),
            help="grant `sudo` on the paths that are meant",
            level=None if len(opened) >= _MANY else Level.PEDANTIC,
        )
