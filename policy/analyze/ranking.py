"""Which of the rules that match a path wins, for each way to look it up.

Most servers only need the best rule of all. Vault 2.0 looks for a list at the best that denies
and the best that lists as well. So of the rules that match a path some numbers are kept, an
*entry*: in each position the largest, 0 for none. Entries of two sets of rules are joined position
by position, and two entries side by side are again one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.acl import BITS
from policy.model import Capability, Listing, PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.acl import Grant

__all__ = ["Entries", "Entry", "Ranking"]

Entry = tuple[int, ...]

_LIST_BIT = BITS[Capability.LIST]


class Ranking:
    """The rules of one ACL in the order of their rank, and what a server makes of it.

    The order among rules is that of `Pattern.rank`, exact rules above all others; the order of
    lookups is that of `Table.find_listing`.
    """

    def __init__(self, grants: Iterable[Grant], listing: Listing) -> None:
        by_kind: tuple[list[Grant], list[Grant]] = ([], [])
        for grant in grants:
            by_kind[grant.pattern.kind is PatternKind.EXACT].append(grant)
        wildcard, exact = by_kind
        wildcard.sort(key=lambda grant: grant.pattern.rank)
        self.grants: list[Grant | None] = [None, *wildcard, *exact]
        """The rules by number; a larger number ranks higher, and 0 is no rule."""
        self._first_exact = 1 + len(wildcard)
        self._listing = listing
        self.width = 4 if listing is Listing.BEST_DENY_OR_LIST else 1
        """How many numbers an entry has."""

    def entry(self, number: int) -> Entry:
        """What is kept of one rule that matches. The first number is the best of all."""
        grant = self.grants[number]
        if self.width == 1 or grant is None:
            return (number,) * self.width
        # Of the prefix patterns only the longest takes part, whether it denies, lists or neither.
        if grant.pattern.kind is PatternKind.PREFIX:
            return number, number, 0, 0
        if grant.pattern.kind is PatternKind.EXACT:
            return number, 0, 0, 0
        return (
            number,
            0,
            number if grant.is_deny else 0,
            number if grant.mask & _LIST_BIT else 0,
        )

    def listed(self, bare: Entry, slashed: Entry) -> int:
        """The rule that wins for a list, by the entries of the path without and with its slash.

        An exact rule comes first, for the path with its slash before that without. Which of the
        others is next differs between servers.
        """
        one, other = bare[0], slashed[0]
        if other >= self._first_exact:
            return other
        if one >= self._first_exact:
            return one
        match self._listing:
            case Listing.WITH_SLASH_ONLY:
                return other
            case Listing.WITHOUT_SLASH_FIRST:
                return one or other
            case Listing.WITH_SLASH_FIRST:
                return other or one
            case Listing.BEST_DENY_OR_LIST:
                return self._best_deny_or_list(bare, slashed)

    def _best_deny_or_list(self, bare: Entry, slashed: Entry) -> int:
        """Vault 2.0: the best deny, unless a rule with `list` ranks at least as high; then that
        one; without either, the best of all."""
        deny = lists = 0
        for _, prefix, denying, listing in (bare, slashed):
            deny, lists = max(deny, denying), max(lists, listing)
            grant = self.grants[prefix]
            if grant is not None and grant.is_deny:
                deny = max(deny, prefix)
            if grant is not None and grant.mask & _LIST_BIT:
                lists = max(lists, prefix)
        return max(deny, lists) or max(bare[0], slashed[0])


class Entries:
    """Numbers for entries, so that a `Node` can hold them; 0 is that of no rule at all."""

    def __init__(self, width: int) -> None:
        nothing = (0,) * width
        self.by_number: list[Entry] = [nothing]
        self._numbers: dict[Entry, int] = {nothing: 0}
        self._joined: dict[tuple[int, int], int] = {}

    def number(self, entry: Entry) -> int:
        """The number of an entry."""
        number = self._numbers.get(entry)
        if number is None:
            number = self._numbers[entry] = len(self.by_number)
            self.by_number.append(entry)
        return number

    @property
    def join(self) -> Callable[[int, int], int]:
        """Gives the number of what is kept where both of two sets of rules match."""
        # Single numbers come in their order, and are their own.
        return max if len(self.by_number[0]) == 1 else self._join

    def _join(self, one: int, other: int) -> int:
        if one == other or not other:
            return one
        key = one, other
        joined = self._joined.get(key)
        if joined is None:
            entries = self.by_number[one], self.by_number[other]
            joined = self._joined[key] = self.number(tuple(map(max, *entries)))
        return joined
