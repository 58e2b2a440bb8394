"""A template where none is filled in.

What: An allowed, denied or required parameter holds `{{…}}`.
Why: Templates are filled in paths only. Elsewhere the braces are ordinary text, which no request
    will ever send: an allowed value allows nothing, a denied one denies nothing.
Example:
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "display_name" = ["{{identity.entity.name}}"] }
    }
Instead:
    path "auth/token/create" {
      capabilities       = ["update"]
      allowed_parameters = { "display_name" = [] }
    }
Source: OpenBao 2.7.2, recorded as `template-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("template-in-value", "SP705", Severity.WARNING, Confidence.CERTAIN, block_by_block=True)
def check(file: PolicyFile) -> Iterator[Problem]:
    """One finding for each attribute."""
    for block in file.blocks:
        conditions = block.rule.conditions
        if conditions is None:
            continue
        allowed, denied = conditions.allowed_parameters, conditions.denied_parameters
        for attribute, texts in (
            ("allowed_parameters", [*allowed, *(v for values in allowed.values() for v in values)]),
            ("denied_parameters", [*denied, *(v for values in denied.values() for v in values)]),
            ("required_parameters", list(conditions.required_parameters)),
        ):
            found = next((t for t in texts if isinstance(t, str) and "{{" in t and "}}" in t), None)
            if found is not None:
                yield Problem(
                    f"`{found}` in `{attribute}` is ordinary text: templates work in paths only",
                    block.attribute_span(attribute),
                )
