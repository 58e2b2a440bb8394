"""Texts, offsets and places."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import SourceError
from policy.source import MAX_SOURCE_BYTES, UNICODE_SPACE, Position, Source, printable


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    assert Source.of(b"a\xffb").text == "a\udcffb"
    assert Source.of("é".encode()).text == "é"
    assert Source.of("x").name == "<policy>"


def test_text_may_be_as_large_as_a_request() -> None:
    assert len(Source.of(b" " * MAX_SOURCE_BYTES).text) == MAX_SOURCE_BYTES
    assert Source.of("é" * (MAX_SOURCE_BYTES // 2)).name == "<policy>"


@pytest.mark.parametrize(
    "text",
    [
        b" " * (MAX_SOURCE_BYTES + 1),
        " " * (MAX_SOURCE_BYTES + 1),
        # Fewer characters than the limit, but more bytes.
        "é" * (MAX_SOURCE_BYTES // 2 + 1),
        "\U0001f600" * (MAX_SOURCE_BYTES // 4 + 1),
    ],
    ids=["bytes", "characters", "two-byte", "four-byte"],
)
def test_larger_texts_are_refused(text: str | bytes) -> None:
    with pytest.raises(SourceError, match=r"^big\.hcl: larger than 32 MiB"):
        Source.of(text, "big.hcl")


def test_white_space_is_that_of_the_server() -> None:
    # Go's unicode.IsSpace: category Z and a few controls.
    spaces = {chr(c) for c in range(0x10000) if unicodedata.category(chr(c)).startswith("Z")}
    assert set(UNICODE_SPACE) == spaces | set("\t\n\v\f\r\x85")


@pytest.mark.parametrize("text", ["{", " {", "\u3000{", "\n\n{x"])
def test_json_begins_with_a_brace(text: str) -> None:
    assert Source.of(text).is_json


@pytest.mark.parametrize("text", ["", "x{", "\ufeff{", "\x1c{", "# {"])
def test_all_else_is_hcl(text: str) -> None:
    assert not Source.of(text).is_json


def test_line_breaks_are_normalized_once_and_in_hcl_only() -> None:
    source = Source.of("a\r\nb\r\r\nc")
    assert source.normalized.text == "a\nb\r\nc"
    assert source.normalized.normalized is source.normalized
    json = Source.of("{\r\n}")
    assert json.normalized is json
    plain = Source.of("a\nb")
    assert plain.normalized is plain


def test_places() -> None:
    source = Source.of("ab\n\nc\n")
    places = [source.position(offset) for offset in range(7)]
    assert places == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (4, 1)]
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["ab", "", "c", ""]
    assert Source.of("").position(0) == Position(1, 1)


@given(st.text(alphabet="ab\n\ré"), st.data())
def test_a_place_leads_back_to_its_character(text: str, data: st.DataObject) -> None:
    source = Source.of(text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = source.position(offset)
    before = text[:offset]
    assert line == before.count("\n") + 1
    assert before.endswith(source.line(line)[: column - 1])
    assert source.line(line) == text.split("\n")[line - 1]


@pytest.mark.parametrize(
    ("text", "keep", "shown"),
    [
        ("secret/é", "", "secret/é"),
        ("a\x1b[2Jb\nALLOW", "", "a\ufffd[2Jb\ufffdALLOW"),
        ("a\x1b\nb", "\n", "a\ufffd\nb"),
        ("a\udcffb\u2028", "", "a\ufffdb\ufffd"),
    ],
)
def test_what_is_not_printable_is_replaced(text: str, keep: str, shown: str) -> None:
    assert printable(text, keep) == shown
