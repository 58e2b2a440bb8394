"""A placeholder of another tool in a path.

What: A path holds `${…}`, `<…>`, a single pair of braces, or `{{.…}}` as Go and Helm write
    it.
Why: The server knows only its own `{{…}}`: everything else is ordinary text, or leaves the rule
    out. Where another program fills the text in before it is written, all is well, and the linter
    should see what comes out.
Example:
    path "secret/data/${app}/*" { capabilities = ["read"] }
Instead:
    path "secret/data/{{identity.entity.name}}/*" { capabilities = ["read"] }
Source: OpenBao 2.7.2, recorded as `interpolation` and `template-*`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Level, Problem
from policy.lint.rule import rule
from policy.lint.selectors import is_of_another_tool
from policy.model import Selector, split_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile

_PAIRS = (("${", "}"), ("<", ">"), ("{", "}"))


@rule(
    "unfilled-placeholder",
    "SP704",
    Severity.WARNING,
    Confidence.MEDIUM,
    Level.PEDANTIC,
    block_by_block=True,
)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Templates of the server itself are set aside first."""
    for block in file.blocks:
        parts = split_template(block.path)
        foreign = [
            part.text
            for part in parts
            if isinstance(part, Selector) and is_of_another_tool(part.text)
        ]
        if foreign:
            yield Problem(
                f"`{{{{{foreign[0]}}}}}` is no template of the server: the rule is left out",
                block.label,
            )
            continue
        plain = "".join(part for part in parts if isinstance(part, str))
        for opening, closing in _PAIRS:
            _, found, rest = plain.partition(opening)
            if found and closing in rest:
                yield Problem(
                    f"`{opening}…{closing}` in `{block.path}` is ordinary text to the server",
                    block.label,
                )
                break
