"""A lone `*` as a value is a star, not any value.

What: A list of allowed or denied values holds the string `*`.
Why: In a value a star stands for any text only beside other characters (`app-*`). Alone it
    matches just the text `*`. Any value is what an empty list says.
Example:
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "ttl" = ["*"] }
    }
Instead:
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "ttl" = [] }
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


@rule("lone-star-value", "SP602", Severity.ERROR, Confidence.CERTAIN, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Under `*` no values are looked at, see `star-values`."""
    for each in file.value_lists:
        if each.name != "*" and "*" in each.values:
            yield Problem(
                f"`*` as a value of `{each.name}` matches only a star",
                each.span,
                help="write an empty list for any value, or `**`",
            )
