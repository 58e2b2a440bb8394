"""The HCL and the JSON form of one policy mean the same, wherever JSON can say it at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import policy
from policy.source import Span
from tests.properties import worlds
from tests.properties.profiles import examples
from tests.properties.worlds import NOW, World
from tests.reference.data import DIALECTS
from tests.reference.printing import as_json_says, fits_json, to_hcl, to_json


def rules_of(text: str, dialect: str) -> tuple[policy.Rule, ...] | None:
    """The rules without their places, or None for a text that is refused."""
    try:
        read = policy.parse(text, "p", dialect=dialect, now=NOW)
    except policy.InvalidPolicyError:
        return None
    return tuple(rule._replace(span=Span(0, 0)) for rule in read.rules)


@examples(200)
@given(
    st.one_of(
        worlds.pattern_worlds(), worlds.condition_worlds(openbao=True), worlds.template_worlds()
    ),
    st.sampled_from(DIALECTS),
)
def test_they_give_equal_rules(world: World, dialect: str) -> None:
    for data in world.policies.values():
        if not fits_json(data.rules):
            continue
        meant = as_json_says(data.rules)
        expected = rules_of(to_hcl(meant), dialect)
        assert rules_of(to_hcl(meant, equals=False), dialect) == expected
        assert rules_of(to_json(data.rules), dialect) == expected
        assert rules_of(to_json(data.rules, paths_in_list=True), dialect) == expected
