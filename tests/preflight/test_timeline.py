"""What sightings amount to, without a server and without waiting."""

from __future__ import annotations

import pytest

from policy.preflight.timeline import Ending, Seen, Sighting, Timeline

OLD, NEW = "http://a:1", "http://b:1"
ACTIVE, STANDBY, GONE = Seen.ACTIVE, Seen.STANDBY, Seen.GONE


def told(*sightings: Sighting, term: str = "t1", leader: str = OLD) -> Timeline:
    timeline = Timeline(leader, frozenset({OLD}), term)
    for sighting in sightings:
        timeline.add(sighting)
    return timeline


def test_another_node() -> None:
    timeline = told(
        Sighting(0.01, OLD, STANDBY),
        Sighting(0.02, NEW, STANDBY),
        Sighting(0.55, NEW, ACTIVE, NEW, "t2"),
    )
    assert timeline.ending(0.6, 60) is Ending.CHANGED
    assert (timeline.active, timeline.gap_seconds) == (NEW, 0.55)


def test_not_yet() -> None:
    timeline = told(Sighting(0.01, OLD, STANDBY), Sighting(5.0, NEW, STANDBY))
    assert timeline.ending(5.0, 60) is None
    assert timeline.ending(60.0, 60) is Ending.NOBODY_YET


def test_the_same_node_again() -> None:
    timeline = told(Sighting(0.01, OLD, STANDBY), Sighting(10.5, OLD, ACTIVE, OLD, "t2"))
    assert timeline.ending(10.6, 60) is Ending.SAME_NODE
    assert timeline.gap_seconds == 10.5


def test_the_same_node_again_although_nobody_saw_the_gap() -> None:
    timeline = told(Sighting(0.01, OLD, ACTIVE, OLD, "t1"), Sighting(10.5, OLD, ACTIVE, OLD, "t2"))
    assert timeline.ending(10.6, 60) is Ending.SAME_NODE


@pytest.mark.parametrize("term", ["t1", ""])
def test_nothing_happened(term: str) -> None:
    looks = [Sighting(at / 10, OLD, ACTIVE, OLD if term else "", term) for at in range(30)]
    timeline = told(*looks, term=term)
    assert timeline.ending(2.9, 60) is None, "a slow node has a while"
    assert timeline.ending(3.0, 60) is Ending.NOTHING_HAPPENED
    assert timeline.gap_seconds is None


def test_the_old_term_is_still_seen_right_after_the_answer() -> None:
    timeline = told(Sighting(0.0, OLD, ACTIVE, OLD, "t1"))
    assert timeline.ending(0.1, 60) is None
    timeline.add(Sighting(0.05, OLD, STANDBY))
    assert timeline.ending(5.0, 60) is None


def test_an_answer_that_fails_once_is_no_step_down() -> None:
    timeline = told(Sighting(0.1, OLD, GONE), Sighting(0.2, OLD, ACTIVE, OLD, "t1"))
    assert timeline.ending(1.0, 60) is None
    assert timeline.ending(3.5, 60) is Ending.NOTHING_HAPPENED


def test_a_load_balancer_leads_to_another_node() -> None:
    timeline = Timeline(OLD, frozenset({OLD, "http://lb:1"}), "t1")
    timeline.add(Sighting(0.6, "http://lb:1", ACTIVE, NEW, "t2"))
    assert timeline.ending(0.7, 60) is Ending.CHANGED
    assert timeline.active == NEW


def test_nobody_answers() -> None:
    timeline = told(Sighting(1.0, OLD, GONE), Sighting(1.0, NEW, GONE))
    assert timeline.ending(30.0, 60) is None
    assert timeline.ending(60.0, 60) is Ending.NOT_SEEN
    assert told().ending(60.0, 60) is Ending.NOT_SEEN


def test_only_news_are_told() -> None:
    timeline = told()
    assert timeline.add(Sighting(0.01, OLD, STANDBY)) == "   0.01 s  `http://a:1`: standby"
    assert timeline.add(Sighting(0.06, OLD, STANDBY)) is None
    assert timeline.add(Sighting(0.12, OLD, GONE)) == "   0.12 s  `http://a:1`: no answer"
