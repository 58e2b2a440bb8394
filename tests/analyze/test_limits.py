"""Hostile patterns end in a clear error, and soon."""

from __future__ import annotations

import time

import pytest

import policy
from policy.analyze import AnalysisLimitError, Partition, PathSet, difference, reach
from policy.analyze.limits import MAX_SEGMENTS
from policy.model import Operation
from tests.analyze.worlds import NOW


def acl(text: str) -> policy.ACL:
    return policy.PolicySet([policy.parse(text, "p")]).acl(policy.Token(["p"]), now=NOW)


def test_a_pattern_of_very_many_segments_is_refused() -> None:
    text = f'path "{"a/" * 5000}b" {{ capabilities = ["read"] }}'
    with pytest.raises(AnalysisLimitError, match="5001 segments"):
        Partition(acl(text)).allowed(Operation.READ)
    with pytest.raises(AnalysisLimitError, match="segments"):
        PathSet.matching("a/" * 5000)


def test_patterns_that_multiply_are_refused_in_time() -> None:
    rules = [
        f'path "{"+/" * i}a{"/+" * (40 - i)}/x{i}" {{ capabilities = ["read"] }}' for i in range(40)
    ]
    started = time.monotonic()
    with pytest.raises(AnalysisLimitError, match="too many sets of paths"):
        Partition(acl("\n".join(rules))).allowed(Operation.READ)
    assert time.monotonic() - started < 120


def test_the_longest_patterns_are_within_the_limit() -> None:
    """Also when they are described, which goes as deep as they do."""
    deep = "/".join(["a"] * (MAX_SEGMENTS - 1))
    text = (
        f'path "{deep}/*" {{ capabilities = ["read", "list"] }}\n'
        f'path "+/{deep}" {{ capabilities = ["update"] }}\n'
        f'path "{deep}/b" {{ capabilities = ["deny"] }}\n'
        f'path "{deep.replace("a", "+")}/c*" {{ capabilities = ["delete"] }}\n'
    )
    rows = reach(acl(text))
    assert rows
    for row in rows:
        assert str(row.paths.describe())
    assert difference(acl(text), acl(""))


def test_many_patterns_that_do_not_multiply_are_fine() -> None:
    rules = [f'path "s/+/t{i % 50}/a{i}" {{ capabilities = ["read"] }}' for i in range(1000)]
    rules += [f'path "s/u{i % 20}/+/b{i}*" {{ capabilities = ["list"] }}' for i in range(1000)]
    allowed = Partition(acl("\n".join(rules))).allowed(Operation.READ)
    assert "s/any/t7/a7" in allowed
    assert "s/any/t7/a8" not in allowed
