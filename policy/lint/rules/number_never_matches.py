"""A number in a parameter list matches nothing.

What: A list of allowed or denied values holds a number.
Why: The server compares numbers in a way that never finds two of them equal. An allowed number
    allows nothing, a denied one denies nothing.
Example:
    path "auth/token/create" {
      capabilities      = ["update"]
      denied_parameters = { "num_uses" = [0] }
    }
Instead:
    path "auth/token/create" {
      capabilities      = ["update"]
      denied_parameters = { "num_uses" = [] }
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


@rule("number-never-matches", "SP601", Severity.ERROR, Confidence.CERTAIN, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Under `*` no values are looked at, see `star-values`."""
    for each in file.value_lists:
        numbers = [v for v in each.values if isinstance(v, int | float) and not isinstance(v, bool)]
        if numbers and each.name != "*":
            verb = "allows" if each.attribute == "allowed_parameters" else "denies"
            yield Problem(
                f"the number {numbers[0]} for `{each.name}` {verb} nothing: numbers never match",
                each.span,
                notes=('neither `5` nor `"5"` of a request equals `5` of a policy',),
                help="an empty list is any value; a string matches a string",
            )
