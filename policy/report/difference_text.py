"""What changes, for a terminal and for the comment on a pull request."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policy.analyze.difference import Direction
from policy.report.analysis_words import (
    operations_words,
    path_words,
    request_words,
    rule_words,
    whole,
    wrapped,
)
from policy.source import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policy.analyze.difference import Change, OperationChange
    from policy.analyze.review import HolderChanges

__all__ = ["difference_markdown", "difference_text"]

_WORST_FIRST = (Direction.GAINED, Direction.LOOSENED, Direction.LOST, Direction.TIGHTENED)


def _by_direction(change: Change) -> Iterator[tuple[Direction, list[OperationChange]]]:
    for direction in _WORST_FIRST:
        found = [each for each in change.operations if each.direction is direction]
        if found:
            yield direction, found


def _counts(changes: Sequence[Change]) -> str:
    counts = {d: sum(d in change.directions for change in changes) for d in _WORST_FIRST}
    return ", ".join(f"{count} {direction}" for direction, count in counts.items() if count)


def difference_text(found: Sequence[HolderChanges]) -> str:
    """Plain text, a block for all holders for whom the same changes."""
    if not found:
        return "no difference: the same requests are allowed on every path"
    blocks = _alike(found, lambda each: [line for c in each.changes for line in _lines(c)])
    return "\n\n".join(
        "\n".join([wrapped(f"{', '.join(map(whole, names))}: {counts}", 0), *lines])
        for names, counts, lines in blocks
    )


def _alike(
    found: Sequence[HolderChanges], shown: Callable[[HolderChanges], list[str]]
) -> Iterator[tuple[list[str], str, list[str]]]:
    """Those for whom the same is shown: their names, how much changes, and what is shown."""
    groups: defaultdict[tuple[str, ...], list[HolderChanges]] = defaultdict(list)
    for each in found:
        groups[tuple(shown(each))].append(each)
    for lines, holders in groups.items():
        yield [str(each.holder) for each in holders], _counts(holders[0].changes), list(lines)


def _lines(change: Change) -> Iterator[str]:
    for direction, operations in _by_direction(change):
        names = operations_words([o.operation.value for o in operations])
        mark = "!" if change.protected else " "
        where = path_words(change.paths, is_listing=change.is_listing)
        yield wrapped(f"{mark} {direction} {names} on {where}", 2)
        if change.protected:
            yield "      root-protected: needs `sudo` as well"
        yield wrapped(f"old: {rule_words(change.old, whole)}", 6)
        yield wrapped(f"new: {rule_words(change.new, whole)}", 6)
        yield wrapped(f"e.g. {request_words(operations[0].old)}", 6)


def difference_markdown(found: Sequence[HolderChanges]) -> str:
    """Markdown with one table for all holders for whom the same changes."""
    lines = ["### Policy changes", ""]
    if not found:
        lines.append("No difference: the same requests are allowed on every path.")
    for names, counts, rows in _alike(
        found, lambda each: [r for c in each.changes for r in _rows(c)]
    ):
        lines += [f"#### {_cell(', '.join(names))}: {counts}", ""]
        lines += ["| | operations | paths | old rule | new rule | for example |"]
        lines += ["| --- | --- | --- | --- | --- | --- |", *rows, ""]
    if any(change.protected for each in found for change in each.changes):
        lines.append("⚠ root-protected: the operation needs `sudo` besides its capability.")
    return "\n".join(lines).rstrip() + "\n"


def _rows(change: Change) -> Iterable[str]:
    for direction, operations in _by_direction(change):
        mark = "⚠ " if change.protected else ""
        cells = (
            f"{mark}**{direction}**",
            operations_words([o.operation.value for o in operations]),
            path_words(change.paths, is_listing=change.is_listing),
            rule_words(change.old),
            rule_words(change.new),
            f"`{request_words(operations[0].old)}`",
        )
        yield "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """Text that cannot break out of a table, whatever a policy holds."""
    return printable(text).replace("|", "\\|").replace("<", "&lt;")
