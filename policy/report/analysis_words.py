"""Words that the reports of the analysis share: rules and where they stand, sets of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze import AnalysisLimitError, PathSet
from policy.analyze.description import slash_form

if TYPE_CHECKING:
    from policy.acl import Grant
    from policy.evaluate import Decision
    from policy.model import Policy, Rule

__all__ = ["operations_words", "path_words", "place", "request_words", "rule_words", "shown_paths"]


def place(policy: Policy, rule: Rule) -> str:
    """File and line of a rule."""
    return f"{policy.source.name}:{policy.source.position(rule.span.start).line}"


def rule_words(grant: Grant | None) -> str:
    """A winning rule with its capabilities and every place it was merged from."""
    if grant is None:
        return "no rule"
    words = ", ".join(grant.capabilities) or "nothing"
    places = ", ".join(place(policy, rule) for policy, rule in grant.rules[:3])
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
