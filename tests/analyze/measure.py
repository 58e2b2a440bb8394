"""How long the analysis takes, as a ratio to loading the same policies.

    python -m tests.analyze.measure

Texts are in memory, so that no file system is measured. Every figure is the best of three.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar

import policy
from benchmarks.workloads import DIALECT, RuleSpec, make_rules, plain_text
from policy.analyze.difference import difference
from policy.analyze.escalate import escalate
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.reach import reach
from policy.analyze.who_can import Question, who_can

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_RULES_EACH: Final = 100
_NOW: Final = 1_700_000_000.0
_Value = TypeVar("_Value")


def best(work: Callable[[], _Value]) -> tuple[float, _Value]:
    """Seconds of the fastest of three runs, and what it gave."""
    fastest = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        value = work()
        fastest = min(fastest, time.perf_counter() - started)
    return fastest, value


def load(rules: Sequence[RuleSpec], each: int) -> policy.PolicySet:
    """The rules as policies `p0`, `p1`, …"""
    texts = [plain_text(rules[at : at + each]) for at in range(0, len(rules), each)]
    return policy.PolicySet(
        [policy.parse(text, f"p{n}", dialect=DIALECT) for n, text in enumerate(texts)], DIALECT
    )


def one_percent_changed(rules: Sequence[RuleSpec]) -> list[RuleSpec]:
    """Every hundredth rule with other capabilities."""
    random = Random(3)
    changed = list(rules)
    for at in random.sample(range(len(rules)), max(1, len(rules) // 100)):
        words = ("read", "list") if len(changed[at].capabilities) == 1 else ("read",)
        changed[at] = RuleSpec(changed[at].path, words)
    return changed


def measure_difference(count: int) -> None:
    """Two revisions, and the token that holds everything in them."""
    rules = make_rules(count)
    changed = one_percent_changed(rules)
    loading, (old, new) = best(lambda: (load(rules, _RULES_EACH), load(changed, _RULES_EACH)))
    token = policy.Token([p.name for p in old])
    merging, (before, after) = best(lambda: (old.acl(token, now=_NOW), new.acl(token, now=_NOW)))
    comparing, changes = best(lambda: difference(before, after))
    ratio = (merging + comparing) / loading
    print(
        f"difference of {count:6,} rules, 1 % changed: load both {loading:.3f} s, "
        f"merge {merging:.3f} s, compare {comparing:.3f} s, ratio {ratio:.2f}, "
        f"{len(changes)} changes"
    )


def measure_inventory(count: int) -> None:
    """As many policies, of ten rules each, as tokens, which hold three of them each."""
    loading, policies = best(lambda: load(make_rules(count * 10), 10))
    random = Random(1)
    names = [p.name for p in policies]
    holders = tuple(
        Holder(HolderKind.TOKEN, f"t{n}", policy.Token(["default", *random.sample(names, 3)]))
        for n in range(count)
    )
    mounts = {"secret": "kv-v2", "auth/approle": "approle", "pki": "pki", "database": "database"}
    inventory = Inventory(holders, policy.MountTable.default().with_mounts(mounts))
    asked: list[tuple[str, Callable[[], Sequence[object]]]] = [
        ("who-can, one path", lambda: _who(policies, inventory, "update+sudo", "sys/step-down")),
        ("who-can, a pattern", lambda: _who(policies, inventory, "read", "secret/data/*")),
        ("escalate", lambda: escalate(policies, inventory, now=_NOW)),
    ]
    for name, work in asked:
        started = time.perf_counter()
        found = work()
        seconds = time.perf_counter() - started
        print(
            f"{name:18} {count:5,} policies and tokens: load {loading:.3f} s, {seconds:.3f} s, "
            f"ratio {seconds / loading:.1f}, {len(found)} holders"
        )


def _who(
    policies: policy.PolicySet, inventory: Inventory, operation: str, path: str
) -> Sequence[object]:
    return who_can(policies, Question.of(operation, path), inventory, now=_NOW)


def measure_reach(count: int) -> None:
    """The whole table of one token."""
    policies = load(make_rules(count), _RULES_EACH)
    acl = policies.acl(policy.Token([p.name for p in policies]), now=_NOW)
    seconds, rows = best(lambda: reach(acl))
    print(f"reach over {count:6,} rules: {seconds:.3f} s, {len(rows)} rows")


def main() -> None:
    """All of it."""
    for count in (100, 1000, 10_000):
        measure_difference(count)
    for count in (10, 100, 1000):
        measure_inventory(count)
    for count in (100, 1000):
        measure_reach(count)


if __name__ == "__main__":
    main()
