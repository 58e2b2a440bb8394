"""The engine and a real OpenBao server give the same answers to what hypothesis draws."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings

from policy.model import STEP_DOWN
from policy.testing import damage, random_soup
from tests.live.cases import Case, cases, random_field, step_down_cases, texts, with_requests
from tests.live.compare import Comparison
from tests.live.dense import dense_case
from tests.live.recorded import recorded_texts
from tests.live.server import RealServer
from tests.live.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.live

# The same examples in every run: what is new is looked for by `tests.live.soak`.
_live = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
)


@settings(_live, max_examples=1500)
@given(text=texts(recorded_texts()))
def test_texts(comparison: Comparison, text: str) -> None:
    """Texts are accepted or refused alike, and mean the same: rules and capabilities."""
    comparison.check(text)


@pytest.mark.parametrize("number", range(4))
def test_damaged_and_random_texts(comparison: Comparison, number: int) -> None:
    """The same for many more texts, which are cheap to make."""
    dice = Random(number)
    known = recorded_texts()
    for _ in range(600):
        comparison.check(damage(dice.choice(known), dice))
        comparison.check(random_soup(dice))
        comparison.check(random_field(dice, dice.choice(known)))
    assert comparison.tally["compared acceptance"] == 1200
    assert comparison.tally["accepted texts"] > 50


@pytest.mark.parametrize("number", range(2))
def test_dense_cases(comparison: Comparison, number: int) -> None:
    """Rules that differ in little, on the same paths."""
    dice = Random(number)
    for _ in range(250):
        comparison.check(dense_case(dice))
    assert comparison.tally["compared requests"] > 5000


@settings(_live, max_examples=300)
@given(case=cases())
def test_cases(comparison: Comparison, case: Case) -> None:
    """Capabilities and verdicts over policies, identities, namespaces, parameters and wrapping."""
    dice = Random(crc32(repr(case).encode("utf-8", "surrogatepass")))
    comparison.check(with_requests(case, dice, 40))


@pytest.fixture(scope="module")
def leader() -> Iterator[World]:
    """A server of its own that has leadership to lose."""
    with RealServer(ha=True) as server:
        prepared = World(server)
        prepared.prepare()
        yield prepared


@settings(_live, max_examples=150)
@given(case=step_down_cases())
def test_step_down_is_denied_alike(leader: World, case: Case) -> None:
    """Whoever the engine says may not step down is denied by the server, and stays the leader."""
    Comparison(leader).check(case)


@pytest.mark.parametrize(
    "policy",
    [
        'path "sys/step-down" { capabilities = ["update", "sudo"] }',
        'path "sys/step-down" { policy = "deny" expiration = 1 }\npath "+/*" { policy = "sudo" }',
    ],
)
def test_step_down_is_granted_alike(leader: World, policy: str) -> None:
    """Whoever the engine says may step down really makes the server give up its leadership."""
    comparison = Comparison(leader)
    comparison.step_downs = 1
    comparison.check(Case("plain", {"p1": policy}, (STEP_DOWN,), {}))
    assert comparison.tally["step-downs"] == 1
