"""A value that users choose, directly in front of a `*`.

What: A path ends in a template for a name or for metadata, with a `*` and no slash behind it.
Why: Whoever is named `bob` then reaches what belongs to `bobby`.
Example:
    path "secret/data/{{identity.entity.name}}*" { capabilities = ["read"] }
Instead:
    path "secret/data/{{identity.entity.name}}/*" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `template-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.model import Selector, split_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("template-beside-glob", "SP702", Severity.WARNING, Confidence.HIGH)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Ids all have one length and are chosen by the server: none begins another."""
    for block in file.blocks:
        if not block.path.endswith("}}*") or block.rule.is_deny or block.grant is None:
            continue
        selector = split_template(block.path)[-2]
        if not isinstance(selector, Selector) or selector.text.endswith(".id"):
            continue
        if selector.text.startswith("identity."):
            yield Problem(
                f"a value of `{selector.text}` may be the beginning of another one",
                block.label,
                help="put a slash in front of the `*`",
            )
