"""Words that the reports of the analysis share: rules and where they stand, sets of paths."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from policy.analyze import AnalysisLimitError, PathSet
from policy.analyze.description import slash_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.acl import Grant
    from policy.evaluate import Decision
    from policy.model import Policy, Rule

__all__ = [
    "operations_words",
    "path_words",
    "place",
    "request_words",
    "rule_words",
    "shown_paths",
    "whole",
    "wrapped",
]


_WIDTH = 80
_INSIDE = "\x1f"
"""Stands for a space at which a line does not end."""


def whole(text: str) -> str:
    """A name that `wrapped` does not divide."""
    return text.replace(" ", _INSIDE)


def wrapped(text: str, indent: int, more: int = 4) -> str:
    """Text on lines of a terminal: the first is indented by so much, the others by `more` besides.
    Words stay whole, however long."""
    lines = fill(
        text,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + more),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_INSIDE, " ")


def place(policy: Policy, rule: Rule) -> str:
    """File and line of a rule."""
    return f"{policy.source.name}:{policy.source.position(rule.span.start).line}"


def rule_words(grant: Grant | None, shown: Callable[[str], str] = str) -> str:
    """A winning rule with its capabilities and every place it was merged from; `shown` is done to
    each place."""
    if grant is None:
        return "no rule"
    words = ", ".join(grant.capabilities) or "nothing"
    places = ", ".join(shown(place(policy, rule)) for policy, rule in grant.rules[:3])
    if len(grant.rules) > 3:
        places += f" and {len(grant.rules) - 3} more"
    return f"`{grant.pattern}` [{words}] {places}"


def shown_paths(paths: PathSet, *, is_listing: bool) -> PathSet:
    """The set to describe: paths that are listed are shown with the slash they get."""
    return PathSet(slash_form(paths.node)) if is_listing else paths


def path_words(paths: PathSet, *, is_listing: bool, most: int = 4) -> str:
    """A set of paths in the language of patterns, of which no more than `most` are shown."""
    try:
        return shown_paths(paths, is_listing=is_listing).describe().shown(most)
    except AnalysisLimitError:
        return "more paths than can be described"


def request_words(decision: Decision) -> str:
    """The request of a decision, on one line."""
    request = decision.request
    words = f"{request.operation.value} {request.path}"
    if request.data:
        words += " " + " ".join(f"{key}={value}" for key, value in request.data.items())
    if request.wrap_ttl_seconds is not None:
        words += f" (wrapped for {request.wrap_ttl_seconds:g} s)"
    return words


def operations_words(names: list[str]) -> str:
    """`read, update and delete`"""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
