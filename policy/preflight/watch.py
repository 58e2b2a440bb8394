"""Looking at all nodes at once after a step-down, each from a thread of its own: one that does not
answer holds up no other."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Final

from policy.errors import UsageError
from policy.preflight import nodes
from policy.preflight.address import Address
from policy.preflight.failures import RequestError
from policy.preflight.snapshot import Leader, Role
from policy.preflight.timeline import Seen, Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.preflight.client import Client
    from policy.preflight.timeline import Ending, Timeline

__all__ = ["watch"]

_PAUSE_SECONDS: Final = 0.05
"""Between two looks at a node: how exact the measured gap is."""
_LOOK_SECONDS: Final = 2.0
"""A node that takes longer is gone for now."""
_SEEN: Final = {Role.ACTIVE: Seen.ACTIVE, Role.STANDBY: Seen.STANDBY}


def watch(
    client: Client,
    addresses: Iterable[str],
    timeline: Timeline,
    start: float,
    limit: float,
    progress: Callable[[str], None],
) -> Ending:
    """Look until it has ended, at most `limit` seconds after `start` (of the monotonic clock).

    Status pages only, without the token. A `KeyboardInterrupt` passes through, and what was seen
    until then is in `timeline`.
    """
    sightings: queue.SimpleQueue[Sighting] = queue.SimpleQueue()
    stop = threading.Event()
    for address in dict.fromkeys(addresses):
        try:
            own = client.at(Address.parse(address), min(client.seconds, _LOOK_SECONDS))
        except UsageError:
            continue
        look = threading.Thread(
            target=_look, args=(own, address, start, sightings, stop), daemon=True
        )
        look.start()
    try:
        while (ending := timeline.ending(time.monotonic() - start, limit)) is None:
            try:
                news = timeline.add(sightings.get(timeout=_PAUSE_SECONDS))
            except queue.Empty:
                continue
            if news is not None:
                progress(news)
        return ending
    finally:
        stop.set()


def _look(
    client: Client,
    address: str,
    start: float,
    sightings: queue.SimpleQueue[Sighting],
    stop: threading.Event,
) -> None:
    with client:
        while not stop.is_set():
            asked = time.monotonic()
            sightings.put(_sighting(client, address, start))
            stop.wait(max(_PAUSE_SECONDS - (time.monotonic() - asked), 0.0))


def _sighting(client: Client, address: str, start: float) -> Sighting:
    try:
        seen = _SEEN.get(nodes.node_state(client).role, Seen.OTHER)
        at = time.monotonic() - start
        if seen is not Seen.ACTIVE:
            return Sighting(at, address, seen)
        # Which node it is, and since when, makes out a new term on the same node.
        leader = nodes.leader(client, 0.0)
    except RequestError:
        return Sighting(time.monotonic() - start, address, Seen.GONE)
    if not isinstance(leader, Leader) or not leader.has_ha:
        return Sighting(at, address, seen)
    if not leader.is_self:
        # It stepped down between the two questions.
        return Sighting(time.monotonic() - start, address, Seen.STANDBY)
    return Sighting(at, address, seen, leader.address, leader.active_since)
