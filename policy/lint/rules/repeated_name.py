"""Two files are the same policy.

What: Two files of the run give their policies the same name.
Why: The one that is written last replaces the other. In different folders (one for each cluster,
    say) that may be meant; in one folder it is a mistake.
Example:
    # name: ops, ops
    path "secret/data/app" { capabilities = ["read"] }
Instead:
    # name: ops, dev
    path "secret/data/app" { capabilities = ["read"] }
Source: how servers store policies
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("repeated-name", "SP902", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """In different folders only at the pedantic level."""
    for other in file.project.policies_by_name[file.name]:
        if other is file:
            continue
        folders = {PurePath(each.source.name).parent for each in (file, other)}
        yield Problem(
            f"`{other.source.name}` is the policy `{file.name}` as well",
            Span(0, 0),
            level=None if len(folders) == 1 else Level.PEDANTIC,
        )
        break
