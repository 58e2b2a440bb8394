"""Where grants lead, as a graph: for Mermaid, and for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.source import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.analyze.escalate import HolderEscalation

__all__ = ["EVERYTHING", "Edge", "dot", "edges", "mermaid"]

EVERYTHING = "everything"


class Edge(NamedTuple):
    """One holder gets to another, or to everything, by a grant of the catalogue."""

    start: str
    stop: str
    entry: str
    title: str


def edges(found: Sequence[HolderEscalation]) -> tuple[Edge, ...]:
    """Every way that was followed, each once, in order."""
    return tuple(dict.fromkeys(edge for each in found for edge in _edges(each)))


def _edges(each: HolderEscalation) -> Iterator[Edge]:
    holder = str(each.holder)
    if each.is_root:
        yield Edge(holder, EVERYTHING, "root", "holds the policy root")
    for name, steps in each.reached:
        yield Edge(holder, name, steps[-1].id, steps[-1].title)
    if each.chain is not None and each.chain.steps:
        last = each.chain.steps[-1]
        yield Edge(holder, EVERYTHING, last.id, " > ".join(s.title for s in each.chain.steps))


def mermaid(found: Sequence[HolderEscalation]) -> str:
    """A flowchart. Names are quoted, so that no name can add to the chart."""
    ways = edges(found)
    numbers = _numbers(ways)
    lines = ["flowchart LR"]
    lines += [f'  n{number}["{_entities(name)}"]' for name, number in numbers.items()]
    for (start, title), stops in _bundles(ways).items():
        ends = " & ".join(f"n{numbers[stop]}" for stop in stops)
        lines.append(f'  n{numbers[start]} -->|"{_entities(title)}"| {ends}')
    return "\n".join(lines)


def dot(found: Sequence[HolderEscalation]) -> str:
    """A digraph."""
    ways = edges(found)
    numbers = _numbers(ways)
    lines = ["digraph escalation {", "  rankdir=LR;"]
    lines += [f"  n{number} [label={_quoted(name)}];" for name, number in numbers.items()]
    for (start, title), stops in _bundles(ways).items():
        ends = " ".join(f"n{numbers[stop]}" for stop in stops)
        ends = f"{{{ends}}}" if len(stops) > 1 else ends
        lines.append(f"  n{numbers[start]} -> {ends} [label={_quoted(title)}];")
    return "\n".join([*lines, "}"])


def _bundles(ways: Sequence[Edge]) -> dict[tuple[str, str], list[str]]:
    """Where one holder gets by one grant: a line for all of it."""
    found: dict[tuple[str, str], list[str]] = {}
    for way in ways:
        found.setdefault((way.start, way.title), []).append(way.stop)
    return found


def _numbers(ways: Sequence[Edge]) -> dict[str, int]:
    names = dict.fromkeys(name for way in ways for name in (way.start, way.stop))
    return {name: number for number, name in enumerate(names)}


def _entities(text: str) -> str:
    plain = printable(text)
    return "".join(c if c.isalnum() or c in " -_/.,:" else f"#{ord(c)};" for c in plain)


def _quoted(text: str) -> str:
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
