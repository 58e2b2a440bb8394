"""Numbers, durations, dates and names, read exactly as the server's Go libraries read them.

Every function is pure and raises `ValueError` with one short phrase. Durations and dates are whole
nanoseconds, as in Go: a fraction of a second decides whether one TTL is less than another. What is
not obvious was seen on OpenBao 2.7.2; the rest is recorded in `fixtures/recorded/language`.
"""

from __future__ import annotations

import re

from policy.source import printable

__all__ = [
    "NANOSECONDS",
    "duration_from_number",
    "lower_name",
    "parse_duration",
    "parse_expiration",
    "parse_float",
    "parse_integer",
    "template_delay",
]

NANOSECONDS = 1_000_000_000
"""Nanoseconds in a second."""

_INT64_MIN = -(1 << 63)
_INT64_MAX = (1 << 63) - 1
_DIGITS_OF_INT64 = 19


def parse_integer(text: str) -> int:
    """A 64-bit integer as `strconv.ParseInt(text, 0, 64)` reads it.

    Decimal, `0x`, `0o`, `0b` or leading-zero octal, with a sign and with single underscores after a
    prefix or between digits. Raises `ValueError` for another form and outside the range.
    """
    match = _INTEGER.fullmatch(text)
    if match is None:
        raise ValueError(f"`{_shown(text)}` is not an integer")
    sign, base = match["sign"], _BASES[match.lastgroup or ""]
    digits = match[match.lastgroup or ""].replace("_", "")
    return _int64(sign, digits, base, text)


def parse_float(text: str) -> float:
    """A FLOAT token (or another decimal number) as `strconv.ParseFloat(text, 64)` reads it.

    The scanner lets a character that is no digit follow an exponent, as in `1e}`; that is refused
    here, and so is a number beyond the largest double. One too small becomes zero.
    """
    if _FLOAT.fullmatch(text) is None:
        raise ValueError(f"`{_shown(text)}` is not a number")
    value = float(text)
    if abs(value) == float("inf"):
        raise ValueError(f"`{_shown(text)}` is out of range for a 64-bit float")
    return value


def parse_duration(text: str) -> int:
    """A TTL in nanoseconds, as `parseutil.ParseDurationSecond` reads a string.

    Empty is 0. A whole number in base ten is seconds, with a final `d` days, anything else a Go
    duration such as `1h30m` or `.5h`. Negative values are fine. Raises `ValueError` for other forms
    and outside 64-bit nanoseconds.
    """
    if not text:
        return 0
    seconds = _decimal_int64(text)
    if seconds is not None:
        return _in_range(seconds * NANOSECONDS, text)
    if text.endswith("d"):
        days = _decimal_int64(text[:-1])
        if days is None:
            raise ValueError(f"`{_shown(text)}` is not a duration: days must be a whole number")
        return _in_range(days * 24 * _UNITS["h"], text)
    return _go_duration(text)


def duration_from_number(value: int | float) -> int:
    """A TTL in nanoseconds from a number of seconds; a fraction is cut off, toward zero.

    Raises `ValueError` outside 64-bit nanoseconds, infinities and NaN included.
    """
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise ValueError(f"`{value}` seconds is too large for a duration")
    return _in_range(int(value) * NANOSECONDS, f"{value} seconds")


