"""All rules that match a path, and at which step of the ranking each lost."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from policy.model import PatternKind

if TYPE_CHECKING:
    from policy.acl import Grant
    from policy.model import Pattern

__all__ = ["Candidate", "RankingStep", "lost_by"]


class RankingStep(StrEnum):
    """Why one pattern beats another; the first difference decides."""

    EXACT = "exact"
    LOOKUP_ORDER = "lookup-order"
    FIRST_WILDCARD = "first-wildcard"
    CLOSED = "closed"
    FEWER_PLUS = "fewer-plus"
    LONGER = "longer"
    LARGER = "larger"
    LISTING = "listing"

    @property
    def words(self) -> str:
        """The step in words that fit behind "loses:"."""
        return _WORDS[self]


_WORDS = {
    RankingStep.EXACT: "an exact path beats every pattern",
    RankingStep.LOOKUP_ORDER: "it fits another form of the path, which is looked up later",
    RankingStep.FIRST_WILDCARD: "its first wildcard stands further to the left",
    RankingStep.CLOSED: "it ends in `*`",
    RankingStep.FEWER_PLUS: "it has more `+` segments",
    RankingStep.LONGER: "it is shorter",
    RankingStep.LARGER: "it comes earlier in byte order",
    RankingStep.LISTING: "a list goes by the best deny or the best rule with `list`",
}


class Candidate(NamedTuple):
    """One rule that matches. `lost_by` is None for the winner; `form` is the form of the path it
    matches, which for list and scan may lack the final slash."""

    grant: Grant
    form: str
    lost_by: RankingStep | None


def lost_by(loser: Pattern, loser_form: str, winner: Pattern, winner_form: str) -> RankingStep:
    """The step at which `loser` falls behind `winner`."""
    if winner.kind is PatternKind.EXACT:
        # Between two exact rules the form with the slash comes first.
        return RankingStep.LOOKUP_ORDER if loser.kind is PatternKind.EXACT else RankingStep.EXACT
    if loser.rank > winner.rank:
        return RankingStep.LISTING if loser_form == winner_form else RankingStep.LOOKUP_ORDER
    if loser_form != winner_form:
        return RankingStep.LOOKUP_ORDER
    steps = (
        RankingStep.FIRST_WILDCARD,
        RankingStep.CLOSED,
        RankingStep.FEWER_PLUS,
        RankingStep.LONGER,
        RankingStep.LARGER,
    )
    # Two patterns never have the same rank.
    pairs = zip(steps, loser.rank, winner.rank, strict=True)
    return next(step for step, ours, theirs in pairs if ours != theirs)
