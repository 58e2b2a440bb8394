"""What strings and heredocs mean. Recorded on OpenBao 2.7.2 as `string-escape-*`,
`interpolation-*`, `heredoc-*` and `json-string-*`."""

from __future__ import annotations

import pytest

from policy.syntax import DecodeError, Key, Literal, LiteralKind, decode_key, decode_text
from policy.syntax.literals import decode_heredoc, decode_string


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (r'""', ""),
        (r'"a/b*"', "a/b*"),
        (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'),
        (r'"\052\x2a\u002a\U0000002a"', "****"),
        (r'"\xc3\xa9"', "é"),
        (r'"\303\251"', "é"),
        (r'"é\x21"', "é!"),
        (r'"\xff"', "\udcff"),
        (r'"\u00e9\U0001F600"', "é\U0001f600"),
        (r'"\377"', "\udcff"),
        (r'"\\x41"', r"\x41"),
        (r'"\x24{"', "${"),
    ],
)
def test_escapes_are_the_same_in_both_forms(raw: str, value: str) -> None:
    assert decode_string(raw) == value
    assert decode_string(raw, is_json=True) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (r'"\ud800"', "�"),
        (r'"\ud83d\ude00"', "��"),
        (r'"\U0000dfff"', "�"),
        (r'"\U8000002a"', "*"),
        (r'"\Uffffffff"', "\udcff"),
    ],
)
def test_what_is_no_character_in_hcl(raw: str, value: str) -> None:
    assert decode_string(raw) == value
    with pytest.raises(DecodeError):
        decode_string(raw, is_json=True)


@pytest.mark.parametrize("raw", [r'"\400"', r'"\777"', r'"\U00110000"', r'"\U7fffffff"'])
def test_where_the_server_drops_the_connection(raw: str) -> None:
    for is_json in (False, True):
        with pytest.raises(DecodeError, match=r"larger than one byte|no Unicode character"):
            decode_string(raw, is_json=is_json)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('"${x}"', "${x}"),
        (r'"\n${\n}\n"', "\n${\\n}\n"),
        (r'"a${b}c${d}e"', "a${b}c${d}e"),
        (r'"\"${"}"', '"${"}'),
        (r'"$${{}}\t"', "$${{}}\t"),
        (r'"${\"}\""', '${\\"}"'),
        (r'"\x24{${x}"', "${${x}"),
        (r'"\\${\400}"', "\\${\\400}"),
    ],
)
def test_nothing_is_translated_inside_a_region(raw: str, value: str) -> None:
    assert decode_string(raw) == value


def test_bytes_on_both_sides_of_a_region_stay_apart() -> None:
    assert decode_string(r'"\xc3${x}\xa9"') == "\udcc3${x}\udca9"
    assert decode_string(r'"\xc3\xa9${x}"') == "é${x}"


def test_a_replacement_character_in_a_region() -> None:
    with pytest.raises(DecodeError, match="FFFD"):
        decode_string('"${�}"')
    assert decode_string('"�${x}�"') == "�${x}�"
    assert decode_string('"${�}"', is_json=True) == "${�}"


def test_json_knows_no_regions() -> None:
    assert decode_string(r'"${\n}"', is_json=True) == "${\n}"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("<<E\nE\n", ""),
        ("<<E\nread\nE\n", "read\n"),
        ("<<E\nx\n  E\n", "x\n  "),
        ("<<E\n  x\n\ny\nE\n", "  x\n\ny\n"),
        ("<<E\n\\n ${x} \\q\nE\n", "\\n ${x} \\q\n"),
        ("<<-E\n  x\n  E\n", "x\n"),
        ("<<-E\n    x\n  y\n  E\n", "  x\ny\n"),
        ("<<-E\nx\n  E\n", "x\n"),
        ("<<-E\n  x \t\n y\n  E\n", "  x \t\n y\n"),
        ("<<-E\n  E\n", ""),
        ("<<-E\n\n  E\n", "\n"),
        # A carriage return behind the anchor shifts the cut into it.
        ("<<E\nx\nE\r\n", "x\nE"),
        ("<<-E\nx\nE\r\n", "x\n"),
    ],
)
def test_heredocs(raw: str, value: str) -> None:
    assert decode_heredoc(raw) == value


def test_keys_and_literals() -> None:
    assert decode_key(Key("path", 0)) == "path"
    assert decode_key(Key(r'"p\x61th"', 0)) == "path"
    assert decode_text(Literal(LiteralKind.STRING, r'"\x61"', 0), is_json=False) == "a"
    assert decode_text(Literal(LiteralKind.HEREDOC, "<<E\nx\nE\n", 0), is_json=False) == "x\n"
