"""Parameter constraints on a rule whose operations are not checked for any.

What: A rule has `allowed_parameters`, `denied_parameters` or `required_parameters`, and grants
    none of read, create, update, patch.
Why: Only these operations are checked. A list or a delete passes whatever it carries.
Example:
    path "secret/metadata/app" {
      capabilities        = ["delete"]
      required_parameters = ["reason"]
    }
Instead:
    path "secret/metadata/app" {
      capabilities = ["delete"]
    }
Source: OpenBao 2.7.2, recorded as `params-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.model import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_CHECKED = frozenset({Capability.CREATE, Capability.PATCH, Capability.READ, Capability.UPDATE})


@rule("idle-parameters", "SP604", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """What other blocks and files grant on the same pattern counts too: they are merged."""
    for block in file.blocks:
        grant, conditions = block.grant, block.rule.conditions
        if grant is None or conditions is None or not grant.mask or grant.is_deny:
            continue
        if (set(grant.capabilities) | file.others(grant.pattern)) & _CHECKED:
            continue
        for attribute, value in (
            ("allowed_parameters", conditions.allowed_parameters),
            ("denied_parameters", conditions.denied_parameters),
            ("required_parameters", conditions.required_parameters),
        ):
            if value:
                yield Problem(
                    f"`{attribute}` is not looked at for what `{block.path}` grants",
                    block.attribute_span(attribute),
                    notes=("only read, create, update and patch are checked",),
                )
