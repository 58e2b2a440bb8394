"""A well-known path in the wrong case.

What: The first segment of a path is `sys`, `auth`, `identity` or `cubbyhole` but for its case.
Why: Paths are compared byte by byte: `Sys/health` is not `sys/health`, and nothing is mounted
    there.
Example:
    path "Sys/mounts" { capabilities = ["read"] }
Instead:
    path "sys/mounts" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `path-pattern-*`; the same in Vault
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_KNOWN = ("auth", "cubbyhole", "identity", "sys")


@rule("wrong-case", "SP309", Severity.WARNING, Confidence.HIGH, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A mount of that very name would make it right."""
    for block in file.blocks:
        path = block.path.removeprefix("/")
        first, slash, rest = path.partition("/")
        if block.pattern is None or not slash or first in _KNOWN or first.lower() not in _KNOWN:
            continue
        if file.project.mounts.find(path) is not None:
            continue
        edit = Edit(block.inner_label, f"{first.lower()}/{rest}")
        yield Problem(
            f"`{first}` is not `{first.lower()}`: paths are compared letter by letter",
            block.label,
            fix=Fix("write it in lower case", (edit,), is_safe=False) if block.is_literal else None,
        )
