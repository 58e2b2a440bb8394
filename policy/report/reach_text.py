"""What a holder can do, and who can do something, for a terminal."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.report.analysis_words import (
    operations_words,
    path_words,
    request_words,
    rule_words,
    whole,
    wrapped,
)

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
    """Everybody who can, with rules and paths; those for whom they are the same together."""
    if not found:
        return f"nobody can {question}"
    # Who holds the same policies has the same rows.
    rows = {id(who.rows): who.rows for who in found}
    blocks = {key: tuple(line for row in each for line in _row(row)) for key, each in rows.items()}
    names: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for who in found:
        names[blocks[id(who.rows)]].append(whole(str(who.holder)))
    lines = [f"{len(found):,} can {question}:"]
    for block, holders in names.items():
        lines += [wrapped(", ".join(holders), 0), *block]
    return "\n".join(lines)


def _row(row: Reach, *, most: int = 4) -> Iterator[str]:
    names = operations_words([operation.value for operation in row.operations])
    where = path_words(row.paths, is_listing=row.is_listing, most=most)
    mark = "!" if row.protected else " "
    yield wrapped(f"{mark} {names} on {where}", 2)
    rule = "the policy `root`" if row.grant is None else rule_words(row.grant, whole)
    yield wrapped(f"by {rule}", 6)
    if row.has_conditions:
        yield wrapped(f"under conditions, e.g. {request_words(row.decisions[0])}", 6)
