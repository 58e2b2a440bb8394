"""What a holder can do, and who can do something, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.report.analysis_words import operations_words, path_words, request_words, rule_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.analyze.inventory import Holder
    from policy.analyze.reach import Reach
    from policy.analyze.who_can import Who

__all__ = ["reach_text", "who_text"]


def reach_text(holder: Holder, rows: Sequence[Reach], *, only_sudo: bool) -> str:
    """A line for each row and one for its rule; with `only_sudo` by mount, and nothing left out."""
    if not rows:
        return f"{holder}: nothing" + (" on root-protected paths" if only_sudo else "")
    lines = [f"{holder}:"]
    mount = None
    for row in rows:
        own = row.protected[0].mount_path if row.protected else ""
        if only_sudo and own != mount:
            mount = own
            lines.append(f"  {mount}")
        lines += _row(row, most=1000 if only_sudo else 4)
    return "\n".join(lines)


def who_text(found: Sequence[Who], question: str) -> str:
    """Everybody who can, with rule and paths."""
    if not found:
        return f"nobody can {question}"
    lines = [f"{len(found)} can {question}:"]
    for who in found:
        lines.append(f"{who.holder}")
        for row in who.rows:
            lines += _row(row)
    return "\n".join(lines)


def _row(row: Reach, *, most: int = 4) -> Iterator[str]:
    names = operations_words([operation.value for operation in row.operations])
    where = path_words(row.paths, is_listing=row.is_listing, most=most)
    mark = "!" if row.protected else " "
    yield f"  {mark} {names} on {where}"
    rule = "the policy `root`" if row.grant is None else rule_words(row.grant)
    yield f"      by {rule}"
    if row.has_conditions:
        yield f"      under conditions, e.g. {request_words(row.decisions[0])}"
