"""The formatter beside the real one, on texts that nobody has seen before."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from policy.errors import PolicyError
from policy.format import format_policy
from policy.source import Source
from tests.format.oracle import Oracle
from tests.format.test_recorded import NOW, OPENBAO, verdict
from tests.format.texts import texts
from tests.live.server import find_binary

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with TemporaryDirectory() as folder:
        yield Oracle(find_binary(), Path(folder))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts())
def test_the_same_bytes_once_and_again(oracle: Oracle, text: str) -> None:
    """The second answer shows that it moves on, or settles, exactly where the binary does."""
    current = text.encode()
    for _ in range(2):
        answer = oracle.ask(current)
        found = verdict(("drawn", current, answer.formatted, answer.error))
        assert found != "different"
        if found != "same" or answer.formatted is None:
            return
        current = answer.formatted


@pytest.mark.parametrize(
    "text",
    [
        '{"path": {"a": {"capabilities": ["read"]}}}',
        'path "a" {',
        'path "a" { capabilities = ["x"] }',
    ],
)
def test_what_the_binary_leaves_alone_is_left_alone(oracle: Oracle, text: str) -> None:
    answer = oracle.ask(text.encode())
    assert answer.formatted is None
    assert answer.error
    with pytest.raises(PolicyError):
        format_policy(Source.of(text), OPENBAO, NOW)
