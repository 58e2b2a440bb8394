"""The attribute values that the strategies choose from. Mostly data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "ATTRIBUTES",
    "CAPABILITIES",
    "PARAMETER_NAMES",
    "PARAMETER_VALUES",
    "Attribute",
    "Labelled",
    "Source",
    "Value",
    "as_json_value",
]


@dataclass(frozen=True, slots=True)
class Source:
    """A value given by its source text, such as `0x10`, which no Python value would print."""

    text: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """Blocks by label, which HCL writes as `factor "label" {}` and JSON as one more object."""

    blocks: Mapping[str, Value]


Value = str | bool | int | float | Source | Labelled | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """The values of one key: those a server takes, and those at and beyond the border."""

    usual: SearchStrategy[Value]
    odd: SearchStrategy[Value]


def as_json_value(value: object) -> object:
    """The value as a JSON reader gives it: lists instead of tuples."""
    if isinstance(value, Mapping):
        return {key: as_json_value(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [as_json_value(inner) for inner in value]
    return value


CAPABILITIES = ("read", "list", "create", "update", "delete", "patch", "scan", "sudo", "deny")

PARAMETER_NAMES = ("k", "K", "foo", "Foo", "z", "*", "limit", "", "É", "é", "İ", "i", "\u212a")
"""Few, so that rules and requests meet, with several spellings of one name."""

PARAMETER_VALUES: tuple[Value, ...] = (
    *("v", "w", "V", "", "*", "**", "v*", "*v", "*v*", "v,w", "true", "5", "é", True, False, 5),
    *(0, 1.5, (), ("v",), ("v", "w"), (True,), (5,), (("v",),), {}, {"a": "v"}, {"a": ("v",)}),
    *({"a": {"b": "v"}}, ({"a": "v"},)),
)

_DURATIONS: tuple[Value, ...] = (
    *(1, 5, 60, 0, "", "0", "5s", "60", "1m", "1m30s", "1500ms", "1d", "1h", ".5h", "1h1h"),
    *("2s", 1.9),
)

_ODD_DURATIONS: tuple[Value, ...] = (
    *_DURATIONS,
    *(-1, "-1", "-5s", "+5s", "0x10", "060", "1_0", " 5", "5 s", "1w", "1.5d", "-1d", "1d12h"),
    *("1H", "1.", ".s", "5.5", "1e3", "9223372036", "9223372037", "106751d", "106752d", "1us"),
    *("1µs", "1μs", "1ns", "five", True, ("5s",), {}, Source("0x10"), Source("010")),
    *(Source("08"), Source("1e3"), Source("1e"), Source("1."), Source(".5"), Source("-5")),
    *(Source("-.5"), Source("99999999999999999999"), Source("1e400"), Source("null")),
)

_EXPIRATIONS: tuple[Value, ...] = (
    *("", "2001-02-03T04:05:06Z", "2199-02-03T04:05:06Z", "2199-02-03T04:05:06.5+02:00"),
    *(1000000000, "1000000000", 7000000000, "7000000000"),
)

_ODD_EXPIRATIONS: tuple[Value, ...] = (
    *_EXPIRATIONS,
    *("2199-02-03", "2199-02-03 04:05:06Z", "2199-02-03T04:05Z", "2199-02-03T4:05:06Z"),
    *("2199-02-03T04:5:06Z", "2199-2-3T04:05:06Z", "2199-02-30T04:05:06Z"),
    *("2196-02-29T04:05:06Z", "2199-02-29T04:05:06Z", "2100-02-29T04:05:06Z"),
    *("2199-02-03T24:00:00Z", "2199-02-03T23:59:60Z", "2199-02-03t04:05:06z"),
    *("2199-02-03T04:05:06", "2199-02-03T04:05:06+2", "2199-02-03T04:05:06+0200"),
    *("2199-02-03T04:05:06+24:00", "2199-02-03T04:05:06+25:00", "2199-02-03T04:05:06-23:60"),
    *("2199-02-03T04:05:06-23:61", "2199-02-03T04:05:06,123Z", "2199-02-03T04:05:06.Z"),
    *("2199-02-03T04:05:06.1234567891Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("10000-01-01T00:00:00Z", "2199-00-03T04:05:06Z", "2199-13-03T04:05:06Z"),
    *("2199-02-00T04:05:06Z", " 2199-02-03T04:05:06Z", "-1", "+7000000000", "0x10", "1h"),
    *("never", 7000000000.5, True, (), Source("0x7fffffffff"), Source("0700000000")),
    *(Source("9223372036854775807"), Source("9223372036854775808"), Source("null")),
)

_LIMITS: tuple[Value, ...] = (0, 1, 5, 100, -1, "5", "0x10")

_ODD_LIMITS: tuple[Value, ...] = (
    *_LIMITS,
    *("+5", "-5", "1_000", "_1", "1__0", "0x_1", "0b11", "0o17", "017", "08", "", " 5", "five"),
    *(1.0, True, (5,), {}, Source("0x10"), Source("010"), Source("08"), Source("1e3")),
    *(Source("1_0"), Source("9223372036854775807"), Source("9223372036854775808")),
    Source("null"),
)

_FILTERS: tuple[Value, ...] = (
    *("", "{{ .key }}", "{{ .path }}{{ .key }}", "a/{{ .key }}"),
    "{{.path}}/{{ .key | uppercase }}",
)

_ODD_FILTERS: tuple[Value, ...] = (
    *_FILTERS,
    *("a", "{{ .path }}", "{{ .nope }}", "{{ .key", "{{ nope .key }}", "{{ .key }}}}"),
    *("{{ if .key }}x{{ end }}", "{{/* c */}}{{ .key }}", 5, True, ()),
)

_GROUP: Mapping[str, Value] = {
    "controlled_capabilities": ("read",),
    "identity": {"group_names": ("ops",), "approvals": 1},
}

_CONTROL_GROUPS: tuple[Value, ...] = (
    {"ttl": "1h", "factor": Labelled({"f": _GROUP})},
    {"ttl": 60, "factor": Labelled({"f": _GROUP, "g": _GROUP})},
)


def _factor(**changed: Value) -> Value:
    """A control group whose only factor differs from `_GROUP` in these keys."""
    return {"ttl": 1, "factor": Labelled({"f": {**_GROUP, **changed}})}


_ODD_CONTROL_GROUPS: tuple[Value, ...] = (
    *_CONTROL_GROUPS,
    {},
    {"ttl": "1w", "factor": Labelled({"f": _GROUP})},
    {"factor": Labelled({"f": _GROUP})},
    {"factor": {"f": _GROUP}, "ttl": 1},
    {"factor": _GROUP, "ttl": 1},
    {"ttl": 1, "factor": Labelled({"": _GROUP})},
    {"ttl": 1, "self_auth_allowed": True, "factor": Labelled({"f": _GROUP})},
    {"ttl": 1, "self_auth_allowed": "true", "factor": Labelled({"f": _GROUP})},
    {"ttl": 1, "nope": 1, "factor": Labelled({"f": _GROUP})},
    _factor(nope=1),
    _factor(controlled_capabilities=()),
    _factor(controlled_capabilities=("sudo",)),
    _factor(controlled_capabilities=("help", "renew")),
    _factor(identity={"group_names": ("x",)}),
    _factor(identity={"approvals": 1}),
    _factor(identity={"approvals": 0, "group_names": ("x",)}),
    _factor(identity={"Approvals": 2, "GROUP_NAMES": ("x",)}),
    _factor(identity={"x": 1, "approvals": "2", "group_names": ("x",)}),
    *("x", (), 5),
)


def _lists(
    values: Sequence[Value], *, min_size: int = 0, max_size: int = 4
) -> SearchStrategy[Value]:
    return st.lists(st.sampled_from(values), min_size=min_size, max_size=max_size)


_parameter_map: SearchStrategy[Value] = st.dictionaries(
    # Two spellings of one name in one map: which of them wins is random on the server.
    st.sampled_from(("k", "Foo", "z", "*", "limit", "", "É", "İ")),
    _lists(PARAMETER_VALUES, max_size=3),
    max_size=3,
)

_any_value: SearchStrategy[Value] = st.recursive(
    st.sampled_from(
        ("x", "", "{{a}}", "${b}", 0, -1, 1.5, True, Source("0x10"), Source("1e"), "\u00e9")
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(("a", "b", "")), inner, max_size=2),
    ),
    max_leaves=4,
)

_ODD_WORDS: tuple[Value, ...] = (
    *CAPABILITIES,
    *("READ", "root", "write", "", "recover", "read ", "*", 5),
)

ATTRIBUTES: Mapping[str, Attribute] = {
    "capabilities": Attribute(
        st.one_of(
            _lists(CAPABILITIES[:-1], min_size=1, max_size=5),
            _lists(CAPABILITIES[:-1], min_size=1, max_size=5),
            _lists(CAPABILITIES, max_size=3),
        ),
        st.one_of(_lists(_ODD_WORDS), _any_value),
    ),
    "policy": Attribute(
        st.sampled_from(("read", "write", "sudo", "deny", "")),
        st.one_of(st.sampled_from(("READ", "none", "list", 5, True)), _any_value),
    ),
    "allowed_parameters": Attribute(
        _parameter_map, st.one_of(_parameter_map, _any_value, st.just([{"k": ("v",)}]))
    ),
    "denied_parameters": Attribute(
        _parameter_map, st.one_of(_parameter_map, _any_value, st.just([{"k": ("v",)}]))
    ),
    "required_parameters": Attribute(
        _lists(PARAMETER_NAMES, max_size=3),
        st.one_of(_lists((*PARAMETER_NAMES, 5, True)), _any_value),
    ),
    "min_wrapping_ttl": Attribute(
        # Small beside every maximum below: a maximum under a minimum refuses the policy.
        st.sampled_from((0, 1, "", "0", "1s", "500ms")),
        st.sampled_from(_ODD_DURATIONS),
    ),
    "max_wrapping_ttl": Attribute(
        st.sampled_from(_DURATIONS),
        st.one_of(st.sampled_from(_ODD_DURATIONS), _any_value),
    ),
    "expiration": Attribute(
        st.sampled_from(_EXPIRATIONS), st.one_of(st.sampled_from(_ODD_EXPIRATIONS), _any_value)
    ),
    "pagination_limit": Attribute(
        st.sampled_from(_LIMITS), st.one_of(st.sampled_from(_ODD_LIMITS), _any_value)
    ),
    # Taken only beside the capability to list, so it has no usual value but none.
    "list_scan_response_keys_filter_path": Attribute(
        st.just(""), st.one_of(st.sampled_from(_ODD_FILTERS), _any_value)
    ),
    "mfa_methods": Attribute(_lists(("m",), max_size=2), _any_value),
    "comment": Attribute(st.just("c"), _any_value),
    "control_group": Attribute(
        st.sampled_from(_CONTROL_GROUPS), st.sampled_from(_ODD_CONTROL_GROUPS)
    ),
}
"""Every key a `path` block may hold in the dialect OpenBao 2.7."""
