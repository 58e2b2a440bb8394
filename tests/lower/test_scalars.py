"""Numbers, durations, dates and names as Go reads them.

Which texts are taken and which are refused was recorded on OpenBao 2.7.2, by writing a policy with
the text in `pagination_limit`, `min_wrapping_ttl`, `expiration` or as a parameter's name, and so
were the values that a listing of the compiled rule shows. "Read" marks what was not.
"""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.lower.scalars import (
    NANOSECONDS,
    duration_from_number,
    lower_name,
    parse_duration,
    parse_expiration,
    parse_float,
    parse_integer,
    template_delay,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
HOUR = 3600 * NANOSECONDS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("5", 5),
        ("+5", 5),
        ("-5", -5),
        ("007", 7),
        ("010", 8),
        ("0_7", 7),
        ("-01", -1),
        ("0x1F", 31),
        ("0X1f", 31),
        ("-0x10", -16),
        ("0x_1", 1),
        ("0b11", 3),
        ("0B1_1", 3),
        ("0o17", 15),
        ("0O17", 15),
        ("1_000", 1000),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0x7fffffffffffffff", 2**63 - 1),
        ("0777777777777777777777", 2**63 - 1),
        ("0" * 5000 + "7", 7),
    ],
)
def test_integer(text: str, value: int) -> None:
    assert parse_integer(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "-", "read", " 5", "5 ", "5\n", "--5", "+-5"),
        *("08", "018", "0x", "0b", "0o", "0b2", "0o8", "0xG"),
        *("_1", "1_", "1__0", "0x_", "0x1__0", "0_", "_0x1"),
        *("5.0", "1e3", "\u0665", "\uff11"),
    ],
)
def test_not_an_integer(text: str) -> None:
    with pytest.raises(ValueError, match="is not an integer"):
        parse_integer(text)


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775808",
        "-9223372036854775809",
        "0xffffffffffffffff",
        "99999999999999999999",
        "9" * 5000,  # longer than the decimal numbers that Python reads
    ],
)
def test_integer_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match="out of range for a 64-bit integer"):
        parse_integer(text)


@given(INT64)
def test_every_integer_in_every_base(value: int) -> None:
    for form in ("d", "#x", "#o", "#b", "_d"):
        assert parse_integer(format(value, form)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.", 1.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-1.9", -1.9),
        ("00.5", 0.5),
        ("0978.5", 978.5),
        ("08e1", 80.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1.5e-3", 0.0015),
        ("0e5", 0.0),
        ("1e-400", 0.0),
    ],
)
def test_float(text: str, value: float) -> None:
    assert parse_float(text) == value


