"""Random sequences of requests: the mock answers as a real server does.

The same ones in every run of CI, others elsewhere; for long, `python -m tests.server.sequences`.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.server.sequences.compare import Answer, Pairing
from tests.server.sequences.grammar import TOPICS, sequence
from tests.server.sequences.play import Difference, SpoiledError, play, shortened
from tests.server.sequences.servers import dev_server, raft_server
from tests.server.sequences.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.server.sequences.servers import Running

_SEED = 20_261_124


def _first_seed() -> int:
    return _SEED if "CI" in os.environ else random.randrange(10**9)


def _play(begin: Callable[[], AbstractContextManager[Running]], count: int) -> None:
    """Play so many sequences. A server that is spoiled is replaced."""
    seeds: Iterator[int] = iter(range(first := _first_seed(), first + count))
    is_over = False
    while not is_over:
        with begin() as server:
            try:
                for seed in seeds:
                    found = play(server, sequence(random.Random(seed)))
                    if found is not None:
                        pytest.fail(f"seed {seed}\n{shortened(server, found)}", pytrace=False)
                is_over = True
            except SpoiledError:
                continue


@pytest.mark.live
@pytest.mark.slow
def test_a_development_server_and_the_mock_say_the_same() -> None:
    _play(dev_server, 100)


@pytest.mark.live
@pytest.mark.slow
def test_a_raft_node_and_the_mock_say_the_same() -> None:
    _play(raft_server, 15)


# The comparison itself


def _answer(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, body.encode())


ID = "00000000-0000-4000-8000-00000000000{}"


def test_identifiers_have_to_stand_at_the_same_places() -> None:
    one, two, three = (ID.format(n) for n in range(3))
    pairing = Pairing()
    assert not pairing.unlike(_answer(f'{{"id":"{one}"}}'), _answer(f'{{"id":"{two}"}}'))
    assert not pairing.unlike(_answer(f'{{"of":"{one}"}}'), _answer(f'{{"of":"{two}"}}'))
    assert pairing.unlike(_answer(f'{{"of":"{one}"}}'), _answer(f'{{"of":"{three}"}}'))
    assert pairing.unlike(_answer(f'{{"of":"{three}"}}'), _answer(f'{{"of":"{two}"}}'))


@pytest.mark.parametrize(
    ("real", "mock"),
    [
        ('{"a":1}', '{"a":2}'),
        ('{"a":1}', '{"a":true}'),
        ('{"a":1}', '{"a":1,"b":null}'),
        ('{"a":null,"b":1}', '{"a":null}'),
        ('{"a":[1,2]}', '{"a":[2,1]}'),
        ('{"a":["x"]}', '{"a":["x","x"]}'),
        ('{"a":"x"}', '{"a":"y"}'),
        ('{"ttl":60}', '{"ttl":70}'),
        ('{"a":"2026-01-01T00:00:00Z"}', '{"a":"2026-01-01T00:00:09Z"}'),
        ("{}", "{}\n"),
        ("", "{}"),
        ('{"errors":[]}', '{"errors":["no"]}'),
    ],
)
def test_what_differs_is_seen(real: str, mock: str) -> None:
    assert Pairing().unlike(_answer(real), _answer(mock))


def test_status_and_headers_are_compared() -> None:
    assert Pairing().unlike(_answer("", 204), _answer("", 200))
    assert Pairing().unlike(_answer("", Location="/v1/a"), _answer("", Location="/v1/b"))
    assert not Pairing().unlike(_answer("", Date="x"), _answer("", Date="y"))


def test_what_is_made_up_may_differ() -> None:
    real = '{"request_id":"a","ttl":60,"time":"2026-01-01T00:00:00.5Z"}'
    mock = '{"request_id":"b","ttl":59,"time":"2026-01-01T00:00:01Z"}'
    assert not Pairing().unlike(_answer(real), _answer(mock))


def test_a_limit_may_be_missed_by_a_second() -> None:
    capped = '{{"warnings":["TTL of \\"9h\\" exceeded the effective max_ttl of \\"{}\\"; …"]}}'
    none = _answer('{"warnings":null}')
    assert not Pairing().unlike(_answer(capped.format("8h59m59s")), none)
    assert Pairing().unlike(_answer(capped.format("7h59m59s")), none)
    assert Pairing().unlike(_answer('{"warnings":["x"]}'), none)


def test_sequences_are_the_same_for_a_seed_and_reach_every_topic() -> None:
    assert sequence(random.Random(1)) == sequence(random.Random(1))
    for topic in TOPICS:
        steps = [s for seed in range(20) for s in sequence(random.Random(seed), [topic])]
        assert len({step.target for step in steps}) > 5


def test_a_difference_shows_what_was_asked() -> None:
    step = Step(1, "PUT", "/v1/sys/step-down", {"a": 1}, token="", headers={"X-A": "b"})
    shown = str(Difference([step], 0, ["status: 1"]))
    assert 'PUT /v1/sys/step-down  {"a":1}  as nobody  X-A: b' in shown
    assert "status: 1" in shown
