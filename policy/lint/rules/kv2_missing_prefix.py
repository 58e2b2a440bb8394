"""A path of KV version 2 without `data/`, `metadata/` or the like.

What: Where the mounts are given (`--mounts`), a path on a mount of KV version 2 that goes on with
    a segment the engine does not have.
Why: Secrets lie below `data/`, their names below `metadata/`; versions are deleted, restored and
    destroyed by writes to `delete/`, `undelete/` and `destroy/`. The command line puts the prefix
    in by itself, policies do not.
Example:
    path "secret/app/*" { capabilities = ["read"] }
Instead:
    path "secret/data/app/*" { capabilities = ["read"] }
    path "secret/metadata/app/*" { capabilities = ["list"] }
Source: the API of KV version 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_FOLDERS = (
    *("config", "data", "delete", "destroy", "detailed-metadata", "metadata", "subkeys"),
    *("recover", "undelete"),
)


@rule("kv2-missing-prefix", "SP501", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Where the version is a guess, only at the pedantic level."""
    for block in file.blocks:
        pattern = block.pattern
        found = None if pattern is None else file.mount(pattern)
        if pattern is None or found is None or found[0].backend != "kv-v2":
            continue
        mount, is_sure = found
        rest = pattern.text.removeprefix(mount.path)
        first, slash, _ = rest.partition("/")
        is_whole = bool(slash) or not pattern.is_open
        if not rest or first == "+" or first in _FOLDERS:
            continue
        if not is_whole and any(folder.startswith(first) for folder in _FOLDERS):
            continue
        yield Problem(
            f"`{block.path}` is no path of KV version 2: secrets lie below `{mount.path}data/`",
            block.label,
            help=f"write `{mount.path}data/{rest}…` for values, `{mount.path}metadata/…` for names",
            confidence=None if is_sure else Confidence.MEDIUM,
            level=None if is_sure else Level.PEDANTIC,
        )
