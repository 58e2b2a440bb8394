"""A path begins with `v1/`.

What: The first segment of a path is `v1`, as in the URL of a request.
Why: Policies are about what comes behind `/v1/` in the URL. The rule is about a mount named `v1`,
    which nobody has.
Example:
    path "v1/secret/data/app" { capabilities = ["read"] }
Instead:
    path "secret/data/app" { capabilities = ["read"] }
Source: the HTTP API of Vault and OpenBao
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("api-prefix", "SP307", Severity.WARNING, Confidence.HIGH, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A mount of that name would make it right."""
    if file.project.mounts.find("v1/") is not None:
        return
    for block in file.blocks:
        if block.pattern is None or not block.path.removeprefix("/").startswith("v1/"):
            continue
        start = block.inner_label.start
        length = block.path.index("v1/") + len("v1/")
        edit = Edit(Span(start, start + length), "")
        yield Problem(
            f"`{block.path}` begins with `v1/`, which is part of the URL, not of the path",
            block.label,
            help="drop `v1/`",
            fix=Fix("drop `v1/`", (edit,), is_safe=False) if block.is_literal else None,
        )
