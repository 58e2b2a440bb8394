"""An ACL never changes: many threads may ask one at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from tests.properties import strategies as plain
from tests.properties import worlds
from tests.properties.engine import acl_of, answers
from tests.properties.profiles import examples
from tests.properties.worlds import World
from tests.reference.data import DIALECTS


@examples(15)
@given(worlds.pattern_worlds(), st.sampled_from(DIALECTS))
def test_all_threads_get_the_same_answers(world: World, dialect: str) -> None:
    patterns = [rule.path for policy in world.policies.values() for rule in policy.rules]
    requests = worlds.operations_on(
        plain.paths_near(patterns, ["a"], 20), operations=("read", "list", "delete")
    )
    expected = answers(acl_of(world, dialect), requests)
    fresh = acl_of(world, dialect)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: answers(fresh, requests), range(16)))
    assert found == [expected] * 16
