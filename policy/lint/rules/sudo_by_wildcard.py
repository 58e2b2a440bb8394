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

from policy.analyze.touching import Touching
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.model import Capability, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_MANY = 4
_MORE_THAN_ONE = 2
_MOST_SHOWN = 12


@rule("sudo-by-wildcard", "SP103", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A few endpoints may well be meant; many are a matter for everybody."""
    for block in file.first_blocks:
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
        near = Touching([pattern])
        if sum(guarded in near for guarded in file.project.guarded) < _MORE_THAN_ONE:
            continue
        facts = {fact for fact in file.wins.facts(pattern) if fact is not None}
        opened = sorted({fact.path for fact in facts if _is_about(pattern, fact.path)})
        if len(opened) < _MORE_THAN_ONE:
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


def _is_about(pattern: Pattern, path: str) -> bool:
    """Whether a rule names a segment of the endpoint, or none at all.

    `+/+/sys/namespaces/*`, for child namespaces, reaches `sys/audit/*` as well: as a device that is
    named `sys/namespaces/…`.
    """
    named = [(at, word) for at, word in enumerate(pattern.text.split("/")) if word not in ("", "+")]
    fixed = path.removesuffix("*").split("/")
    return not named or any(
        at < len(fixed) and fixed[at] and fixed[at].startswith(word) for at, word in named
    )
