"""The fast way for plain policies gives the rules, places and findings of the full way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.lower import compile_policy
from policy.model import DIALECTS as DIALECT_VALUES
from policy.source import Source
from tests.properties import texts
from tests.properties.profiles import examples
from tests.properties.worlds import NOW
from tests.reference.data import DIALECTS


@examples(800)
@given(
    st.one_of(texts.blocks(), texts.blocks(), texts.mutated(texts.blocks()), texts.texts()),
    st.sampled_from(DIALECTS),
)
def test_on_any_text(text: str, dialect: str) -> None:
    source = Source.of(text)
    fast = compile_policy(source, "p", DIALECT_VALUES[dialect], NOW)
    full = compile_policy(source, "p", DIALECT_VALUES[dialect], NOW, fast=False)
    assert fast == full
