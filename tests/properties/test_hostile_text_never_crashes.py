"""Whatever the text, a policy is compiled or refused: nothing else is raised, and soon enough."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import policy
from policy.lower import compile_policy
from policy.model import DIALECTS as DIALECT_VALUES
from policy.source import Source
from tests.properties import texts
from tests.properties.profiles import examples
from tests.properties.worlds import NOW
from tests.reference.data import DIALECTS

MOST_SECONDS = 2.0
"""Far more than any of these texts of a few kilobytes needs."""


def hostile() -> SearchStrategy[str | bytes]:
    mutated = texts.mutated(texts.printed())
    return st.one_of(
        texts.texts(),
        st.binary(max_size=200),
        mutated.map(lambda text: text.encode("utf-16", "surrogatepass")),
        mutated.map(lambda text: text.encode("utf-8", "surrogatepass")[:-1] + b"\xff"),
    )


@examples(600)
@given(hostile(), st.sampled_from(DIALECTS))
def test_any_text(text: str | bytes, dialect: str) -> None:
    start = time.process_time()
    try:
        policy.parse(text, dialect=dialect, now=NOW)
    except policy.PolicyError as error:
        # What a person will see must not fail either.
        message = str(error)
    else:
        message = "accepted"
    assert message
    assert time.process_time() - start < MOST_SECONDS


@examples(150)
@given(hostile(), st.sampled_from(DIALECTS))
def test_compile_never_raises_for_what_a_text_says(text: str | bytes, dialect: str) -> None:
    compiled = compile_policy(Source.of(text), "p", DIALECT_VALUES[dialect], NOW)
    refused = compiled.policy is None
    assert refused == any(d.severity == "error" for d in compiled.diagnostics)
    for diagnostic in compiled.diagnostics:
        assert diagnostic.render()


@examples(60)
@given(st.sampled_from(texts.PIECES), st.integers(1, 3000), st.sampled_from(DIALECTS))
def test_one_piece_many_times(piece: str, times: int, dialect: str) -> None:
    start = time.process_time()
    compile_policy(Source.of(piece * times), "p", DIALECT_VALUES[dialect], NOW)
    assert time.process_time() - start < MOST_SECONDS
