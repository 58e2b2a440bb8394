"""Where grants lead, for a terminal: chains as numbered steps, then what else is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.catalog.escalations import Impact
from policy.report.analysis_words import path_words, request_words, rule_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.analyze.escalate import HolderEscalation

__all__ = ["escalation_text"]


def escalation_text(found: Sequence[HolderEscalation]) -> str:
    """A block for each holder, those with a way to everything first."""
    if not found:
        return "nobody holds a grant that leads further"
    ordered = sorted(found, key=lambda each: Impact.ROOT_EQUIVALENT not in each.impacts)
    return "\n".join(line for each in ordered for line in _holder(each)).rstrip()


def _holder(each: HolderEscalation) -> Iterator[str]:
    if each.is_root:
        yield f"{each.holder}: root"
        yield "  holds the policy `root`, which allows everything"
        yield ""
        return
    words = [impact.value for impact in Impact if impact in each.impacts]
    yield f"{each.holder}: {', '.join(words) or 'halves of ways only'}"
    if each.chain is not None:
        for number, step in enumerate(each.chain.steps, start=1):
            yield f"  {number}. {step.title}, and so gets {step.gains}"
            for decision in step.decisions:
                yield f"       {request_words(decision)}"
                yield f"         by {rule_words(decision.grant)}"
            if step.conditions:
                yield f"       if: {step.conditions}"
    for name, steps in each.reached:
        count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
        yield f"  can get {name} ({count})"
    for finding in each.findings:
        entry = finding.entry
        more = entry.possession or "more grants"
        half = "" if finding.is_complete else f" (half of the way: it takes {more})"
        listing = finding.decision.request.operation.is_listing
        yield f"  - {entry.title} [{entry.impact}]{half}"
        yield f"      {finding.decision.request.operation} on " + path_words(
            finding.paths, is_listing=listing
        )
        yield f"      by {rule_words(finding.decision.grant)}"
    yield ""
