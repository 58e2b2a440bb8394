"""An endpoint that does not exist, one letter away from one that does.

What: A path below `sys/` or `auth/token/` is none that the server knows, and very like one
    that it knows.
Why: The rule allows nothing, and a deny of this kind protects nothing.
Example:
    path "sys/stepdown" { capabilities = ["update", "sudo"] }
Instead:
    path "sys/step-down" { capabilities = ["update", "sudo"] }
Source: the catalogue of operations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.endpoints import Endpoints
from policy.lint.findings import Confidence, Edit, Fix, Problem
from policy.lint.rule import rule
from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_BACKENDS = {"auth/token/": "auth:token", "sys/": "system"}
_CUTOFF = 0.88


@rule("misspelt-endpoint", "SP405", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """A path that is just unknown is not told: servers have paths the catalogue has not."""
    from difflib import get_close_matches

    for block in file.blocks:
        pattern = block.rule.pattern
        if pattern is None or pattern.kind is not PatternKind.EXACT:
            continue
        mount = next((m for m in _BACKENDS if pattern.text.startswith(m)), None)
        known = file.known(pattern)
        if mount is None or known is None or known[0].templates or file.sudo_matters(pattern):
            continue
        endpoints = Endpoints.of(_BACKENDS[mount], file.project.dialect.product)
        assert endpoints is not None
        inner = pattern.text.removeprefix(mount).removesuffix("/")
        near = get_close_matches(inner, endpoints.literal_paths, n=1, cutoff=_CUTOFF)
        if near:
            edit = Edit(block.inner_label, mount + near[0])
            yield Problem(
                f"there is no `{block.path}`",
                block.label,
                help=f"did you mean `{mount}{near[0]}`?",
                fix=Fix("correct it", (edit,), is_safe=False) if block.is_literal else None,
            )
