"""Values behind the parameter `*` are never looked at.

What: The key `*` of `allowed_parameters` or `denied_parameters` has values.
Why: `*` stands for all other parameters, with any values; a list behind it says nothing. A denied
    `*` refuses every request that carries parameters.
Example:
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "*" = ["a"] }
    }
Instead:
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "*" = [] }
    }
Source: OpenBao 2.7.2, recorded as `params-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("star-values", "SP603", Severity.WARNING, Confidence.CERTAIN, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """The same for allowed and denied ones."""
    for each in file.value_lists:
        if each.name == "*" and each.values:
            yield Problem(
                f"the values behind `*` in `{each.attribute}` are never looked at",
                each.span,
                help='write `"*" = []`, or name the parameters',
            )
