"""JSON: the step that turns nested objects into blocks with labels.

In every object, from the outside in and again and again, a member whose value is a non-empty
object with only objects as values, or a non-empty list of only objects, is replaced by one item
for each of those. That is how `{"path": {"a": {…}}}` becomes `path "a" {…}`, and why one stray
value beside the paths spoils them all (OpenBao 2.7.2, recorded as `json-shape`).
"""

from __future__ import annotations

from typing import Any

from policy.syntax import Item, ListNode, ObjectNode, Value

__all__ = ["reshape"]


def reshape(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items of a JSON object as the server sees them, at every depth."""
    top: list[Item] = _flatten(items)
    # First unfold every node into a list of its children, then put the nodes together again from
    # the innermost out: no recursion, however deep the text nests.
    levels: list[list[Item] | list[Value]] = [top]
    unfolded: list[tuple[list[Item] | list[Value], int, list[Item] | list[Value]]] = []
    for level in levels:
        for at, entry in enumerate(level):
            node = entry.value if isinstance(entry, Item) else entry
            below: list[Item] | list[Value] | None = None
            if isinstance(node, ObjectNode) and node.items:
                below = _flatten(node.items)
            elif isinstance(node, ListNode) and any(
                isinstance(e, ObjectNode) for e in node.elements
            ):
                below = list(node.elements)
            if below is not None:
                unfolded.append((level, at, below))
                levels.append(below)
    for level, at, below in reversed(unfolded):
        _replace(level, at, tuple(below))
    return tuple(top)


def _replace(level: list[Any], at: int, children: tuple[Any, ...]) -> None:
    entry: Item | ListNode | ObjectNode = level[at]
    node: Any = entry.value if isinstance(entry, Item) else entry
    if isinstance(node, ListNode):
        node = node._replace(elements=children)
    else:
        node = node._replace(items=children)
    level[at] = entry._replace(value=node) if isinstance(entry, Item) else node


def _flatten(items: tuple[Item, ...]) -> list[Item]:
    result: list[Item] = []
    pending = list(reversed(items))
    while pending:
        item = pending.pop()
        below = _joined(item)
        if below is None:
            result.append(item)
        else:
            pending += reversed(below)
    return result


def _joined(item: Item) -> list[Item] | None:
    """The items that replace `item`, or None if it stays."""
    value: Value = item.value
    if isinstance(value, ListNode):
        if value.elements and all(isinstance(e, ObjectNode) for e in value.elements):
            return [Item(item.keys, element, item.assign) for element in value.elements]
    elif (
        isinstance(value, ObjectNode)
        and value.items
        and all(isinstance(below.value, ObjectNode) for below in value.items)
    ):
        return [Item(item.keys + below.keys, below.value, item.assign) for below in value.items]
    return None
