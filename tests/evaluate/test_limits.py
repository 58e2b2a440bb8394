"""Wrapping and pagination. Recorded on OpenBao 2.7.2 as `wrap-*` and `pagination-*`."""

from __future__ import annotations

from typing import Any

import pytest

from policy.evaluate.limits import pagination_refusal, wrapping_refusal
from policy.model import Conditions

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("minimum", "maximum", "asked", "words"),
    [
        (0, 0, None, None),
        (0, 0, 0, None),
        (-5, 0, None, None),
        (0, -5, 5, None),
        (10, 0, None, "the response must be wrapped for at least 10 s"),
        (0, 60, None, "the response must be wrapped for at most 60 s"),
        (10, 60, None, "the response must be wrapped for at least 10 s and at most 60 s"),
        (10, 60, 10, None),
        (10, 60, 60, None),
        (10, 60, 9.999, "the wrapping TTL must be at least 10 s and at most 60 s"),
        (10, 60, 60.001, "the wrapping TTL must be at least 10 s and at most 60 s"),
        (0, 60, 0, None),
        (0.5, 0, 0.5, None),
        (0.5, 0, 0.25, "the wrapping TTL must be at least 0.5 s"),
    ],
)
def test_wrapping(minimum: float, maximum: float, asked: float | None, words: str | None) -> None:
    conditions = Conditions(
        {},
        {},
        min_wrapping_ttl=int(minimum * SECOND),
        max_wrapping_ttl=int(maximum * SECOND),
    )
    assert wrapping_refusal(conditions, asked) == words


@pytest.mark.parametrize(("minimum", "maximum"), [(10, 5), (10, -5), (-5, -10)])
def test_contradicting_ttls_let_nothing_pass(minimum: int, maximum: int) -> None:
    conditions = Conditions({}, {}, min_wrapping_ttl=minimum, max_wrapping_ttl=maximum)
    for asked in (None, 0, 7, 1e9):
        assert "no request can pass" in str(wrapping_refusal(conditions, asked))


@pytest.mark.parametrize(
    ("limit", "passes"),
    [
        *(("1", True), ("5", True), ("+3", True), ("005", True), ("0", True), ("", True)),
        *(
            ("max", True),
            ("0" * 9999 + "5", True),
            ("6", False),
            ("-1", False),
            ("MAX", False),
            ("x", False),
            ("1.0", False),
        ),
        *((None, False), (5, True), (0, True), (6, False), (True, False), (False, False)),
        *((" 5", False), (["5"], False), ("9" * 9999, False), ("٣", False)),
    ],
)
def test_pagination(limit: Any, passes: bool) -> None:
    words = pagination_refusal(Conditions({}, {}, pagination_limit=5), {"limit": limit})
    assert words == (None if passes else "`limit` must be a number from 1 to 5")


@pytest.mark.parametrize("limit", [0, -5])
def test_without_a_positive_limit_nothing_is_checked(limit: int) -> None:
    conditions = Conditions({}, {}, ("limit",), pagination_limit=limit)
    for data in (None, {}, {"limit": "x"}):
        assert pagination_refusal(conditions, data) is None


def test_a_required_limit() -> None:
    conditions = Conditions({}, {}, ("other", "Limit"), pagination_limit=5)
    for data in (None, {}, {"Limit": "1"}):
        assert pagination_refusal(conditions, data) == "the parameter `limit` is required"
    assert pagination_refusal(conditions, {"limit": "1"}) is None
    assert pagination_refusal(Conditions({}, {}, ("other",), pagination_limit=5), {}) is None
