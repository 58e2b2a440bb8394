"""A policy that somebody is given does not exist.

What: A token, role, entity or group of the inventory (`--inventory`) names a policy for which there
    is no file. Only where a folder is linted: single files are not all policies. Those of child
    namespaces are left aside.
Why: The server takes any name, and says nothing when there is no such policy: what it should grant
    is missing, and whoever may write policies of that name gives it a meaning later.
Example:
    # inventory: {"tokens": {"oncall": {"policies": ["fixtur"]}}}
    path "secret/data/app" { capabilities = ["read"] }
Instead:
    # inventory: {"tokens": {"oncall": {"policies": ["fixture"]}}}
    path "secret/data/app" { capabilities = ["read"] }
Source: OpenBao 2.7.2, seen on a running server: `auth/token/create` answers with a warning at most
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import inventory_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.attachments import InventoryText

_BUILT_IN: Final = frozenset({"default", "hcp-root", "response-wrapping", "root"})
"""What a server has by itself; `hcp-root` where HashiCorp runs it."""


@inventory_rule("missing-policy", "SP904", Severity.WARNING, Confidence.CERTAIN)
def check(text: InventoryText) -> Iterator[Problem]:
    """A file that is there but refused exists all the same: `refused` tells."""
    project = text.project
    if not project.is_whole:
        return
    known = {file.name for file in project.files} | _BUILT_IN
    for attachment in text.attachments:
        if attachment.policy not in known:
            yield Problem(
                f"{attachment.holder} has the policy `{attachment.policy}`, which does not exist",
                attachment.span,
                help=_hint(attachment.policy, known),
            )


def _hint(name: str, known: set[str]) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else None
