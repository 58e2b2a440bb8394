"""Cases in which rules get in each other's way as much as they can, made by dice.

Hypothesis varies everything a little; a difference in the fourth step of the ranking, or in the
merging of two parameter lists, wants many rules that differ in nothing else.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from policy.testing import RuleText, as_hcl, as_json, fits_json, random_request
from policy.testing.values import CAPABILITIES, PARAMETER_VALUES
from tests.live.cases import OPERATIONS, Case
from tests.live.world import SEATS

if TYPE_CHECKING:
    from random import Random

    from policy.model import Request
    from policy.testing.values import Value

__all__ = ["dense_case"]

_REQUESTS = 40
_PATHS = 300


def dense_case(random: Random) -> Case:
    """Many patterns of the same shape, or many rules of the same pattern with conditions."""
    return random.choice((_priority, _conditions))(random)


def _priority(random: Random) -> Case:
    """Rules whose patterns match the same paths, each with capabilities of its own."""
    seat = random.choice(("plain", "plain-ns1", "plain-kid"))
    size = random.choice((1, 2, 2, 3, 3, 4))
    pool = [_label(random, size) for _ in range(random.randint(2, 9))]
    rules = [RuleText(random.choice(pool), _capabilities(random)) for _ in range(2 * len(pool))]
    words = product(("ab", "b", "a", "zz")[: 6 - max(size, 2)], repeat=size)
    paths = {"/".join(parts) for parts in words}
    paths |= {f"{path}{end}" for path in paths for end in ("/", "x", "/a", "/b/", "//")}
    asked = random.sample(sorted(paths), min(_PATHS, len(paths)))
    requests = tuple(_request(random, asked, SEATS[seat]) for _ in range(_REQUESTS))
    return Case(seat, _written(random, rules), requests, {SEATS[seat]: tuple(asked)})


def _label(random: Random, size: int) -> str:
    length = max(1, size + random.choice((0, 0, 0, 0, -1, 1)))
    label = "/".join(random.choice(("a", "b", "ab", "+", "+")) for _ in range(length))
    label += random.choice(("", "", "", "*", "/*", "/"))
    return label.replace("+*", "+")


def _capabilities(random: Random) -> tuple[tuple[str, Value], ...]:
    few = random.sample(CAPABILITIES[:-1], random.choice((0, 1, 1, 2, 2, 3, 4)))
    return (("capabilities", ["deny"] if random.randrange(10) == 0 else few),)


_LABELS = ("a/x", "a/*", "a/+", "zz/x", "kv1/x", "+/x", "a/x/", "a/x*")
_TTLS: tuple[Value, ...] = (0, 1, "1500ms", 2, "5s", 60, "1m1s", 3600, -1)
_NAMES = ("k", "Foo", "z", "*", "limit", "", "\u00c9", "\u0130")
_CONDITIONS = (
    *("min_wrapping_ttl", "max_wrapping_ttl", "pagination_limit"),
    *("allowed_parameters", "denied_parameters", "required_parameters"),
)


def _conditions(random: Random) -> Case:
    """One or two patterns with several rules each, and requests that only conditions can deny."""
    labels = random.choices(_LABELS, k=2)
    names = random.sample(_NAMES, 2)
    rules = []
    for _ in range(random.randint(1, 4)):
        held = random.sample(CAPABILITIES[:-1], random.choice((3, 8, 8, 8)))
        attributes: list[tuple[str, Value]] = [("capabilities", held)]
        for _ in range(random.randint(0, 3)):
            key = random.choice(_CONDITIONS)
            if all(key != known for known, _ in attributes):
                attributes.append((key, _condition(random, key, names)))
        rules.append(RuleText(random.choice((labels[0], labels[0], labels[1])), tuple(attributes)))
    paths = ("a/x", "a/x", "a/y", "zz/x", "kv1/x", "a/x/")
    known = [*names, *names, *(name.upper() for name in names), "k", "limit", "i"]
    requests = tuple(_request(random, paths, "", known) for _ in range(_REQUESTS))
    return Case("plain", _written(random, rules), requests, {"": paths})


def _parameters(random: Random, names: list[str]) -> Value:
    return {
        name: [random.choice(PARAMETER_VALUES) for _ in range(random.choice((0, 1, 1, 2, 3)))]
        for name in random.sample(names, random.choice((0, 1, 1, 2)))
    }


def _condition(random: Random, key: str, names: list[str]) -> Value:
    match key:
        case "min_wrapping_ttl" | "max_wrapping_ttl":
            return random.choice(_TTLS)
        case "required_parameters":
            return random.sample(names, random.choice((1, 1, 2)))
        case "pagination_limit":
            return random.choice((0, 1, 5, 100, -1, "6"))
        case _:
            return _parameters(random, names)


def _request(
    random: Random,
    paths: list[str] | tuple[str, ...],
    namespace: str,
    names: list[str] | None = None,
) -> Request:
    return random_request(
        random, paths, operations=OPERATIONS, namespaces=(namespace,), names=names or ["k"]
    )


def _written(random: Random, rules: list[RuleText]) -> dict[str, str]:
    """The rules, dealt out to up to three policies."""
    hands: dict[str, list[RuleText]] = {}
    for rule in rules:
        hands.setdefault(random.choice(("p1", "p1", "p2", "p3")), []).append(rule)
    return {
        name: as_json(hand) if fits_json(hand) and random.randrange(2) else as_hcl(hand)
        for name, hand in hands.items()
    }
