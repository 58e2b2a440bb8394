"""One prepared server for all live tests of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.compare import Comparison
from tests.live.server import RealServer, ServerUnavailableError
from tests.live.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """The prepared server. Fails, and does not skip, where there is none: a comparison that did
    not run must not look like one that found nothing."""
    try:
        server = RealServer()
    except ServerUnavailableError as error:
        pytest.fail(str(error), pytrace=False)
    with server:
        prepared = World(server)
        prepared.prepare()
        yield prepared


@pytest.fixture
def comparison(world: World) -> Comparison:
    """A comparison with the engine in the server's dialect."""
    return Comparison(world)
