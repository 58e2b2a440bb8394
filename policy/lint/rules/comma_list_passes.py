"""A glob in a value lets a list with commas through.

What: An allowed value of `policies` or `token_policies` is a glob.
Why: The server reads `app-a,root-like` as two names, but a policy compares it as one text on
    servers that do not take lists apart: it begins with `app-`, and so passes.
Example:
    # dialect: openbao-2.7
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "policies" = ["app-*"] }
    }
Instead:
    # dialect: openbao-2.7
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "policies" = ["app-read", "app-write"] }
    }
Source: OpenBao 2.7.2, recorded as `params-*`; Vault from 1.21 compares element by element
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_LISTS = ("policies", "token_policies")


@rule(
    "comma-list-passes",
    "SP605",
    Severity.WARNING,
    Confidence.HIGH,
    Level.PEDANTIC,
    block_by_block=True,
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Servers that take the value apart are not concerned."""
    if file.project.dialect.matches_list_elements:
        return
    for each in file.value_lists:
        if each.attribute != "allowed_parameters" or each.name not in _LISTS:
            continue
        for value in each.values:
            if isinstance(value, str) and len(value) > 1 and "*" in (value[0], value[-1]):
                yield Problem(
                    f"`{value}` for `{each.name}` also lets a comma and other names through",
                    each.span,
                    help="name the values, or give the token a role",
                )
