"""The plain way to decide: compare the path with every rule. What an index has to beat.

Written as somebody would who knows the servers' order of priority and has no index. All that does
not depend on the request (segments, ranks) is worked out once, when the rules come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.workloads import RuleSpec

__all__ = ["FirstMatchScan", "FullScan", "Rank", "rank"]

Rank = tuple[bool, int, bool, int, int, str]
"""Of two patterns that match, the one with the larger rank wins."""


def rank(path: str) -> Rank:
    """The priority of a rule's path: exact ones first, then the later first wildcard, no final
    `*`, fewer `+` segments, longer, larger by bytes (ASCII paths only)."""
    is_open = path.endswith("*")
    text = path.removesuffix("*")
    segments = text.split("/")
    if "+" in segments:
        plus = text.index("+")
        return False, plus, not is_open, -segments.count("+"), len(text), text
    return not is_open, len(text), not is_open, 0, len(text), text


@dataclass(frozen=True, slots=True)
class _Rule:
    text: str
    segments: list[str] | None
    """Only of a pattern with `+` segments."""
    is_open: bool
    is_exact: bool
    rank: Rank
    granted: frozenset[str]

    @classmethod
    def of(cls, rule: RuleSpec) -> _Rule:
        text = rule.path.removesuffix("*")
        segments = text.split("/")
        is_open = text != rule.path
        has_plus = "+" in segments
        return cls(
            text,
            segments if has_plus else None,
            is_open,
            not is_open and not has_plus,
            rank(rule.path),
            frozenset(rule.capabilities),
        )


class _Scan:
    """What both scans share: the servers' way to look up a listing (OpenBao 2.7)."""

    def __init__(self, rules: Iterable[RuleSpec]) -> None:
        self._rules = [_Rule.of(rule) for rule in rules]

    def allows(self, operation: str, path: str) -> bool:
        """Whether an operation is granted, in the root namespace, on a path nobody guards."""
        if operation in ("list", "scan"):
            path = path if path.endswith("/") else path + "/"
            best = self._best(path)
            if best is None or not best.is_exact:
                other = self._best(path[:-1])
                if best is None or (other is not None and other.is_exact):
                    best = other
        else:
            best = self._best(path)
        return best is not None and operation in best.granted

    def _best(self, path: str) -> _Rule | None:
        raise NotImplementedError


class FullScan(_Scan):
    """Rules in any order: every one is compared, and the best of those that match wins."""

    def _best(self, path: str) -> _Rule | None:
        given = path.split("/")
        best: _Rule | None = None
        for rule in self._rules:
            if rule.is_exact:
                matches = path == rule.text
            elif rule.segments is None:
                matches = path.startswith(rule.text)
            else:
                matches = _fits(rule.segments, given, rule.is_open)
            if matches and (best is None or rule.rank > best.rank):
                best = rule
        return best


class FirstMatchScan(_Scan):
    """Rules sorted beforehand, the best first: the scan ends at the first that matches."""

    def __init__(self, rules: Iterable[RuleSpec]) -> None:
        super().__init__(rules)
        self._rules.sort(key=lambda rule: rule.rank, reverse=True)

    def _best(self, path: str) -> _Rule | None:
        given = path.split("/")
        for rule in self._rules:
            if rule.is_exact:
                if path == rule.text:
                    return rule
            elif rule.segments is None:
                if path.startswith(rule.text):
                    return rule
            elif _fits(rule.segments, given, rule.is_open):
                return rule
        return None


def _fits(wanted: Sequence[str], given: Sequence[str], is_open: bool) -> bool:
    """Whether a path fits a `+` pattern, segment by segment."""
    last = len(wanted) - 1
    if len(given) <= last or (not is_open and len(given) != len(wanted)):
        return False
    for at, segment in enumerate(wanted):
        if segment != "+" and segment != given[at]:
            return is_open and at == last and given[at].startswith(segment)
    return True
