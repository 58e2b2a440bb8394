"""The documentation of the rules, from their docstrings: for a terminal, and as a page."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from policy.lint.registry import all_rules

if TYPE_CHECKING:
    from policy.lint.rule import Rule

__all__ = ["rule_text", "rules_page", "rules_table"]

_INTRODUCTION = """\
# Rules of `sudopath lint`

This page is made from the docstrings of the rules: `python -m policy.lint.documentation`.

Severity says how bad a finding is, confidence how sure it is that it is one, level at which
`--level` it is shown. Every rule can be ignored by its id or its alias:

    # sudopath: ignore[RULE] the reason

[ci.md](ci.md) says how it runs in CI.

## All rules
"""


def rule_text(rule: Rule) -> str:
    """One rule, for a terminal."""
    documentation = rule.documentation
    lines = [f"{rule.id} ({rule.alias}): {documentation.title}.", ""]
    lines.append(f"severity {rule.severity}, confidence {rule.confidence}, level {rule.level}")
    for name, text in documentation.sections.items():
        lines += ["", f"{name}:"]
        lines += [f"  {line}".rstrip() for line in _dedented(text).split("\n")]
    return "\n".join(lines)


def rules_table() -> str:
    """One line for each rule, for a terminal."""
    rules = all_rules()
    width = max(len(rule.id) for rule in rules)
    return "\n".join(
        f"{rule.alias}  {rule.id:<{width}}  {rule.severity:<7}  {rule.level}" for rule in rules
    )


def rules_page() -> str:
    """All rules, in Markdown."""
    lines = [
        _INTRODUCTION,
        "| Alias | Rule | Severity | Confidence | Level |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.alias} | [`{r.id}`](#{r.id}) | {r.severity} | {r.confidence} | {r.level} |"
        for r in all_rules()
    ]
    for rule in all_rules():
        documentation = rule.documentation
        lines += ["", f"## {rule.id}", "", f"{rule.alias}. {documentation.title}."]
        for name, text in documentation.sections.items():
            lines.append("")
            if name in ("Example", "Instead"):
                lines += [f"{name}:", "", "```hcl", _dedented(text), "```"]
            else:
                lines.append(f"**{name}.** {' '.join(text.split())}")
    return "\n".join(lines) + "\n"


def _dedented(text: str) -> str:
    """What follows the first line of a section is indented, its first line may not be."""
    first, newline, rest = text.partition("\n")
    if first.startswith(" "):
        return dedent(text)
    return first + newline + dedent(rest)


if __name__ == "__main__":
    print(rules_page(), end="")
