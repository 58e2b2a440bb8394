"""How fast policy text becomes policies, against other readers of the same text.

All texts are in memory. What the others make of them is less than what is measured here: a tree
or dictionaries, while `policy.parse` also checks everything and compiles the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import policy
from benchmarks.measure import alternate, cpu_seconds
from benchmarks.peers.texts import hcl2_granted, hcl2_reader, lark_granted, lark_reader
from benchmarks.results import Answers, Unit, WrongAnswerError, faster_row
from benchmarks.workloads import DIALECT, full_text, make_rules, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.measure import Effort
    from benchmarks.peers.texts import Granted
    from benchmarks.results import Row
    from benchmarks.workloads import RuleSpec

__all__ = ["full", "plain"]


def plain(effort: Effort) -> Iterator[Row]:
    """Path blocks with capabilities, against Lark alone and python-hcl2."""
    rules = make_rules(10_000)
    read = lark_reader()
    small, large = _cut(rules, 10, plain_text), [plain_text(rules[:2_000])]
    for size, texts, words in (
        ("small", small, "1,000 plain texts of 10 rules"),
        ("large", large, "one plain text of 2,000 rules"),
    ):
        answers = _compare(texts, lambda text: lark_granted(read(text)))
        title = f"our grammar in Lark's own lexer and parser, {words}"
        yield _row(f"plain/lark-{size}", title, texts, texts, read, answers, effort)
        # python-hcl2 takes its time; what it needs for a byte, it tells from less.
        some = texts[::20]
        answers = _compare(some, hcl2_granted)
        title = f"python-hcl2, {words}"
        yield _row(f"plain/hcl2-{size}", title, texts, some, hcl2_reader(), answers, effort)


def full(effort: Effort) -> Iterator[Row]:
    """Text that uses all of the language, against python-hcl2."""
    rules = make_rules(1_000)
    small, large = _cut(rules, 5, full_text), [full_text(rules[:500])]
    for size, texts, words in (
        ("small", small, "200 texts of 5 rules"),
        ("large", large, "one text of 500 rules"),
    ):
        some = texts[::10]
        answers = _compare(some, hcl2_granted)
        title = f"python-hcl2, {words} that use all of the language"
        yield _row(f"full/hcl2-{size}", title, texts, some, hcl2_reader(), answers, effort)


def _cut(
    rules: list[RuleSpec], size: int, text_of: Callable[[Sequence[RuleSpec]], str]
) -> list[str]:
    return [text_of(rules[start : start + size]) for start in range(0, len(rules), size)]


def _compare(texts: Sequence[str], theirs: Callable[[str], Granted]) -> Answers:
    """Compare paths and capabilities, rule by rule. Raises `WrongAnswerError` where they
    differ: these texts mean the same in all readers."""
    compared = 0
    for text in texts:
        ours = [(rule.path, rule.capabilities) for rule in _read(text).rules]
        other = theirs(text)
        if ours != other:
            raise WrongAnswerError(
                f"a text is read differently: {ours[:2]} here, {other[:2]} there"
            )
        compared += len(ours)
    return Answers(compared)


def _read(text: str) -> policy.Policy:
    # With a time given, none is asked of the clock.
    return policy.parse(text, dialect=DIALECT, now=0.0)


def _row(
    name: str,
    title: str,
    texts: Sequence[str],
    their_texts: Sequence[str],
    theirs: Callable[[str], object],
    answers: Answers,
    effort: Effort,
) -> Row:
    contest = alternate(
        effort.rounds,
        lambda _: _seconds_per_byte(_read, texts),
        lambda _: _seconds_per_byte(theirs, their_texts),
    )
    return faster_row(name, title, contest, Unit.TEXT, answers)


def _seconds_per_byte(read: Callable[[str], object], texts: Sequence[str]) -> float:
    def read_all() -> None:
        for text in texts:
            read(text)

    return cpu_seconds(read_all) / sum(map(len, texts))
