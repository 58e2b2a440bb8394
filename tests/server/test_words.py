"""The server's words for what is wrong with a body, a duration or a policy."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.lower import compile_policy, decode_policy_field
from policy.model import DIALECTS
from policy.server.answers import Refused
from policy.server.inputs import Fields, go_duration_error, parse_seconds
from policy.server.json_input import decode_object
from policy.server.paths import Target, clean_path, parse_query
from policy.server.policy_errors import refusal_text
from policy.source import Source

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded" / "language" / "cases.jsonl.gz"

# Compared with OpenBao 2.7.2 one by one.
BODIES = {
    "": {},
    " null ": {},
    "{} {}": {},
    '{"a":1}{"b":': {"a": 1},
    '{"a":1,"a":2}': {"a": 2},
    '{"a":"\\ud800"}': {"a": "\ufffd"},
    '{"a":"\\ud83d\\ude00"}': {"a": "\U0001f600"},
    '{"a":123456789012345678901234567890}': {"a": 1.2345678901234568e29},
    "{": "unexpected EOF",
    "{}-": "unexpected EOF",
    "[]": "json: cannot unmarshal array into Go value of type map[string]interface {}",
    "{} ]": "invalid character ']' looking for beginning of value",
    "{},": "invalid character ',' looking for beginning of value",
    "{}nuull": "invalid character 'u' in literal null (expecting 'l')",
    '{"a":1.}': "invalid character '}' in numeric literal",
    '{"a":01}': "invalid character '1' after object key:value pair",
    '{"a":}': "missing value after object key",
    '{"a":]}': "invalid character ']' after object key:value pair",
    '{"a":1,}': "invalid character ',' looking for beginning of value",
    '{"a" 1}': "invalid character '1' after object key",
    "[1 2]": "invalid character '2' after array element",
    "{1:2}": "object member name must be a string",
    "{'a':1}": r"invalid character '\'' looking for beginning of value",
    '{"a":"\t"}': r"invalid character '\t' in string",
    '{"a":"\\x"}': r"invalid escape sequence `\x` in string",
    '{"a":"\\u 2g4"}': r'invalid escape sequence "\\u 2g4" in string',
    '{"a":1e400}': "json: cannot unmarshal number 1e400 into Go value of type float64",
    '{"a":-1e999,"b":tru}': ("json: cannot unmarshal number -1e999 into Go value of type float64"),
    '{"au:tr\\u}': r"invalid escape sequence `\u}` in string",
    "[" * 10_001: "exceeded max depth",
}


@pytest.mark.parametrize(("body", "expected"), BODIES.items(), ids=lambda value: str(value)[:40])
def test_a_body_is_read_as_the_server_reads_it(body: str, expected: object) -> None:
    if isinstance(expected, dict):
        assert decode_object(body.encode()) == expected
        return
    with pytest.raises(Refused) as caught:
        decode_object(body.encode())
    assert caught.value.status == 400
    assert caught.value.texts == (f"failed to decode JSON input: {expected}",)


def test_more_than_a_thousand_strings_are_too_many() -> None:
    assert decode_object(orjson.dumps({"a": ["x"] * 999}))
    for body in (orjson.dumps({"a": ["x"] * 1000}), b"{} " + orjson.dumps(["x"] * 1001)):
        with pytest.raises(Refused, match="maximum number of strings"):
            decode_object(body)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _VALUES), st.data())
def test_what_is_well_formed_is_read_and_every_truncation_is_not(
    value: dict[str, object], data: st.DataObject
) -> None:
    body = orjson.dumps(value)
    assert decode_object(body + b" {}") == value
    cut = data.draw(st.integers(1, len(body) - 1))
    with pytest.raises(Refused, match="unexpected EOF"):
        decode_object(body[:cut])


@given(st.binary(max_size=60))
def test_no_body_makes_the_reader_fail(body: bytes) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(decode_object(body), dict)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bogus", 'time: invalid duration "bogus"'),
        ("1x", 'time: unknown unit "x" in duration "1x"'),
        ("1.5", 'time: missing unit in duration "1.5"'),
        ("1h1", 'time: missing unit in duration "1h1"'),
        ("5 m", 'time: unknown unit " m" in duration "5 m"'),
        ("1.5d", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ('a"b', 'time: invalid duration "a\\"b"'),
    ],
)
def test_a_wrong_duration_is_named_as_go_names_it(text: str, words: str) -> None:
    assert go_duration_error(text) == words
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the words are compared below
        parse_seconds(text)
    assert str(caught.value) == words


def test_fields_are_converted_weakly() -> None:
    fields = Fields({"n": "0x10", "t": 5, "b": "TRUE", "l": "a, b", "one": 7, "m": {"k": 1}})
    assert fields.integer("n") == 16
    assert fields.text("t") == "5"
    assert fields.boolean("b") is True
    assert fields.texts("l") == ["a", "b"]
    assert fields.texts("one") == ["7"]
    assert fields.pairs("m") == {"k": "1"}
    for wrong in (
        lambda: fields.integer("l"),
        lambda: fields.boolean("l"),
        lambda: fields.text("m"),
    ):
        with pytest.raises(Refused, match="Field validation failed"):
            wrong()


@pytest.mark.parametrize(
    ("raw", "path", "escaped", "mux_path"),
    [
        (b"/v1/a", "/v1/a", "/v1/a", "/v1/a"),
        (b"/v1/%61", "/v1/a", "/v1/%61", "/v1/a"),
        (b"/v1/a%2Fb", "/v1/a/b", "/v1/a%2Fb", "/v1/a%2Fb"),
        (b"/v1/<%2f", "/v1/</", "/v1/%3C/", "/v1/</"),
        (b"/v1/\xc3\xa9", "/v1/\xe9", "/v1/%C3%A9", "/v1/\xe9"),
        (b"/v1/%ff", "/v1/\udcff", "/v1/%ff", "/v1/\udcff"),
    ],
)
def test_a_target_is_decoded_once(raw: bytes, path: str, escaped: str, mux_path: str) -> None:
    target = Target.of(raw, b"")
    assert (target.path, target.escaped, target.mux_path) == (path, escaped, mux_path)


@given(st.text(alphabet="/.ab", max_size=12))
def test_a_clean_path_stays_clean(rest: str) -> None:
    clean = clean_path("/" + rest)
    assert clean_path(clean) == clean
    assert "//" not in clean
    assert not {".", ".."} & set(clean.split("/"))


def test_a_query_leaves_out_what_is_broken() -> None:
    assert parse_query("a=1&b=%zz&c&a=2&d=x;y&=e&f=+%20") == {
        "a": ["1", "2"],
        "c": [""],
        "": ["e"],
        "f": ["  "],
    }


def test_refused_policies_get_the_words_of_the_server() -> None:
    """Everything gets some words; most get exactly those of the server."""
    rows = [orjson.loads(line) for line in gzip.decompress(RECORDED.read_bytes()).splitlines()]
    alike = refused = 0
    for row in rows:
        source = Source.of(decode_policy_field(row["policy"]), "p")
        compiled = compile_policy(source, "p", DIALECTS["openbao-2.7"], 1_790_000_000.0)
        if compiled.policy is None and row["error"]:
            refused += 1
            words = refusal_text(compiled.diagnostics)
            assert words.startswith("failed to parse policy: ")
            alike += words == row["error"]
    assert refused > 3000
    assert alike / refused > 0.65
