"""What must not happen, and how it shows in a history.

Registers are checked for linearizability in whole: every value is written once, so what is known of
it fits into one *zone* of time (Gibbons and Korach, "Testing shared memories", 1997). The reign of
an active node is the same kind of thing: a value that probes have seen.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tests.server.histories.history import NEVER, Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.server.histories.history import History, Operation

__all__ = ["findings"]


class _Zone(NamedTuple):
    """What is certain of a value: if `is_certain`, it was there from `low` to `high`; if not, for
    a moment in between."""

    name: str
    low: float
    high: float
    is_certain: bool


def findings(history: History, bound: float) -> list[str]:
    """Everything that is wrong with a history; an active node has to be back within `bound`
    seconds."""
    found = [
        *_lost(history),
        *_unfenced(history),
        *_out_of_order(history),
        *_registers(history.operations),
        *_versions(history.operations),
        *_reigns(history.operations),
    ]
    if history.seconds_to_recover > bound:
        found.append(
            f"no active node within {bound:.1f} s: it took {history.seconds_to_recover:.1f}"
        )
    return found


def _done(operations: Iterable[Operation], kind: Kind) -> list[Operation]:
    return [o for o in operations if o.kind is kind and o.outcome is Outcome.DONE]


def _lost(history: History) -> list[str]:
    """Acknowledged, and not there."""
    found = []
    for insert in _done(history.operations, Kind.INSERT):
        stored = history.stored.get(insert.key)
        if stored is None:
            found.append(f"the acknowledged write of `{insert.key}` is lost")
        elif stored.value != insert.value:
            found.append(f"`{insert.key}` holds another value than was acknowledged")
    return found


def _unfenced(history: History) -> list[str]:
    """Stored under a number of the lock that was already old."""
    return [
        f"write {later[0]} was stored under {later[1]}, after one under {earlier[1]}"
        for earlier, later in pairwise(sorted(history.fences))
        if later[1] < earlier[1]
    ]


def _out_of_order(history: History) -> list[str]:
    """Acknowledged before another one began, and yet stored after it."""
    known = [
        (o, history.stored[o.key])
        for o in _done(history.operations, Kind.INSERT)
        if o.key in history.stored
    ]
    known.sort(key=lambda pair: pair[1].revision)
    found = []
    latest_start: Operation | None = None
    for operation, _ in known:
        if latest_start is not None and operation.ended < latest_start.started:
            found.append(f"`{operation.key}` ended before `{latest_start.key}`, but counts later")
        if latest_start is None or operation.started > latest_start.started:
            latest_start = operation
    return found


def _registers(operations: list[Operation]) -> list[str]:
    found = []
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        if operation.kind in (Kind.WRITE, Kind.READ):
            by_key[operation.key].append(operation)
    for key, all_of_it in by_key.items():
        writes = {o.value: o for o in all_of_it if o.kind is Kind.WRITE}
        reads: dict[str, list[Operation]] = defaultdict(list)
        for read in _done(all_of_it, Kind.READ):
            reads[read.value].append(read)
        zones = []
        for value in {*writes, *reads}:
            write = writes.get(value)
            if write is None and value:
                found.append(f"register `{key}`: `{value}` was read and never written")
                continue
            seen = reads[value]
            if write is not None and write.outcome is Outcome.UNKNOWN and not seen:
                continue  # As good as never done.
            if write is not None and any(read.ended < write.started for read in seen):
                found.append(f"register `{key}`: `{value}` was read before it was written")
            # The register was empty from the beginning of time.
            starts = [write.started if write else -NEVER, *(o.started for o in seen)]
            known_end = write is not None and write.outcome is Outcome.DONE
            ends = [o.ended for o in seen]
            if write is None:
                ends.append(-NEVER)
            elif known_end:
                ends.append(write.ended)
            zones.append(_zone(value or "nothing", starts, ends))
        found += [f"register `{key}`: {text}" for text in _clashes(zones)]
    return found


def _reigns(operations: list[Operation]) -> list[str]:
    """Two nodes that were active at once."""
    seen: dict[str, list[Operation]] = defaultdict(list)
    for probe in _done(operations, Kind.LEADER):
        if probe.value:
            seen[probe.value].append(probe)
    zones = [
        _zone(reign, [o.started for o in probes], [o.ended for o in probes])
        for reign, probes in seen.items()
    ]
    return [f"two active nodes: {text}" for text in _clashes(zones)]


def _zone(name: str, starts: list[float], ends: list[float]) -> _Zone:
    """From the first end to the last start it was there; if the last start comes first, all that
    is known is that there was a moment between the two."""
    first_end, last_start = min(ends), max(starts)
    if first_end < last_start:
        return _Zone(name, first_end, last_start, True)
    return _Zone(name, last_start, first_end, False)


def _clashes(zones: list[_Zone]) -> list[str]:
    """Values that cannot all have been there at their time."""
    found = []
    certain = sorted((z for z in zones if z.is_certain), key=lambda zone: (zone.low, zone.high))
    for earlier, later in pairwise(certain):
        if later.low < earlier.high:
            found.append(f"{earlier.name} and {later.name} at once")
    for zone in zones:
        if not zone.is_certain:
            for other in certain:
                if other.low < zone.low and zone.high < other.high:
                    found.append(f"{zone.name} in the middle of {other.name}")
    return found


def _versions(operations: list[Operation]) -> list[str]:
    """The numbers that a counter gave out: each once, and in the order of time."""
    found = []
    counts = sorted(_done(operations, Kind.COUNT), key=lambda o: (o.key, o.number))
    for earlier, later in pairwise(counts):
        if earlier.key == later.key and earlier.number == later.number:
            found.append(f"version {later.number} of `{later.key}` was given out twice")
    latest_start: Operation | None = None
    for count in counts:
        if latest_start is not None and latest_start.key != count.key:
            latest_start = None
        if latest_start is not None and count.ended < latest_start.started:
            found.append(f"version {count.number} of `{count.key}` came before a smaller one")
        if latest_start is None or count.started > latest_start.started:
            latest_start = count
    return found
