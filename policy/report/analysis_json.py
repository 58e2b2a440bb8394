"""Parts that the JSON reports of the analysis share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from policy.report.analysis_words import shown_paths

if TYPE_CHECKING:
    from policy.acl import Grant
    from policy.analyze import PathSet
    from policy.analyze.description import Term
    from policy.evaluate import Decision

__all__ = [
    "RequestReport",
    "TermReport",
    "WinnerReport",
    "request_report",
    "terms_report",
    "winner_report",
]


class TermReport(TypedDict):
    """The paths of a pattern, except those of other terms. In the middle of a path, `b…` is a
    segment that begins with `b`."""

    pattern: str
    exceptions: list[TermReport]


class PlaceReport(TypedDict):
    """A rule and where it stands."""

    policy: str
    path: str
    file: str
    line: int


class WinnerReport(TypedDict):
    """A merged rule."""

    pattern: str
    capabilities: list[str]
    rules: list[PlaceReport]


class RequestReport(TypedDict):
    """A request that was decided."""

    operation: str
    path: str
    data: dict[str, Any] | None
    wrap_ttl_seconds: float | None


def terms_report(paths: PathSet, *, is_listing: bool) -> list[TermReport]:
    """A set of paths, with nothing left out."""
    return [_term(t) for t in shown_paths(paths, is_listing=is_listing).describe().terms]


def _term(term: Term) -> TermReport:
    return TermReport(pattern=clean(term.pattern), exceptions=[_term(e) for e in term.exceptions])


def clean(text: str) -> str:
    """Text for JSON, which has no stray bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def winner_report(grant: Grant | None) -> WinnerReport | None:
    """A winning rule, None where none decides."""
    if grant is None:
        return None
    return WinnerReport(
        pattern=clean(str(grant.pattern)),
        capabilities=[capability.value for capability in grant.capabilities],
        rules=[
            PlaceReport(
                policy=policy.name,
                path=clean(rule.path),
                file=policy.source.name,
                line=policy.source.position(rule.span.start).line,
            )
            for policy, rule in grant.rules
        ],
    )


def request_report(decision: Decision) -> RequestReport:
    """The request of a decision."""
    request = decision.request
    return RequestReport(
        operation=request.operation.value,
        path=clean(request.path),
        data=None if request.data is None else dict(request.data),
        wrap_ttl_seconds=request.wrap_ttl_seconds,
    )
