"""Names that are not known, and what may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lower.findings import Findings
    from policy.syntax import Item

__all__ = ["did_you_mean", "unknown_key"]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint, if one of the known words is close."""
    from difflib import get_close_matches  # only errors need it

    close = get_close_matches(word.strip().lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else None


def unknown_key(
    findings: Findings, item: Item, name: str, known: Iterable[str], where: str
) -> None:
    """Note a key the server refuses."""
    help_text = did_you_mean(name, sorted(known))
    if "path" not in known:
        others = [dialect.name for dialect in DIALECTS.values() if name in dialect.rule_keys]
        if others:
            help_text = f"it is a key for {', '.join(others)}; `--dialect` names the server"
    findings.error("unknown-key", f"`{name}` is not a key {where}", item.keys[0].span, help_text)
