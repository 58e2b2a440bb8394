"""Many questions at once, and from many threads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

import policy.evaluate.acl
from policy import ACL, Operation, Request
from tests.evaluate.acls import acl_of

TEXT = """
path "a/*" { policy = "read" }
path "a/+/c" { policy = "write" }
path "a/b" { policy = "deny" }
path "p" { policy = "write" required_parameters = ["k"] }
"""
PATHS = ["a", "a/b", "a/x", "a/x/c", "p", "sys/health", "a//b", "é", "/a/x", "kv", "a/", "/a/"]


def questions() -> list[tuple[str, str]]:
    return [(operation, path) for operation in Operation for path in PATHS]


def test_allows_many() -> None:
    acl = acl_of(TEXT)
    asked = questions() * 3
    assert list(acl.allows_many(asked)) == [acl.allows(*question) for question in asked]


def test_decide_many() -> None:
    acl = acl_of(TEXT)
    asked = [Request(Operation(operation), path) for operation, path in questions()]
    asked += [Request(Operation.UPDATE, "p", data={"k": 1}), Request(Operation.UPDATE, "p")]
    asked += [Request(Operation.READ, "a/x", wrap_ttl_seconds=5)]
    decisions = list(acl.decide_many(asked * 2))
    for request, decision in zip(asked * 2, decisions, strict=True):
        alone = acl.decide(request)
        assert (decision.outcome, decision.reason) == (alone.outcome, alone.reason)
        assert decision.request == request
    # Equal requests share a decision, those with parameters do not.
    half = len(asked)
    assert decisions[0] is decisions[half]
    assert decisions[half - 1] is not decisions[-1]


@pytest.mark.parametrize("method", ["allows_many", "decide_many"])
def test_batches_are_lazy(method: str) -> None:
    acl = acl_of(TEXT)

    def endless() -> Iterator[tuple[str, str] | Request]:
        while True:
            yield ("read", "a/x") if method == "allows_many" else Request(Operation.READ, "a/x")

    assert len(list(islice(getattr(acl, method)(endless()), 10))) == 10


def test_memory_of_a_batch_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy.evaluate.acl, "BATCH_MEMORY", 100)
    acl = acl_of(TEXT)
    asked = [("read", f"a/{number}") for number in range(250)] * 2
    assert all(acl.allows_many(asked))
    decided = list(acl.decide_many(Request(Operation.READ, path) for _, path in asked))
    assert all(decision.allowed for decision in decided)
    # The first of them is long forgotten when it is asked for again.
    assert decided[0] is not decided[250]


def test_many_answers_need_no_memory() -> None:
    acl = acl_of(TEXT)
    tracemalloc.start()
    try:
        for _ in acl.allows_many(("read", f"a/{number}") for number in range(80_000)):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def test_threads_share_an_acl_while_another_is_put_in_its_place() -> None:
    """Each answer belongs to the one ACL or the other, never to something in between."""
    acls = [acl_of(TEXT), acl_of('path "a/*" { policy = "deny" } path "a/b" { policy = "read" }')]
    expected = [[acl.allows(*question) for question in questions()] for acl in acls]
    assert expected[0] != expected[1]
    shared: list[ACL] = [acls[0]]

    def ask(number: int) -> list[bool]:
        if number % 4 == 0:
            shared[0] = acls[number // 4 % 2]
        acl = shared[0]
        answers = [acl.allows(*question) for question in questions()]
        assert [acl.decide(Request(Operation(o), p)).allowed for o, p in questions()] == answers
        return answers

    with ThreadPoolExecutor(8) as threads:
        assert all(answers in expected for answers in threads.map(ask, range(64)))
