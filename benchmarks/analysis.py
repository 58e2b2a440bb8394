"""Questions over all paths, as a part of the time that loading the same policies takes.

Both sides start from files: `policy.load` reads them, and the analysis begins with what it gave.
Merging policies into ACLs is part of the analysis. Every reported difference is confirmed inside;
here random requests are compared besides, outside of what was reported as well.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import policy
from benchmarks.measure import Contest, affordable, alternate, cpu_seconds, seconds_per_question
from benchmarks.results import Answers, Unit, WrongAnswerError, cost_row, faster_row
from benchmarks.workloads import DIALECT, RuleSpec, make_rules, plain_text, questions
from policy.analyze.difference import difference
from policy.analyze.escalate import escalate
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.review import review
from policy.analyze.who_can import Question, who_can
from policy.model import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.measure import Effort
    from benchmarks.results import Row
    from policy.analyze import Change

__all__ = ["differences", "holders", "sampling"]

_NOW = 1_700_000_000.0
_RULES_A_FILE = 100
_SAMPLE = 1_000


def differences(effort: Effort) -> Iterator[Row]:
    """Two revisions of which 1 % is changed: each policy alone, and a token that holds all."""
    for count in (100, 1_000, 10_000):
        with _Revisions(count) as both:
            old, new = both.load()
            names = [each.name for each in old]

            alone = partial(review, old, new, now=_NOW)
            together = partial(_together, old, new, names)
            compared = Answers(_compare(old, new, names, together(), effort.questions // 10))
            asked: tuple[tuple[str, Callable[[], object], str], ...] = (
                ("difference", alone, "`diff` of two revisions"),
                ("difference-token", together, "the same for one token that holds all of it"),
            )
            for name, work, words in asked:
                contest = _against_loading(effort, work, both.load, max(1, 2_000 // count))
                title = f"{words}, {count:,} rules, 1 % changed, in the time to load both"
                yield cost_row(f"{name}/{count}", title, contest, Unit.RUN, compared)


def sampling(effort: Effort) -> Iterator[Row]:
    """What is left to users of an engine that only decides: to try paths on both revisions."""
    from benchmarks.peers.cedar import Cedar, cedar_text

    count = 1_000
    with _Revisions(count) as both:
        old, new = both.load()
        names = [each.name for each in old]
        changes = _together(old, new, names)
        engines = [Cedar(cedar_text(rules)) for rules in (both.old_rules, both.new_rules)]
        asked = questions(both.new_rules, _SAMPLE, 0)
        # A change counts as found where the sample has one of its paths, whatever cedarpy says.
        found = sum(_hits(change, asked) for change in changes)
        fit = affordable(engines[0].allows, asked, effort.seconds)
        contest = alternate(
            min(effort.rounds, 5),
            lambda _: cpu_seconds(lambda: _together(old, new, names)),
            lambda _: sum(seconds_per_question(e.allows, asked[:fit]) for e in engines) * _SAMPLE,
        )
    title = (
        f"cedarpy asked about {_SAMPLE:,} requests on two revisions of {count:,} rules, against "
        "the exact difference (other answers: changes that such a sample misses)"
    )
    answers = Answers(len(changes), len(changes) - found)
    yield faster_row(f"sampling/{count}", title, contest, Unit.RUN, answers)


def holders(effort: Effort) -> Iterator[Row]:
    """As many tokens as policies of ten rules; every token holds three of them and `default`."""
    for count in (10, 100, 1_000):
        rules = make_rules(count * 10)
        with TemporaryDirectory(prefix="sudopath-bench-") as folder:
            _write(Path(folder), rules, 10)

            load = partial(policy.load, folder, dialect=DIALECT, now=_NOW)
            policies = load()
            inventory = _inventory(policies, count)
            one, many = (
                partial(who_can, policies, Question.of(*question), inventory, now=_NOW)
                for question in (("update+sudo", "sys/step-down"), ("read", "secret/data/*"))
            )
            asked: tuple[tuple[str, Callable[[], object], str], ...] = (
                ("who-path", one, "`who-can` on a path"),
                ("who-pattern", many, "`who-can` on a pattern"),
                ("escalate", partial(escalate, policies, inventory, now=_NOW), "`escalate`"),
            )
            for name, work, words in asked:
                contest = _against_loading(effort, work, load, max(1, 100 // count))
                title = f"{words}, {count:,} policies and tokens, in the time to load them"
                yield cost_row(f"{name}/{count}", title, contest, Unit.RUN, Answers(0))


class _Revisions:
    """Two revisions of the same policies in two folders."""

    def __init__(self, count: int) -> None:
        self.old_rules = make_rules(count)
        self.new_rules = _edited(self.old_rules)
        self._folder = TemporaryDirectory(prefix="sudopath-bench-")

    def __enter__(self) -> Self:
        for name, rules in (("old", self.old_rules), ("new", self.new_rules)):
            _write(Path(self._folder.name, name), rules, _RULES_A_FILE)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def load(self) -> tuple[policy.PolicySet, policy.PolicySet]:
        """Both, from their files."""
        old, new = (
            policy.load(Path(self._folder.name, name), dialect=DIALECT, now=_NOW)
            for name in ("old", "new")
        )
        return old, new


def _edited(rules: Sequence[RuleSpec]) -> list[RuleSpec]:
    """One rule of a hundred is changed: of four, two get other capabilities, one another path,
    and one grants nothing any more."""
    random = Random(3)  # noqa: S311  # varied and repeatable; guards no secret
    edited = list(rules)
    for number, at in enumerate(random.sample(range(len(rules)), max(1, len(rules) // 100))):
        rule = edited[at]
        match number % 4:
            case 2:
                edited[at] = RuleSpec(f"{rule.path.removesuffix('*')}x", rule.capabilities)
            case 3:
                edited[at] = RuleSpec(rule.path, ())
            case _:
                words = ("read", "list") if len(rule.capabilities) == 1 else ("read",)
                edited[at] = RuleSpec(rule.path, words)
    return edited


def _write(folder: Path, rules: Sequence[RuleSpec], each: int) -> None:
    folder.mkdir(exist_ok=True)
    for number, start in enumerate(range(0, len(rules), each)):
        text = plain_text(rules[start : start + each])
        (folder / f"p{number:04}.hcl").write_text(text, "ascii")


def _inventory(policies: policy.PolicySet, count: int) -> Inventory:
    random = Random(1)  # noqa: S311  # varied and repeatable; guards no secret
    names = [each.name for each in policies]
    tokens = tuple(
        Holder(HolderKind.TOKEN, f"t{n}", policy.Token(["default", *random.sample(names, 3)]))
        for n in range(count)
    )
    mounts = {"secret": "kv-v2", "auth/approle": "approle", "pki": "pki", "database": "database"}
    return Inventory(tokens, policy.MountTable.default().with_mounts(mounts))


def _together(
    old: policy.PolicySet, new: policy.PolicySet, names: Sequence[str]
) -> tuple[Change, ...]:
    token = policy.Token(names)
    return difference(old.acl(token, now=_NOW), new.acl(token, now=_NOW))


def _against_loading(
    effort: Effort, work: Callable[[], object], load: Callable[[], object], times: int
) -> Contest:
    """Both so many times in a row, since the smallest take less than a clock can tell well."""

    def repeated(action: Callable[[], object]) -> Callable[[int], float]:
        def again() -> None:
            for _ in range(times):
                action()

        return lambda _: cpu_seconds(again) / times

    return alternate(effort.rounds, repeated(work), repeated(load))


def _compare(
    old: policy.PolicySet,
    new: policy.PolicySet,
    names: Sequence[str],
    changes: Sequence[Change],
    count: int,
) -> int:
    """Random requests near the rules change exactly where a change was reported."""
    token = policy.Token(names)
    before, after = (each.acl(token, now=_NOW) for each in (old, new))
    rules = [RuleSpec(str(grant.pattern), ()) for acl in (before, after) for grant in acl.table]
    asked = questions(rules, count, 0)
    for operation, path in asked:
        apart = before.allows(operation, path) != after.allows(operation, path)
        if apart is not any(_hits(change, [(operation, path)]) for change in changes):
            raise WrongAnswerError(f"`{operation} {path}` is {'not ' * apart}reported")
    return len(asked)


def _hits(change: Change, asked: Sequence[tuple[str, str]]) -> bool:
    """Whether one of these requests shows a change."""
    operations = {each.operation for each in change.operations}
    return any(
        Operation(operation) in operations and path.removesuffix("/") in change.paths
        if Operation(operation).is_listing
        else Operation(operation) in operations and path in change.paths
        for operation, path in asked
    )
