"""Deleting is withheld, and stays possible by another path.

What: Where the mounts are given (`--mounts`), a rule on `data/` of KV version 2 denies or leaves
    out `delete`, and another rule of the policy lets the same secret be deleted or destroyed.
Why: A write to `delete/` removes versions as a delete on `data/` does, a write to `destroy/` for
    good, and a delete on `metadata/` removes the secret with all its versions.
Example:
    path "secret/data/app" { capabilities = ["read", "update"] }
    path "secret/destroy/app" { capabilities = ["update"] }
Instead:
    path "secret/data/app" { capabilities = ["read", "update"] }
Source: the API of KV version 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze import Form, PathSet
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.model import Capability, Operation, byte_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_OTHER_WAYS = (
    ("delete/", Operation.UPDATE),
    ("destroy/", Operation.UPDATE),
    ("metadata/", Operation.DELETE),
)


@rule("kv2-delete-stays-possible", "SP503", Severity.INFO, Confidence.MEDIUM, Level.AUDIT)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Shown for one path of each rule, with the calls that remain."""
    for block in file.first_blocks:
        pattern, grant = block.pattern, block.grant
        found = None if pattern is None else file.mount(pattern)
        if pattern is None or grant is None or found is None or found[0].backend != "kv-v2":
            continue
        mount = byte_text(found[0].path)
        if not pattern.text.startswith(mount + "data/") or not found[1]:
            continue
        if Capability.DELETE in grant.capabilities or not grant.mask:
            continue
        path = PathSet.matching(pattern).witness(Form.WITHOUT_SLASH)
        if path is None:
            continue
        rest = byte_text(path).removeprefix(mount + "data/")
        for folder, operation in _OTHER_WAYS:
            other = mount + folder + rest
            if file.partition.cell(operation, other).lets(operation):
                yield Problem(
                    f"`{path}` cannot be deleted there, but by `{operation}` on "
                    f"`{plain_text(other)}`",
                    block.label,
                )
                break
