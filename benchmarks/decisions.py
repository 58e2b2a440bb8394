"""How fast a request is decided, and how that grows with the number of rules."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import policy
from benchmarks.measure import (
    affordable,
    alternate,
    cpu_seconds,
    seconds_per_question,
    wall_seconds_per_question,
)
from benchmarks.peers.casbin import Casbin
from benchmarks.peers.cedar import Cedar, cedar_text
from benchmarks.peers.server import (
    PATHS_PER_REQUEST,
    RealServer,
    Seat,
    ServerUnavailableError,
)
from benchmarks.results import (
    Answers,
    Skipped,
    Unit,
    WrongAnswerError,
    compare,
    cost_row,
    faster_row,
)
from benchmarks.scan import FirstMatchScan, FullScan
from benchmarks.workloads import DIALECT, make_rules, plain_text, questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Contest, Effort
    from benchmarks.results import Row
    from benchmarks.workloads import Question, RuleSpec

__all__ = ["batch", "casbin", "cedar", "growth", "reasons", "scan", "server"]

_CHECK_ROUND = 1_000_000
"""The number of a round that is never timed: its questions are for comparing answers."""
_POLICY = "bench"
_Asked = TypeVar("_Asked")


class _Ready(NamedTuple):
    rules: list[RuleSpec]
    acl: policy.ACL


@cache
def _ready(count: int) -> _Ready:
    rules = make_rules(count)
    parsed = policy.parse(plain_text(rules), _POLICY, dialect=DIALECT)
    token = policy.Token([_POLICY, "default"])
    return _Ready(rules, policy.PolicySet([parsed], DIALECT).acl(token))


def scan(effort: Effort) -> Iterator[Row]:
    """Against looking at every rule."""
    for count in (10, 100, 1_000, 10_000):
        ready = _ready(count)
        for name, kind, words in (
            ("scan", FullScan, "a scan of all rules"),
            ("first-match", FirstMatchScan, "a scan of sorted rules, up to the first match"),
        ):
            ask = kind(ready.rules).allows
            yield _against(f"{name}/{count}", words, ready, ask, effort, must_agree=True)


def growth(effort: Effort) -> Iterator[Row]:
    """A decision among 100,000 rules, in decisions among 10."""
    few, many = _ready(10), _ready(100_000)

    def timed(ready: _Ready) -> Callable[[int], float]:
        return lambda number: seconds_per_question(
            ready.acl.allows, questions(ready.rules, effort.questions, number)
        )

    # A scan of so many rules takes its time, so only a few answers are compared.
    answers = compare(
        many.acl.allows,
        FullScan(many.rules).allows,
        questions(many.rules, max(20, effort.questions // 400), _CHECK_ROUND),
        must_agree=True,
    )
    contest = alternate(effort.rounds, timed(many), timed(few))
    title = "a decision among 100,000 rules, in those among 10"
    yield cost_row("growth/100000", title, contest, Unit.DECISION, answers)


def cedar(effort: Effort) -> Iterator[Row]:
    """Against cedarpy."""
    for count in (10, 1_000, 10_000):
        ready = _ready(count)
        ask = Cedar(cedar_text(ready.rules)).allows
        yield _against(f"cedar/{count}", "cedarpy", ready, ask, effort, must_agree=False)


def casbin(effort: Effort) -> Iterator[Row]:
    """Against pycasbin."""
    for count in (10, 1_000, 10_000):
        ready = _ready(count)
        ask = Casbin(ready.rules).allows
        yield _against(f"casbin/{count}", "pycasbin", ready, ask, effort, must_agree=False)


def _against(
    name: str,
    peer: str,
    ready: _Ready,
    ask: Callable[[str, str], bool],
    effort: Effort,
    *,
    must_agree: bool,
) -> Row:
    """Time `allows` against another decider of the same rules."""
    count = len(ready.rules)
    check = questions(ready.rules, effort.questions, _CHECK_ROUND)
    share = affordable(ask, check, effort.seconds)
    answers = compare(ready.acl.allows, ask, check[: share * 10], must_agree=must_agree)

    def ours(number: int) -> float:
        return seconds_per_question(
            ready.acl.allows, questions(ready.rules, effort.questions, number)
        )

    def theirs(number: int) -> float:
        return seconds_per_question(ask, questions(ready.rules, share, number))

    contest = alternate(effort.rounds, ours, theirs)
    return faster_row(name, f"{peer}, {count:,} rules", contest, Unit.DECISION, answers)


def server(effort: Effort) -> Iterator[Row | Skipped]:
    """Against asking a real OpenBao server."""
    try:
        with RealServer() as running:
            for count in (10, 1_000, 10_000):
                ready = _ready(count)
                seat = Seat(running, f"{_POLICY}-{count}", plain_text(ready.rules))
                answers = _same_capabilities(ready, seat, 2_000 if count <= 1_000 else 200)
                for name, paths, words in (
                    ("server", 1, "`sys/capabilities-self` of a real server"),
                    (
                        "server-many",
                        PATHS_PER_REQUEST,
                        f"the same, {PATHS_PER_REQUEST} paths a request",
                    ),
                ):
                    contest = _against_server(ready, seat, paths, effort)
                    title = f"{words}, {count:,} rules"
                    yield faster_row(f"{name}/{count}", title, contest, Unit.DECISION, answers)
    except ServerUnavailableError as error:
        yield Skipped("server", str(error).splitlines()[0])


def _same_capabilities(ready: _Ready, seat: Seat, count: int) -> Answers:
    asked = questions(ready.rules, count, _CHECK_ROUND)
    told: dict[str, list[str]] = {}
    for start in range(0, count, PATHS_PER_REQUEST):
        told.update(seat.capabilities([p for _, p in asked[start : start + PATHS_PER_REQUEST]]))
    return compare(
        lambda _, path: ready.acl.capabilities(path),
        lambda _, path: told[path],
        asked,
        must_agree=True,
    )


def _against_server(ready: _Ready, seat: Seat, paths: int, effort: Effort) -> Contest:
    """Time `allows` against requests to the server that hold so many paths each."""

    def ask(_operation: str, joined: str) -> object:
        return seat.capabilities(joined.split(" "))

    def requests(count: int, number: int) -> list[Question]:
        asked = [path for _, path in questions(ready.rules, count * paths, number)]
        return [("", " ".join(asked[at : at + paths])) for at in range(0, len(asked), paths)]

    share = affordable(ask, requests(500, _CHECK_ROUND), effort.seconds)

    def ours(number: int) -> float:
        asked = questions(ready.rules, effort.questions, number)
        return wall_seconds_per_question(ready.acl.allows, asked, at_once=100)

    def theirs(number: int) -> float:
        return wall_seconds_per_question(ask, requests(share, number), at_once=1) / paths

    return alternate(effort.rounds, ours, theirs)


def reasons(effort: Effort) -> Iterator[Row]:
    """`decide` with everything a decision can tell, against `allows`."""
    ready = _ready(1_000)
    acl = ready.acl

    def decide(operation: str, path: str) -> bool:
        decision = acl.decide(policy.Request(policy.Operation(operation), path))
        told = decision.reason, decision.rule, decision.granted_by, decision.missing, decision.trace
        return decision.outcome is policy.Outcome.ALLOW and told is not None

    def timed(ask: Callable[[str, str], bool]) -> Callable[[int], float]:
        return lambda number: seconds_per_question(
            ask, questions(ready.rules, effort.questions, number)
        )

    check = questions(ready.rules, effort.questions, _CHECK_ROUND)
    answers = compare(decide, acl.allows, check, must_agree=True)
    contest = alternate(effort.rounds, timed(decide), timed(acl.allows))
    title = "`decide` with reasons and trace, in calls of `allows`, 1,000 rules"
    yield cost_row("reasons/1000", title, contest, Unit.DECISION, answers)


def batch(effort: Effort) -> Iterator[Row | Skipped]:
    """Very many requests with many repeats, all at once, against a loop."""
    ready = _ready(1_000)
    acl = ready.acl
    allows_many = getattr(acl, "allows_many", None)
    if allows_many is None:
        yield Skipped("batch/allows", "there is no `ACL.allows_many` yet")
    else:
        yield _batch_row(
            "batch/allows",
            "1,000,000 requests with repeats in `allows_many`, in calls of `allows`",
            lambda: _repeating(ready.rules, 1_000_000),
            lambda asked: list(allows_many(asked)),
            lambda asked: [acl.allows(operation, path) for operation, path in asked],
            effort,
        )
    decide_many = getattr(acl, "decide_many", None)
    if decide_many is None:
        yield Skipped("batch/decide", "there is no `ACL.decide_many` yet")
    else:
        yield _batch_row(
            "batch/decide",
            "200,000 requests with repeats in `decide_many`, in calls of `decide`",
            lambda: _repeating_requests(ready.rules, 200_000),
            lambda asked: [decision.outcome for decision in decide_many(asked)],
            lambda asked: [acl.decide(request).outcome for request in asked],
            effort,
        )


def _batch_row(
    name: str,
    title: str,
    fresh: Callable[[], list[_Asked]],
    together: Callable[[list[_Asked]], list[object]],
    one_by_one: Callable[[list[_Asked]], list[object]],
    effort: Effort,
) -> Row:
    asked = fresh()
    if together(asked) != one_by_one(asked):
        raise WrongAnswerError(f"{name}: many at once and one by one differ")
    count = len(asked)

    def timed(ask: Callable[[list[_Asked]], list[object]]) -> Callable[[int], float]:
        def seconds(_round: int) -> float:
            requests = fresh()
            return cpu_seconds(lambda: ask(requests)) / count

        return seconds

    contest = alternate(min(effort.rounds, 5), timed(together), timed(one_by_one))
    return cost_row(name, title, contest, Unit.DECISION, Answers(count))


def _repeating(rules: list[RuleSpec], count: int) -> list[Question]:
    """Requests as a log has them: few are asked all the time, many now and then. Equal paths are
    different strings, as they are when they were read from a file."""
    pool = questions(rules, 20_000, 0)
    weights = [1 / (place + 10) for place in range(len(pool))]
    random = Random("repeats")  # noqa: S311  # varied and repeatable; guards no secret
    return [
        (operation, path[:1] + path[1:])
        for operation, path in random.choices(pool, weights, k=count)
    ]


def _repeating_requests(rules: list[RuleSpec], count: int) -> list[policy.Request]:
    return [
        policy.Request(policy.Operation(operation), path)
        for operation, path in _repeating(rules, count)
    ]
