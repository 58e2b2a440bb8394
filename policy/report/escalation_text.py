"""Where grants lead, for a terminal: chains as numbered steps, then what else is held."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.catalog.escalations import Impact
from policy.report.analysis_words import path_words, request_words, rule_words, whole, wrapped

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
    yield wrapped(f"{each.holder}: {', '.join(words) or 'halves of ways only'}", 0)
    if each.chain is not None:
        for number, step in enumerate(each.chain.steps, start=1):
            yield wrapped(f"{number}. {step.title}, and so gets {step.gains}", 2)
            for decision in step.decisions:
                yield wrapped(request_words(decision), 7)
                yield wrapped(f"by {rule_words(decision.grant, whole)}", 9)
            if step.conditions:
                yield wrapped(f"if: {step.conditions}", 7)
    by_steps: defaultdict[int, list[str]] = defaultdict(list)
    for name, steps in each.reached:
        by_steps[len(steps)].append(name)
    for count, names in sorted(by_steps.items()):
        yield wrapped(
            f"can get in {count} step{'s' * (count > 1)}: {', '.join(map(whole, names))}", 2
        )
    for finding in each.findings:
        entry = finding.entry
        more = entry.possession or "more grants"
        half = "" if finding.is_complete else f" (half of the way: it takes {more})"
        listing = finding.decision.request.operation.is_listing
        where = path_words(finding.paths, is_listing=listing)
        yield wrapped(f"- {entry.title} [{entry.impact}]{half}", 2)
        yield wrapped(f"{finding.decision.request.operation} on {where}", 6)
        yield wrapped(f"by {rule_words(finding.decision.grant, whole)}", 6)
    yield ""
