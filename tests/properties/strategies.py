"""Hypothesis strategies for policies and requests, made so that rules collide.

Everything here is plain Python data: strings, tuples, dictionaries. The alphabets are tiny on
purpose: two random patterns should fit the same path, two random parameters the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Value = str | bool | int | float | None | Sequence["Value"] | Mapping[str, "Value"]
Parameters = tuple[tuple[str, tuple[Value, ...]], ...]

T = TypeVar("T")
U = TypeVar("U")


def mostly(
    common: SearchStrategy[T], rare: SearchStrategy[U], times: int = 3
) -> SearchStrategy[T | U]:
    """The common one, and the rare one once in `times` + 1 draws.

    (`one_of` forgets repeated arguments, so it cannot say this.)
    """
    return st.integers(0, times).flatmap(lambda drawn: common if drawn < times else rare)


SEGMENTS: Final = ("a", "b", "ab", "+", "+", "é", "a+b", "+a", "a+", "a*", "", "c")
_TAILS: Final = ("", "", "", "*", "*", "/", "/*", "/+", "//")

CAPABILITIES: Final = ("create", "read", "update", "delete", "list", "patch", "sudo", "deny")

_EDITS: Final[tuple[Callable[[str], str], ...]] = (
    lambda pattern: pattern,
    lambda pattern: pattern + "/",
    lambda pattern: pattern.removesuffix("/"),
    lambda pattern: pattern.removesuffix("*") + "*",
    lambda pattern: pattern.removesuffix("*"),
    lambda pattern: pattern.rstrip("*/") + "/*",
    lambda pattern: pattern[:-1] + "*",
    lambda pattern: "/" + pattern,
    lambda pattern: pattern + "/a",
    lambda pattern: pattern.rpartition("/")[0],
    lambda pattern: "/".join(["+", *pattern.split("/")[1:]]),
    lambda pattern: "/".join([*pattern.split("/")[:-1], "+"]),
    lambda pattern: pattern.replace("+", "a", 1),
    lambda pattern: pattern.replace("b", "+", 1),
    lambda pattern: pattern.replace("a", "é", 1),
)


def patterns() -> SearchStrategy[str]:
    """One path as written in a policy. It may hold `+*`, which servers refuse."""
    body = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map("/".join)
    lead = st.sampled_from(("", "", "", "/"))
    return st.builds("".join, st.tuples(lead, body, st.sampled_from(_TAILS)))


@st.composite
def pattern_lists(draw: DrawFn, max_edits: int = 6) -> list[str]:
    """Some patterns, most of them small edits of each other."""
    found = draw(st.lists(patterns(), min_size=1, max_size=3))
    edit = st.tuples(st.integers(0, 8), st.sampled_from(_EDITS))
    for index, change in draw(st.lists(edit, max_size=max_edits)):
        found.append(change(found[index % len(found)]))
    return found


def paths_near(patterns: Iterable[str], fills: Sequence[str], limit: int = 60) -> list[str]:
    """Paths that fit the patterns, or just fail to. No choice is left to chance."""
    found: dict[str, None] = {}
    for pattern in patterns:
        body = pattern.removeprefix("/").removesuffix("*")
        for fill in fills:
            path = "/".join(fill if part == "+" else part for part in body.split("/"))
            for near in (
                path,
                path + "/",
                path + "b",
                path.removesuffix("/"),
                path + "/a",
                path.rpartition("/")[0],
                path + "//",
                "/" + path,
            ):
                found[near] = None
        found[pattern] = None
    every = list(found)
    # An even choice, so that each pattern keeps some of its paths.
    return every if len(every) <= limit else every[:: len(every) // limit + 1]


def fills() -> SearchStrategy[list[str]]:
    """What may stand where a pattern has `+`."""
    return st.lists(
        st.sampled_from(("a", "b", "é", "", "+", "x", "ab")), min_size=1, max_size=2, unique=True
    )


def capability_lists(words: Sequence[str] = CAPABILITIES) -> SearchStrategy[tuple[str, ...]]:
    """What `capabilities` holds: random sets, often nearly all of them, sometimes none or deny."""
    granting = [word for word in words if word != "deny"]
    return st.one_of(
        st.lists(st.sampled_from(granting), max_size=4).map(tuple),
        st.lists(st.sampled_from(granting), max_size=2).map(
            lambda without: tuple(word for word in granting if word not in without)
        ),
        st.lists(st.sampled_from(words), max_size=3).map(tuple),
    )


_TEXTS: Final = ("", "v", "w", "vw", "xv", "V", "*", "**", "v*", "*w", "*v*", "a*b", "v,w", "5")
_PARAMETER_NAMES: Final = ("k", "k", "k", "K", "foo", "Foo", "*", "limit", "z", "policies")
_STRUCTURES: Final[tuple[Value, ...]] = (
    5,
    0,
    1.5,
    True,
    False,
    [],
    ["v"],
    ["v", "w"],
    ["a*b"],
    ["v", 5],
    [["v"]],
    [{"a": "b"}],
    {},
    {"a": "b"},
    {"a": ["v"]},
    {"a": {"b": "c"}},
    {"a": [{"b": "c"}]},
    {"a": True, "b": "v"},
)


def parameter_blocks(*, structures: bool = True) -> SearchStrategy[Parameters]:
    """An `allowed_parameters` or `denied_parameters` block.

    No two names differ in case only: what a server does with those depends on chance. Values of
    `policies` are in lower case, because Vault 2.0 lower-cases the values of requests there.
    """
    values = st.one_of(
        st.lists(st.sampled_from(_TEXTS), max_size=3),
        st.lists(st.sampled_from(_TEXTS + _STRUCTURES if structures else _TEXTS), max_size=3),
    ).map(tuple)
    names = st.lists(
        st.sampled_from(_PARAMETER_NAMES), max_size=3, unique_by=lambda name: name.lower()
    )
    return names.flatmap(
        lambda chosen: st.tuples(
            *(
                st.tuples(
                    st.just(name),
                    values.map(_lower) if name.lower() == "policies" else values,
                )
                for name in chosen
            )
        )
    )


def _lower(values: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(value.lower() if isinstance(value, str) else value for value in values)


def required_parameters() -> SearchStrategy[tuple[str, ...]]:
    """What `required_parameters` holds."""
    return st.lists(st.sampled_from(_PARAMETER_NAMES), max_size=2).map(tuple)


_REQUEST_TEXTS: Final = (*_TEXTS, "w, v", "true", "avx", "axb", "root")
_REQUEST_VALUES: Final[tuple[Value, ...]] = (*_REQUEST_TEXTS, *_STRUCTURES, None, ["V"], ["w", "v"])


def bodies() -> SearchStrategy[dict[str, Value]]:
    """The top-level keys of a request body."""
    return st.dictionaries(
        st.sampled_from((*_PARAMETER_NAMES, "Z", "FOO")),
        st.sampled_from(_REQUEST_VALUES),
        max_size=3,
    )


def queries(*, repeated: bool = True) -> SearchStrategy[dict[str, Value]]:
    """Query parameters: strings, or a list of strings where one is repeated."""
    texts: SearchStrategy[Value] = st.sampled_from(_REQUEST_TEXTS)
    values = mostly(texts, st.just(["v", "w"])) if repeated else texts
    return st.dictionaries(st.sampled_from(_PARAMETER_NAMES), values, max_size=2)


LIMITS: Final[tuple[Value, ...]] = (
    *("max", "MAX", "0", "", "1", "5", "05", "+5", "6", "-1", "-0", "00", "x", "1.5"),
    *(" 3", "1_0", "0x1", "99999999999999999999", ["1", "2"]),
)
"""Values of the query parameter `limit`."""

TTLS: Final[tuple[str | int | float, ...]] = (
    *("", "0", "1", "-5", "60", "90", "1m", "1m30s", "1.5h", "500ms", "1d", "2h", "+1m", "-1s"),
    *(0, 1, 60, 3600, -5, 1.9),
)
"""Wrapping TTLs as policies write them, all of them well-formed."""

BAD_TTLS: Final = ("soon", "1w", "1.5d", "1d12h", "1H", " 1", "0x10", "1_0")

WRAPS: Final[tuple[float | None, ...]] = (
    *(None, 0, 0.25, 0.5, 1, 30, 59, 60, 61, 89, 90, 91, 3600, 5400, 7200, 86400, 86401),
)
"""Wrapping TTLs of requests, in seconds."""
