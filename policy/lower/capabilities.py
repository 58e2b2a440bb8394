"""`capabilities` and the old `policy` words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lower.names import did_you_mean
from policy.model import DIALECTS, Capability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.lower.findings import Findings
    from policy.model import Dialect
    from policy.source import Span

__all__ = ["SHORTHAND", "read_capabilities"]

SHORTHAND = {
    "": "",
    "deny": "deny",
    "read": "read list",
    "sudo": "create read update delete list sudo",
    "write": "create read update delete list",
}
"""The words of `policy` and the capabilities they add; `deny` replaces all others."""

_WORDS = {word.value: word for word in Capability}
_DENY = frozenset({Capability.DENY})
# Rules share their sets: there are few different ones, and many rules.
_SETS: dict[frozenset[Capability], frozenset[Capability]] = {}


def read_capabilities(
    words: Iterable[tuple[str, Span]], shorthand: str, findings: Findings, dialect: Dialect
) -> frozenset[Capability]:
    """The set that a list of words means. The first `deny` ends the reading, bad words behind it
    included (OpenBao 2.7.2, recorded as `capability`)."""
    found: set[Capability] = set()
    for word, span in words:
        capability = _WORDS.get(word)
        if capability is Capability.DENY:
            return _DENY
        if capability is not None and capability in dialect.capabilities:
            found.add(capability)
        else:
            findings.error(
                "unknown-capability",
                f"`{word}` is not a capability",
                span,
                _hint(word, capability, dialect),
            )
    found.update(_WORDS[word] for word in shorthand.split())
    result = frozenset(found)
    return _SETS.setdefault(result, result)


def _hint(word: str, capability: Capability | None, dialect: Dialect) -> str | None:
    if capability is not None:
        others = [d.name for d in DIALECTS.values() if capability in d.capabilities]
        verb = "does" if len(others) == 1 else "do"
        return f"{dialect} does not know it; {' and '.join(others)} {verb}"
    match word.strip().lower():
        case "write":
            return "write `create`, `update`, or both"
        case "root":
            return "`root` is a policy, not a capability; `sudo` opens root-protected paths"
        case "*" | "all" | "any":
            return "there is no word for all of them; list them"
        case "execute" | "edit" | "modify" | "put" | "post":
            return "did you mean `update`?"
        case "get" | "view":
            return "did you mean `read`?"
    return did_you_mean(word, sorted(dialect.capabilities))
