"""A denied value of a parameter that may be left out.

What: `denied_parameters` forbids some values of a parameter, and nothing requires the parameter.
Why: A request without it passes, and the server then takes its default, which may be the very
    value that was denied.
Example:
    path "auth/token/create" {
      capabilities      = ["update"]
      denied_parameters = { "no_parent" = [true] }
    }
Instead:
    path "auth/token/create" {
      capabilities        = ["update"]
      required_parameters = ["no_parent"]
      denied_parameters   = { "no_parent" = [true] }
    }
Source: OpenBao 2.7.2, recorded as `params-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule(
    "denied-value-can-be-left-out",
    "SP606",
    Severity.INFO,
    Confidence.MEDIUM,
    Level.AUDIT,
    block_by_block=True,
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Whether the default is the denied value, no policy tells."""
    for block in file.blocks:
        conditions = block.rule.conditions
        if conditions is None:
            continue
        required = {name.lower() for name in conditions.required_parameters}
        for name, values in conditions.denied_parameters.items():
            if values and name != "*" and name not in required:
                yield Problem(
                    f"a request without `{name}` passes, and gets the server's default",
                    block.attribute_span("denied_parameters"),
                    help=f"add `{name}` to `required_parameters`",
                )
