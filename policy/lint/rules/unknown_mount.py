"""A path that leads to no mount.

What: Where the mounts are given (`--mounts`), a path on which none of them lies.
Why: The rule grants nothing, and a deny of this kind protects nothing: the mount has another
    name, or is no more.
Example:
    path "secrets/data/app" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
Source: the mounts that were given
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze import PathSet
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.model import Pattern, PatternKind, byte_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("unknown-mount", "SP310", Severity.WARNING, Confidence.HIGH, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Exact but for child namespaces, whose mounts are not known."""
    if not file.project.mounts_given:
        return
    paths = [byte_text(mount.path) for mount in file.project.mounts.mounts]
    mounted = PathSet.matching(
        *(Pattern(PatternKind.PREFIX, path, True) for path in paths),
        *(Pattern(PatternKind.EXACT, path[:-1], False) for path in paths),
    )
    for block in file.blocks:
        pattern = block.pattern
        if pattern is None or not PathSet.matching(pattern).isdisjoint(mounted):
            continue
        yield Problem(
            f"nothing is mounted where `{block.path}` leads",
            block.label,
            help=_hint(block.path, [mount.path for mount in file.project.mounts.mounts]),
        )


def _hint(path: str, mounts: list[str]) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(path.partition("/")[0] + "/", mounts, n=1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else None
