"""What `ACL.allows` looks at first: the plain answers, laid out so that one look finds them.

An answer is a mask of capabilities. Paths about which there may be more to say (root-protected or
open without a token, bare names of mounts, what the server redirects, rules with conditions, text
that is not ASCII) are `UNUSUAL`: there the whole decision has to be made.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from policy.acl import DENY_BIT, Search
from policy.evaluate.routing import PECULIAR, refusal
from policy.model import Listing, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from policy.acl import Grant, Levels, Table

    _Answer = int | list[int | Search]

__all__ = ["UNUSUAL", "Glance"]

UNUSUAL: Final = -1
"""No mask: the path wants a second look."""
_NO_RULE: Final = 0
"""No rule matches."""


class Glance:
    """The plain answers of one table, in the root namespace. Never changes."""

    __slots__ = ("_answers", "_listing", "_starts", "_table", "exact", "exact_listed")

    def __init__(self, table: Table, guarded: Iterable[str], bare_mounts: Collection[str]) -> None:
        self._table = table
        self._listing = table.listing
        bounds = _bounds(guarded, bare_mounts)
        exact = {path: _exact_mask(path, grant, bounds) for path, grant in table.exact.items()}
        unusual = {path for path, mask in exact.items() if mask == UNUSUAL}
        # A list of `a` also finds the rule for `a/`, and prefers it.
        with_slash = {path.rstrip("/") for path in unusual if path[-1:] == "/"}
        if unusual:
            bounds = _bounds(guarded, {*bare_mounts, *unusual, *with_slash})
        self.exact = {path: mask for path, mask in exact.items() if path not in unusual}
        """The answers for paths with an exact rule; for lists and scans see `exact_listed`."""
        self.exact_listed = self.exact
        if with_slash:
            self.exact_listed = {p: mask for p, mask in self.exact.items() if p not in with_slash}
        # The stretches of the index, and those that are unusual laid over them.
        index = table.index
        answers = _answers(index.answers)
        self._starts = sorted({*index.starts, *bounds})
        self._answers = [
            UNUSUAL if _is_within(bounds, start) else answers[bisect_right(index.starts, start) - 1]
            for start in self._starts
        ]

    def find(self, path: str) -> int:
        """The answer for a path without an exact rule, and any operation but list and scan.

        What is granted on a path with an empty or a dot segment, a final slash or an unprintable
        character still wants a second look.
        """
        if not path.isascii():
            return UNUSUAL
        answer = self._answers[bisect_right(self._starts, path) - 1]
        if isinstance(answer, int):
            return answer
        # Written out: a call would take as long as all the rest.
        slashes = path.count("/")
        outcome = answer[slashes] if slashes < len(answer) else answer[-1]
        return outcome if isinstance(outcome, int) else _mask(outcome.find(path))

    def find_listed(self, path: str) -> int:
        """The answer for a list or scan of a path as it is sent, without an exact rule."""
        as_sent = self.find(path)
        if as_sent == UNUSUAL or path[-1:] == "/":
            return UNUSUAL
        listing = self._listing
        if listing is Listing.WITHOUT_SLASH_FIRST:
            return as_sent or self.find(path + "/")
        if listing is Listing.WITH_SLASH_FIRST:
            return self.find(path + "/") or as_sent
        if listing is Listing.WITH_SLASH_ONLY:
            return self.find(path + "/")
        return _mask(self._table.find_sent_listing(path))


def _answers(answers: Iterable[Grant | Levels | None]) -> list[_Answer]:
    """The answers of an index with masks for grants. Stretches share their levels there; here too,
    or they would take many times the room."""
    shared: dict[int, list[int | Search]] = {}
    found: list[_Answer] = []
    for answer in answers:
        if not isinstance(answer, list):
            found.append(_mask(answer))
            continue
        levels = shared.get(id(answer))
        if levels is None:
            levels = shared[id(answer)] = [
                level if isinstance(level, Search) else _mask(level) for level in answer
            ]
        found.append(levels)
    return found


def _mask(grant: Grant | None) -> int:
    if grant is None:
        return _NO_RULE
    if grant.conditions is not None:
        return UNUSUAL
    # An empty rule grants as little as a deny, but it is a rule.
    return grant.mask or DENY_BIT


def _exact_mask(path: str, grant: Grant, bounds: list[str]) -> int:
    if (
        path.isascii()
        and path[-1:] != "/"
        and not _is_within(bounds, path)
        and refusal(Operation.READ, path) is None
    ):
        return _mask(grant)
    return UNUSUAL


def _bounds(guarded: Iterable[str], single: Iterable[str]) -> list[str]:
    """Where stretches of unusual paths begin and end, in turns: of those that begin with a guarded
    text, and of single ones."""
    # A list of `a/b` asks about `a/b/`, so the slash is left out.
    beginnings = {"/", ".", *PECULIAR, *(path.removesuffix("/") for path in guarded)}
    stretches = [(path, path[:-1] + chr(ord(path[-1]) + 1)) for path in beginnings]
    stretches += [(path, path + "\0") for path in ("", *single)]
    bounds: list[str] = []
    for start, end in sorted(stretches):
        if bounds and start <= bounds[-1]:
            bounds[-1] = max(bounds[-1], end)
        else:
            bounds += (start, end)
    return bounds


def _is_within(bounds: list[str], path: str) -> bool:
    return bisect_right(bounds, path) % 2 == 1
