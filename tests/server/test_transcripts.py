"""Every recorded scenario, played to the mock: each probe gets the answer the real server gave."""

from __future__ import annotations

from collections import Counter

import pytest

from policy.testing.server import Response
from tests.server.matching import differences
from tests.server.replay import Outcome, Scenario, load, play

SCENARIOS = load()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_is_answered_as_it_was_recorded(scenario: Scenario) -> None:
    outcome = play(scenario)
    assert outcome.failures == []


# What these tell is true of one node alone: they list the nodes, or ask while nobody is active.
_OF_ONE_NODE = {
    "clients_cli/status",
    "clients_cli/step_down",
    "clients_hvac/hvac_step_down",
    "status/ha_status",
    "step_down_gap/requests_in_the_gap",
    "step_down_timeline/one_node",
}


@pytest.mark.parametrize(
    "scenario",
    [s for s in SCENARIOS if s.topology == "raft-1" and s.name not in _OF_ONE_NODE],
    ids=lambda scenario: scenario.name,
)
def test_what_one_node_said_holds_on_three(scenario: Scenario) -> None:
    assert play(scenario, "raft-3").failures == []


@pytest.mark.parametrize(
    "scenario",
    [
        s
        for s in SCENARIOS
        if s.topology == "raft-3"
        and all(
            line["kind"] != "timeline" and line.get("node", "active") == "active"
            for line in s.lines
        )
    ],
    ids=lambda scenario: scenario.name,
)
def test_what_three_nodes_said_holds_on_one(scenario: Scenario) -> None:
    assert play(scenario, "raft-1").failures == []


def test_the_transcripts_are_all_there() -> None:
    probes = Counter[str]()
    for scenario in SCENARIOS:
        probes[scenario.topology] += sum(line.get("phase") == "probe" for line in scenario.lines)
    assert probes == {"raft-1": 543, "raft-3": 261, "dev": 23, "uninit": 24}


def test_a_wrong_answer_is_seen() -> None:
    """The replay can fail: in status, header, body, effect and in what is not there."""
    scenario = next(s for s in SCENARIOS if s.name == "step_down_caps/deny_overrides")
    changed = [
        {**line, "effect": "stepped-down"} if line.get("effect") == "none" else line
        for line in scenario.lines
    ]
    outcome: Outcome = play(Scenario(scenario.name, scenario.topology, changed))
    assert any("effect" in text for text in outcome.failures)
    expected = {"status": 200, "headers": {"A": "<uuid>"}, "json": {"x": "<int~5>", "y": ["z"]}}
    for answer in (
        Response(201, {"A": "0f8fad5b-d9cb-469f-a165-70867728950e"}, b'{"x":5,"y":["z"]}\n'),
        Response(200, {"A": "no"}, b'{"x":5,"y":["z"]}\n'),
        Response(200, {}, b'{"x":5,"y":["z"]}\n'),
        Response(200, {"A": "0f8fad5b-d9cb-469f-a165-70867728950e"}, b'{"x":50,"y":["z"]}\n'),
        Response(200, {"A": "0f8fad5b-d9cb-469f-a165-70867728950e"}, b'{"x":5,"y":["z","q"]}\n'),
        Response(200, {"A": "0f8fad5b-d9cb-469f-a165-70867728950e"}, b'{"x":5}\n'),
        Response(200, {"A": "0f8fad5b-d9cb-469f-a165-70867728950e"}, b'{"x":5,"y":["z"]}'),
    ):
        assert differences(expected, answer, {}), answer
