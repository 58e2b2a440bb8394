"""The trace of a decision: every rule that matches, and at which step each lost."""

from __future__ import annotations

import pytest

from policy import Request
from policy.evaluate import RankingStep
from tests.evaluate.acls import OPENBAO, acl_of

CASES = [
    # operation, path, dialect, winner, losers with their steps
    ("read", "a/b", OPENBAO, "a/b", {"a/*": "exact", "a/+": "exact"}),
    ("read", "a/b", OPENBAO, "a/b*", {"a/+": "first-wildcard", "a/*": "first-wildcard"}),
    ("read", "a/b/c", OPENBAO, "a/+/c", {"a/+/*": "closed", "a/*": "closed"}),
    ("read", "a/b/c", OPENBAO, "a/*", {"a/+/*": "fewer-plus"}),
    ("read", "x/b/a", OPENBAO, "+/b*", {"+/+/a*": "fewer-plus"}),
    ("read", "x/a/ab", OPENBAO, "+/+/ab", {"+/a/+": "longer"}),
    ("read", "x/a/b", OPENBAO, "+/a/+", {"+/+/b": "larger"}),
    ("list", "a/b", OPENBAO, "a/b/", {"a/b": "lookup-order", "a/*": "exact"}),
    ("list", "a/b", OPENBAO, "a/*", {"a/+": "lookup-order"}),
    ("list", "a/b", OPENBAO, "a/b/*", {"a/+": "lookup-order"}),
    ("list", "a/b", "vault-1.21", "a/+", {"a/b/*": "lookup-order", "a/*": "closed"}),
    ("list", "a/b", "vault-1.11", "a/*", {}),
    ("list", "a/b/c", "vault-2.0", "+/b/c", {"a/+/c": "listing"}),
]


@pytest.mark.parametrize(("operation", "path", "dialect", "winner", "losers"), CASES)
def test_steps(
    operation: str, path: str, dialect: str, winner: str, losers: dict[str, str]
) -> None:
    grants = 'policy = "read"' if operation == "list" else ""
    text = f'path "{winner}" {{ {grants} }}'
    text += "".join(f' path "{pattern}" {{}}' for pattern in losers)
    acl = acl_of(text, dialect=dialect)
    decision = acl.decide(Request(operation, path))  # type: ignore[arg-type]  # words are welcome
    first, *others = decision.trace
    assert str(first.grant.pattern) == winner
    assert first.lost_by is None
    assert first.grant is decision.grant
    assert {str(c.grant.pattern): c.lost_by for c in others} == losers


def test_every_step_is_taken_and_has_words() -> None:
    taken = {step for case in CASES for step in case[4].values()}
    assert set(RankingStep) <= taken
    assert len({step.words for step in RankingStep}) == len(RankingStep)


def test_without_a_winner_there_is_no_trace() -> None:
    assert acl_of("").decide(Request("read", "a")).trace == ()  # type: ignore[arg-type]


def test_each_pattern_stands_once() -> None:
    acl = acl_of('path "a/*" { policy = "read" } path "*" {}', dialect="vault-2.0")
    decision = acl.decide(Request("list", "a/b"))  # type: ignore[arg-type]
    assert [str(c.grant.pattern) for c in decision.trace] == ["a/*", "*"]
    assert [c.form for c in decision.trace] == ["a/b/", "a/b/"]