@pytest.mark.parametrize("text", ["1e", "1e\n", "1e}", "0e+}", "1e-x", "1e#", ".5e"])
def test_not_a_float(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_float(text)


@pytest.mark.parametrize("text", ["", ".", "1.5.5", "0x1p3", "1_0.5", "inf", "\u0665.0"])
def test_what_no_scanner_gives_is_no_float_either(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_float(text)


@pytest.mark.parametrize("text", ["1e400", "-1e400"])
def test_float_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        parse_float(text)


# Whole seconds, as the listing of the compiled rule shows them.
DURATIONS = {
    "": 0,
    "0": 0,
    "-0": 0,
    "+0": 0,
    "60": 60,
    "-60": -60,
    "+60": 60,
    "060": 60,
    "9223372036": 9223372036,
    "1d": 86400,
    "-1d": -86400,
    "+1d": 86400,
    "00d": 0,
    "106751d": 9223286400,
    "1ns": 0,
    "1us": 0,
    "1\N{MICRO SIGN}s": 0,
    "1\N{GREEK SMALL LETTER MU}s": 0,
    "1ms": 0,
    "1s": 1,
    "1m": 60,
    "1h": 3600,
    "1.5h": 5400,
    ".5h": 1800,
    "-.5h": -1800,
    "5.h": 18000,
    "1h30m": 5400,
    "30m1h": 5400,
    "1h1h": 7200,
    "-1h": -3600,
    "+1h": 3600,
    "0.0000000001s": 0,
    "1.9999999999s": 1,
    "1.9999999999999999999999s": 2,
    "0.333333333333333h": 1199,
    "0.9223372036854775808s": 0,
    "00000000000000000000000000000000000001s": 1,
    "2562047h47m16.854775807s": 9223372036,
    "9223372036854775807ns": 9223372036,
    "-9223372036854775808ns": -9223372036,
    "-9223372036.854775808s": -9223372036,
    "-9223372036854775807ns1ns": -9223372036,
    # Go forgets to check a sum that wraps to nothing.
    "9223372036854775808ns9223372036854775808ns": 0,
}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_duration(text: str, seconds: int) -> None:
    nanoseconds = parse_duration(text)
    sign = -1 if nanoseconds < 0 else 1
    assert sign * (abs(nanoseconds) // NANOSECONDS) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("1_0", " 60", "60 ", " ", "60.5", "1e3", "1.5", "0.0", "0.", "-", "+"),
        *("1w", "1y", "1M", "1H", "1D", "1x", "1hour", "h", "h1", "1h30", "0ns0", "1\n", "1h\0"),
        *(".", "..5h", "1..s", "1.0.0h", "--1h", "1h-30m", "1h 30m", "1 h", "1_0s", "1e3s"),
        *("d", "+d", "1.5d", "1d12h", "1d ", "1_0d", "0x1d", "P1D", "PT1H", "01:00:00", "infinity"),
        *("1\u0661", "\u0661h", "0x10", "bogus"),
        *("9223372037", "-9223372037", "106752d", "-106752d", "9223372037s", "2562048h"),
        *("9223372036854775807", "9223372036854775808", "9223372036854775808ns"),
        *("9223372036854775807ns1ns", "9223372036854775808ns1ns", "2562047.9999h"),
        *("2562047h47m16.854775808s", "1000000000000000000000ns", "9" * 5000 + "s"),
    ],
)
def test_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|unit"):
        parse_duration(text)


def test_fractions_of_a_second_are_kept() -> None:
    # Recorded: 1500ms is more than 1 second when the TTLs are compared.
    assert parse_duration("1500ms") == 1_500_000_000
    assert parse_duration("1h0.000000001s") == HOUR + 1


@given(st.integers(-9223372036, 9223372036))
def test_seconds_mean_the_same_as_number_and_text(seconds: int) -> None:
    expected = seconds * NANOSECONDS
    assert duration_from_number(seconds) == expected
    assert parse_duration(str(seconds)) == expected
    assert parse_duration(f"{seconds}s") == expected


@pytest.mark.parametrize(
    ("number", "seconds"), [(1.9, 1), (-1.9, -1), (0.5, 0), (1000.0, 1000), (-60, -60)]
)
def test_a_number_is_cut_to_whole_seconds(number: float, seconds: int) -> None:
    assert duration_from_number(number) == seconds * NANOSECONDS


@pytest.mark.parametrize(
    "number",
    [9223372037, -9223372037, 2**63 - 1, -(2**63), 1e30, float("inf"), float("-inf"), float("nan")],
)
def test_a_number_too_large_for_a_duration(number: float) -> None:
    with pytest.raises(ValueError, match="too large for a duration"):
        duration_from_number(number)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-01-01T00:00:00Z", 946684800),
        ("2099-01-01T0:00:00Z", 4070908800),
        ("2099-01-01T00:00:00+00:00", 4070908800),
        ("2099-01-01T00:00:00-00:00", 4070908800),
        ("2099-01-01T00:00:00-23:59", 4070908800 + 86340),
        ("2099-01-01T00:00:00+01:60", 4070908800 - 7200),
        ("2099-01-01T00:00:00+24:60", 4070908800 - 90000),
        ("2400-02-29T00:00:00Z", 13574563200),
        ("0000-01-01T00:00:00Z", -62167219200),
        ("0000-02-29T00:00:00Z", -62162121600),
        ("9999-12-31T23:59:59Z", 253402300799),
        ("4102444800", 4102444800),
        ("+4102444800", 4102444800),
        ("0364030653400", 364030653400),
        ("0", 0),
        ("-1", -1),
        ("253402300800", 253402300800),
        # The largest moment that does not wrap around: recorded as kept, one more as expired.
        ("9223371974719179007", 9223371974719179007),
    ],
)
def test_expiration(text: str, seconds: int) -> None:
    assert parse_expiration(text) == seconds * NANOSECONDS


@pytest.mark.parametrize(
    ("fraction", "nanoseconds"),
    [(".123", 123_000_000), (",5", 500_000_000), (".123456789", 123_456_789)],
)
def test_fraction_of_an_expiration(fraction: str, nanoseconds: int) -> None:
    assert parse_expiration(f"1970-01-01T00:00:00{fraction}Z") == nanoseconds


def test_fraction_of_an_expiration_is_cut_after_nine_digits() -> None:
    assert parse_expiration("1970-01-01T00:00:00.9999999999999Z") == 999_999_999


@pytest.mark.parametrize(
    "text", ["9223371974719179008", "9223372036854775807", "-9223372036854775808"]
)
def test_extreme_expirations_lie_in_the_past(text: str) -> None:
    moment = parse_expiration(text)
    assert moment is not None
    assert moment < 0


