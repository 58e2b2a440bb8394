"""Parameters of KV version 2 that are never there.

What: Where the mounts are given (`--mounts`), a rule on `data/` of KV version 2 constrains
    parameters other than `data`, `options` and `version`.
Why: Constraints see the top level of a request only. The keys of a secret lie inside `data`,
    where no policy can see them: an allowed list of them refuses every write, a denied one none.
Example:
    path "secret/data/app" {
      capabilities       = ["create", "update"]
      denied_parameters  = { "password" = [] }
    }
Instead:
    path "secret/data/app" {
      capabilities = ["create", "update"]
    }
Source: the API of KV version 2; OpenBao 2.7.2, recorded as `params-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_TOP_LEVEL = frozenset({"*", "data", "options", "version"})


@rule("kv2-parameters", "SP502", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Where the version is a guess, only at the pedantic level."""
    for block in file.blocks:
        pattern, conditions = block.pattern, block.rule.conditions
        found = None if pattern is None else file.mount(pattern)
        if pattern is None or conditions is None or found is None:
            continue
        mount, is_sure = found
        if mount.backend != "kv-v2" or not pattern.text.startswith(mount.path + "data/"):
            continue
        for name, keys in (
            ("allowed_parameters", conditions.allowed_parameters),
            ("denied_parameters", conditions.denied_parameters),
            ("required_parameters", conditions.required_parameters),
        ):
            unseen = sorted(set(keys) - _TOP_LEVEL)
            if unseen:
                yield Problem(
                    f"`{name}` never sees `{unseen[0]}`: the keys of a secret lie inside `data`",
                    block.attribute_span(name),
                    confidence=None if is_sure else Confidence.MEDIUM,
                    level=None if is_sure else Level.PEDANTIC,
                )