def parse_expiration(text: str) -> int | None:
    """The moment an `expiration` names, in nanoseconds since 1970; None when it is empty.

    RFC 3339 as Go's `time.Parse` takes it: `T` and `Z` in upper case, a fraction after `.` or `,`
    (cut after nine digits), an hour of one or two digits, offsets up to 24 hours and 60 minutes, no
    leap second and no 24:00. Or whole seconds since 1970 in base ten. The largest of those wrap
    around into the distant past, as they do on the server, so that such a rule has expired.
    Raises `ValueError` for anything else.
    """
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        seconds = _decimal_int64(text)
        if seconds is None:
            raise ValueError(
                f"`{_shown(text)}` is neither an RFC 3339 time nor whole seconds since 1970"
            )
        # Go counts from the year 1, in 64 bits.
        return (_wrapped(seconds + _YEAR_1_TO_1970) - _YEAR_1_TO_1970) * NANOSECONDS
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    fraction, sign, offset_hours, offset_minutes = match.group(7, 8, 9, 10)
    hours, minutes = int(offset_hours or 0), int(offset_minutes or 0)
    if hour > 23 or minute > 59 or second > 59 or hours > 24 or minutes > 60:
        raise ValueError(f"`{_shown(text)}` is not a time that exists")
    offset = (hours * 60 + minutes) * (-1 if sign == "-" else 1)
    minutes_since_1970 = (_days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset
    seconds = minutes_since_1970 * 60 + second
    return seconds * NANOSECONDS + int((fraction or "")[:9].ljust(9, "0"))


def lower_name(text: str) -> str:
    """The text as Go's `strings.ToLower` gives it: each character for itself, never longer.

    So U+0130 becomes a plain `i`, and a capital sigma the same small one in every place. A byte
    that is not UTF-8 (a lone surrogate here) becomes U+FFFD, as in any Go text that is not all
    ASCII. The tables are those of Unicode 17: OpenBao 2.7.2 was asked for every character up to
    U+1FFFF.
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_lower_character, text))


def template_delay(text: str, with_units: bool) -> float:
    """The X of `{{time.now.plus.X}}`, in seconds, fractions kept.

    `with_units` is `Dialect.time_offset_units`: days, plain seconds and the empty text count too,
    as for a TTL; otherwise only a Go duration does (Vault 1.11). Raises `ValueError`.
    """
    return (parse_duration(text) if with_units else _go_duration(text)) / NANOSECONDS


_INTEGER = re.compile(
    r"""(?P<sign>[+-]?)
    (?: 0[xX](?P<hexadecimal>_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)
      | 0[oO](?P<octal>_?[0-7]+(?:_[0-7]+)*)
      | 0[bB](?P<binary>_?[01]+(?:_[01]+)*)
      | (?P<leading_zero>0[0-7]*(?:_[0-7]+)*)
      | (?P<decimal>[1-9][0-9]*(?:_[0-9]+)*)
    )""",
    re.VERBOSE,
)
_BASES = {"hexadecimal": 16, "octal": 8, "binary": 2, "leading_zero": 8, "decimal": 10}
_DECIMAL = re.compile(r"([+-]?)([0-9]+)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"(?:[.,]([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\N{MICRO SIGN}s": 1_000,
    "\N{GREEK SMALL LETTER MU}s": 1_000,
    "ms": 1_000_000,
    "s": NANOSECONDS,
    "m": 60 * NANOSECONDS,
    "h": 3600 * NANOSECONDS,
}

_YEAR_1_TO_1970 = 62_135_596_800
_DAYS_IN_400_YEARS = 146_097

_LOWER = (
    # The only character whose full mapping (Python) is longer than its simple one (Go).
    {"\u0130": "i"}
    # Pairs of Unicode 16 and 17, which the tables of an older Python do not have.
    | {
        "\u1c89": "\u1c8a",
        "\ua7cb": "\u0264",
        "\ua7cc": "\ua7cd",
        "\ua7ce": "\ua7cf",
        "\ua7d2": "\ua7d3",
        "\ua7d4": "\ua7d5",
        "\ua7da": "\ua7db",
        "\ua7dc": "\u019b",
    }
    | {chr(upper): chr(upper + 0x20) for upper in range(0x10D50, 0x10D66)}
    | {chr(upper): chr(upper + 0x1B) for upper in range(0x16EA0, 0x16EB9)}
)


def _lower_character(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    return _LOWER.get(char) or char.lower()


def _go_duration(text: str) -> int:
    """`time.ParseDuration`, with its rounding, its overflow checks and the one it forgets."""
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned == "0":
        return 0
    if not unsigned:
        raise ValueError(f"`{_shown(text)}` is not a duration")
    total = at = 0
    while at < len(unsigned):
        match = _DURATION_PART.match(unsigned, at)
        assert match is not None  # every part of the expression is optional
        whole, fraction, unit = match.groups()
        if not whole and not fraction:
            raise ValueError(f"`{_shown(text)}` is not a duration: a number is missing")
        if not unit:
            raise ValueError(f"`{_shown(text)}` is not a duration: a unit is missing")
        if unit not in _UNITS:
            raise ValueError(f"`{_shown(text)}` has the unknown unit `{_shown(unit)}`")
        # The sum of two values of exactly 2**63 wraps to zero before Go checks it.
        total = (total + _magnitude(whole, fraction or "", _UNITS[unit], text)) % (1 << 64)
        if total > 1 << 63:
            raise ValueError(f"`{_shown(text)}` is too large for a duration")
        at = match.end()
    return _in_range(-total if text[0] == "-" else total, text)


def _magnitude(whole: str, fraction: str, unit: int, text: str) -> int:
    """One number and its unit, in nanoseconds; the fraction goes through a double, as in Go."""
    digits = whole.lstrip("0") or "0"
    amount = int(digits) if len(digits) <= _DIGITS_OF_INT64 else 1 << 64
    # Go keeps only as many digits of a fraction as fit into 63 bits.
    numerator, scale = 0, 1.0
    for digit in fraction:
        following = numerator * 10 + int(digit)
        if numerator > _INT64_MAX // 10 or following > 1 << 63:
            break
        numerator, scale = following, scale * 10
    result = amount * unit + int(numerator * (unit / scale))
    if amount > (1 << 63) // unit or result > 1 << 63:
        raise ValueError(f"`{_shown(text)}` is too large for a duration")
    return result


def _decimal_int64(text: str) -> int | None:
    """`strconv.ParseInt(text, 10, 64)`, or None where it fails, out of range included."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    try:
        return _int64(match[1], match[2], 10, text)
    except ValueError:
        return None


def _int64(sign: str, digits: str, base: int, text: str) -> int:
    """The value of digits already known to be of that base. Raises `ValueError` out of range."""
    digits = digits.lstrip("0") or "0"
    # 64 digits hold every 64-bit number; Python refuses to read very long decimal ones.
    value = int(sign + digits, base) if len(digits) <= 64 else _INT64_MAX + 1
    if not _INT64_MIN <= value <= _INT64_MAX:
        raise ValueError(f"`{_shown(text)}` is out of range for a 64-bit integer")
    return value


def _in_range(nanoseconds: int, text: str) -> int:
    if not _INT64_MIN <= nanoseconds <= _INT64_MAX:
        raise ValueError(f"`{_shown(text)}` is too large for a duration")
    return nanoseconds


def _wrapped(value: int) -> int:
    """The value as 64-bit two's complement arithmetic leaves it."""
    return (value - _INT64_MIN) % (1 << 64) + _INT64_MIN


def _days_since_1970(year: int, month: int, day: int) -> int:
    """Days of the Gregorian calendar, which repeats every 400 years; `date` has no year 0."""
    from datetime import date

    try:
        in_cycle = date(2000 + year % 400, month, day).toordinal()
    except ValueError:
        raise ValueError(f"`{year:04}-{month:02}-{day:02}` is not a day that exists") from None
    return in_cycle + (year // 400 - 5) * _DAYS_IN_400_YEARS - date(1970, 1, 1).toordinal()


def _shown(text: str) -> str:
    """A text for a message: short, and safe on a terminal."""
    return printable(text if len(text) <= 40 else text[:40] + "...")
