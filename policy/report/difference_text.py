"""What changes, for a terminal and for the comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze.difference import Direction
from policy.report.analysis_words import operations_words, path_words, request_words, rule_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
    """Plain text, a block for each holder."""
    if not found:
        return "no difference: the same requests are allowed on every path"
    return "\n".join(line for each in found for line in _holder(each))


def _holder(each: HolderChanges) -> Iterator[str]:
    yield f"{each.holder}: {_counts(each.changes)}"
    for change in each.changes:
        for direction, operations in _by_direction(change):
            names = operations_words([o.operation.value for o in operations])
            mark = "!" if change.protected else " "
            where = path_words(change.paths, is_listing=change.is_listing)
            yield f"  {mark} {direction} {names} on {where}"
            if len(change.protected) == 1:
                yield f"      root-protected: {change.protected[0].describe()}"
            elif change.protected:
                yield "      root-protected, each of them"
            yield f"      old: {rule_words(change.old)}"
            yield f"      new: {rule_words(change.new)}"
            yield f"      e.g. {request_words(operations[0].old)}"
    yield ""


def difference_markdown(found: Sequence[HolderChanges]) -> str:
    """Markdown with one table for each holder."""
    lines = ["### Policy changes", ""]
    if not found:
        lines.append("No difference: the same requests are allowed on every path.")
    for each in found:
        lines += [f"#### {_cell(str(each.holder))}: {_counts(each.changes)}", ""]
        lines += ["| | operations | paths | old rule | new rule | for example |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        lines += [line for change in each.changes for line in _rows(change)]
        lines.append("")
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
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return clean.replace("|", "\\|").replace("<", "&lt;")