def test_no_expiration() -> None:
    assert parse_expiration("") is None


@pytest.mark.parametrize(
    "text",
    [
        *("2099-01-01T00:00:00.Z", "2099-01-01T00:00:00,Z", "2099-01-01T00:00:00.5.5Z"),
        *("2099-01-01T00:00:00+01", "2099-01-01T00:00:00+1:00", "2099-01-01T00:00:00+0100"),
        *("2099-01-01T00:00:00+24:61", "2099-01-01T00:00:00+25:00"),
        *("2099-01-01T00:00:00.5+01:00:00", "2099-01-01T00:00:00\u221201:00"),
        *("2099-01-01T00:00:00z", "2099-01-01t00:00:00Z", "2099-01-01 00:00:00Z"),
        *("2099-01-01T00:00:00", "2099-01-01T00:00Z", "2099-01-01", "20990101T000000Z"),
        *("2099-1-1T00:00:00Z", "2099-01-01T00:0:00Z", "2099-01-01T00:00:0Z"),
        *("2099-01-01T000:00:00Z", "2099-01-01T:00:00Z", "2099-01-01T1 :00:00Z"),
        *("2099-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "0100-02-29T00:00:00Z"),
        *("2099-00-01T00:00:00Z", "2099-13-01T00:00:00Z", "2099-01-00T00:00:00Z"),
        *("2099-01-32T00:00:00Z", "2099-04-31T00:00:00Z"),
        *("2099-01-01T24:00:00Z", "2099-01-01T00:60:00Z", "2099-01-01T23:59:60Z"),
        *("99999-01-01T00:00:00Z", "+2099-01-01T00:00:00Z", "-001-01-01T00:00:00Z"),
        *("2099-01-01T00:00:00 Z", "2099-01-01T00:00:00UTC", "2099-01-01T00:00:00Z ", "\n"),
        *("Mon, 02 Jan 2099 15:04:05 GMT", "2099-W01-1T00:00:00Z"),
        *("\u0662099-01-01T00:00:00Z", "4102444800.5", "0xf4865700", "1h", "1d", " "),
        *("4102444800\n", "9223372036854775808", "99999999999999999999", "1_0", "+", "-", "+-1"),
    ],
)
def test_not_an_expiration(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither an RFC 3339 time nor|that exists"):
        parse_expiration(text)


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        ("", ""),
        ("Token_TTL", "token_ttl"),
        ("\u00c9", "\u00e9"),
        ("\u0130", "i"),
        ("\u03a3\u03a3", "\u03c3\u03c3"),  # no final sigma
        ("\u1e9e", "\u00df"),
        ("\u01c5", "\u01c6"),
        ("\u13a0", "\uab70"),
        ("\U00010400", "\U00010428"),
        # Pairs that only the tables of Unicode 16 and 17 have.
        ("\u1c89\ua7cb\ua7ce\ua7d2\ua7dc", "\u1c8a\u0264\ua7cf\ua7d3\u019b"),
        ("\U00010d50\U00010d65", "\U00010d70\U00010d85"),
        ("\U00016ea0\U00016eb8", "\U00016ebb\U00016ed3"),
        # Read: Go puts U+FFFD for each byte that is not UTF-8 once it maps a text.
        ("A\udcff\udcfe", "a\ufffd\ufffd"),
    ],
)
def test_lower_name(text: str, lower: str) -> None:
    assert lower_name(text) == lower


def test_lower_name_maps_each_character_to_one() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        lower = lower_name(char)
        assert len(lower) == 1
        # What Python does not know as a capital letter is one of a later Unicode.
        if unicodedata.category(char) in ("Ll", "Lo", "Nd"):
            assert lower == char


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h", 3600), ("-90s", -90), ("1500ms", 1.5), ("0", 0), ("1.5h", 5400)]
)
@pytest.mark.parametrize("with_units", [True, False])
def test_template_delay(text: str, seconds: float, with_units: bool) -> None:
    assert template_delay(text, with_units) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1d", 86400), ("", 0), ("-5", -5)])
def test_template_delay_with_and_without_plain_numbers(text: str, seconds: int) -> None:
    # Read: Vault 1.11 parses a Go duration, later servers what a TTL may be.
    assert template_delay(text, with_units=True) == seconds
    with pytest.raises(ValueError, match=r"duration|unit"):
        template_delay(text, with_units=False)


def test_messages_are_short_and_safe_on_a_terminal() -> None:
    with pytest.raises(ValueError, match="is not an integer") as caught:
        parse_integer("\x1b[31m" + "x" * 1000)
    assert len(str(caught.value)) < 100
    assert str(caught.value).isprintable()
