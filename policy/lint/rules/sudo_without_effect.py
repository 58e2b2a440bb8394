"""`sudo` where nothing asks for it.

What: No path the rule matches is root-protected, and no handler asks for `sudo` there.
Why: It is harmless, but it makes readers look for a reason, and may start to mean something with
    the next version of the server.
Example:
    path "sys/mounts" { capabilities = ["read", "sudo"] }
Instead:
    path "sys/mounts" { capabilities = ["read"] }
Source: the catalogue of root-protected paths
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Edit, Fix, Level, Problem
from policy.lint.rule import rule
from policy.model import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("sudo-without-effect", "SP104", Severity.INFO, Confidence.HIGH, Level.PEDANTIC)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Only where what is mounted is known for sure."""
    for block in file.blocks:
        pattern = block.pattern
        if pattern is None or Capability.SUDO not in block.capabilities:
            continue
        mount = file.mount(pattern)
        if mount is None or not mount[1] or mount[0].type == "plugin":
            continue
        if file.sudo_matters(pattern):
            continue
        edit = block.without_word(Capability.SUDO)
        yield Problem(
            f"nothing that `{block.path}` matches asks for `sudo`",
            block.word_span(Capability.SUDO),
            fix=Fix("drop `sudo`", (Edit(*edit),), is_safe=True) if edit else None,
        )
