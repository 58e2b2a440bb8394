"""A comment ignores a finding that is not there.

What: `# sudopath: ignore[rule]` names a rule that finds nothing at that place, or that does not
    exist. Names of rules that do not run at the chosen level are left alone.
Why: Such a comment hides the next mistake of that kind, and tells a reader of one that is no
    more.
Example:
    # sudopath: ignore[double-slash] to be cleaned up
    path "secret/data/app" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
Source: this program
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lint.target import PolicyFile


@rule("unused-ignore", "SP002", Severity.WARNING, Confidence.CERTAIN, reads_broken=True)
def check(_: PolicyFile) -> Iterable[Problem]:
    """Found by the runner, which alone knows what was ignored."""
    return ()
