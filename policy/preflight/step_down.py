"""The step-down itself: sent once, to one node, and then watched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policy.preflight.failures import RequestError
from policy.preflight.snapshot import Leader, Unknown
from policy.preflight.timeline import Ending, Timeline
from policy.preflight.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.preflight.client import Answer, Client
    from policy.preflight.secret import Secret
    from policy.preflight.snapshot import Snapshot
    from policy.preflight.timeline import Seen

__all__ = ["Execution", "execute"]

_PATH: Final = "sys/step-down"


@dataclass(frozen=True, slots=True)
class Execution:
    """What was sent and what came of it."""

    ending: Ending
    text: str
    """One phrase for people."""
    is_accepted: bool | None
    """Whether the server took the request; None where no answer came."""
    active: str = ""
    """The node that is active in the end, if one was seen."""
    gap_seconds: float | None = None
    """From the 204 until a node was seen active."""
    nodes: tuple[tuple[str, Seen], ...] = ()
    """What every node looked like last."""


def execute(
    client: Client,
    token: Secret,
    snapshot: Snapshot,
    limit: float,
    progress: Callable[[str], None],
) -> Execution:
    """Send the step-down and watch for at most `limit` seconds. Whether it is a go is for the
    caller to have asked.

    It is never sent twice. A redirect is not followed: it means that the active node has changed
    since. Ctrl-C ends the watching, and the answer says what is known.
    """
    timeline = _timeline(snapshot)
    accepted: bool | None = None
    start = time.monotonic()
    try:
        # A connection that may have grown old could break, and leave open what was heard.
        client.close()
        try:
            answer = client.send("PUT", _PATH, token)
        except RequestError as error:
            if not error.may_be_heard:
                return Execution(Ending.REFUSED, f"not sent: {error}", is_accepted=False)
            progress(f"no answer to the step-down ({error}); watching whether it was heard")
        else:
            if answer.status != 204:
                return Execution(Ending.REFUSED, _refusal(answer), is_accepted=False)
            accepted = True
        start = time.monotonic()
        if accepted:
            progress(f"{0:7.2f} s  204: the step-down is accepted")
        addresses = [*sorted(timeline.addresses), *_peer_addresses(snapshot)]
        ending = watch(client, addresses, timeline, start, limit, progress)
    except KeyboardInterrupt:
        ending = Ending.INTERRUPTED
    return _execution(ending, timeline, accepted, time.monotonic() - start)


def _timeline(snapshot: Snapshot) -> Timeline:
    leader = snapshot.leader
    if not isinstance(leader, Leader):
        return Timeline("", frozenset({snapshot.server.address}))
    addresses = {leader.address} - {""}
    if leader.is_self or not addresses:
        addresses.add(snapshot.server.address)
    return Timeline(leader.address, frozenset(addresses), leader.active_since)


def _peer_addresses(snapshot: Snapshot) -> list[str]:
    if isinstance(snapshot.peers, Unknown):
        return []
    return [peer.address for peer in snapshot.peers if peer.address]


def _refusal(answer: Answer) -> str:
    if answer.is_redirect:
        return (
            f"not done: the node sends us to `{answer.location}`, so another is active now; "
            "ask again there"
        )
    if answer.status == 403:
        return f"refused by the policies, or the token is not valid any more ({answer.words()})"
    if answer.status == 500 and any("active cluster node not found" in e for e in answer.errors):
        return f"not done: no node is active, or one is stepping down already ({answer.words()})"
    if answer.status in (200, 202):
        return (
            f"not done as far as is known: no server says this ({answer.words()}); is it a proxy?"
        )
    return f"refused ({answer.words()})"


def _execution(ending: Ending, timeline: Timeline, accepted: bool | None, now: float) -> Execution:
    return Execution(
        ending,
        _words(ending, timeline, accepted, now),
        accepted,
        timeline.active,
        timeline.gap_seconds,
        tuple(timeline.states.items()),
    )


def _words(ending: Ending, timeline: Timeline, accepted: bool | None, now: float) -> str:
    sent = "204" if accepted else "no answer"
    old = timeline.leader or ", ".join(sorted(timeline.addresses))
    states = "; ".join(f"`{node}`: {seen}" for node, seen in timeline.states.items())
    gap = timeline.gap_seconds or 0.0
    if ending is Ending.CHANGED:
        return f"`{timeline.active}` is active, {gap:.2f} s after the step-down of `{old}`"
    if ending is Ending.SAME_NODE:
        return (
            f"the same node is active again, after {gap:.2f} s: it stepped down, and no other "
            f"took over; `{old}` is the active one as before"
        )
    if ending is Ending.NOTHING_HAPPENED:
        return (
            f"{sent}, but nothing happened: `{old}` has been active all along; HA may be off, or "
            "the node does not take part in the election any more and needs a restart"
        )
    if ending is Ending.NOBODY_YET:
        return f"{sent}, and nobody is active after {now:.0f} s ({states})"
    if ending is Ending.NOT_SEEN:
        return f"{sent}, and no node has answered for {now:.0f} s: what happened is not known"
    if accepted is None:
        return "interrupted: the step-down may have been sent; whether it was heard is not known"
    return f"interrupted {now:.1f} s after the 204: the step-down is under way and goes on; " + (
        f"last seen: {states}" if states else "nothing was seen yet"
    )
