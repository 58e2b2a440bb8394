"""The functions of a list filter: the standard ones of Go's templates, and those OpenBao adds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote_plus

from policy.lower.list_filter.values import MAX_VALUE, Value, text_of, undetermined
from policy.lower.scalars import lower_name

__all__ = ["CLOCK", "FUNCTIONS", "Function", "Surroundings"]


class Surroundings(Protocol):
    """What a function can ask the run for."""

    moment: int

    def chance(self, length: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Function:
    """A function and its parameters: `s` a string, `i` an integer, `a` anything, `a*` any number.

    It is called with the run it works in, for the clock and for chance, and with the values.
    """

    parameters: str
    call: Callable[..., Value]

    def types(self, count: int) -> str | None:
        """One letter for each of so many arguments; None if it does not take so many."""
        fixed = self.parameters.removesuffix("a*")
        if fixed == self.parameters:
            return fixed if count == len(fixed) else None
        return fixed + "a" * (count - len(fixed)) if count >= len(fixed) else None


def _pure(parameters: str, call: Callable[..., Value]) -> Function:
    return Function(parameters, lambda _run, *values: call(*values))


def _sprint(*values: Value) -> bytes:
    """`fmt.Sprint`: a space between two operands when neither is a string."""
    pieces: list[bytes] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, bytes) and not isinstance(values[index - 1], bytes):
            pieces.append(b" ")
        pieces.append(text_of(value))
    return b"".join(pieces)


def _sprintln(*values: Value) -> bytes:
    return b" ".join(map(text_of, values)) + b"\n"


def _sprintf(layout: bytes, *values: Value) -> bytes:
    rest = list(reversed(values))

    def formatted(match: re.Match[bytes]) -> bytes:
        if match[0] == b"%%":
            return b"%"
        verb, precision = match["verb"], match["precision"]
        if not rest:
            raise undetermined("it gives `printf` less than is printed")
        value = rest.pop()
        if isinstance(value, bytes):
            if verb in (b"s", b"v"):
                return _first_characters(value, int(precision)) if precision else value
            if verb == b"q" and not precision:
                return _quoted(value)
        elif not precision and (verb == b"v" or (verb == b"d" and type(value) is int)):
            return text_of(value)
        raise undetermined("it uses `printf` in a way that is not evaluated")

    result = _PRINTF_VERB.sub(formatted, layout)
    if rest:
        raise undetermined("it gives `printf` more than is printed")
    return result


_PRINTF_VERB = re.compile(rb"%(?:\.(?P<precision>[0-9]{1,4}))?(?P<verb>.?)", re.DOTALL)


def _quoted(text: bytes) -> bytes:
    if not text.isascii() or not text.decode().isprintable():
        raise undetermined("it quotes characters that are not printable ASCII")
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _first_characters(text: bytes, count: int) -> bytes:
    return text.decode("utf-8", "surrogateescape")[:count].encode("utf-8", "surrogateescape")


def _shown(*values: Value) -> bytes:
    """What `html`, `js` and `urlquery` make of their arguments before they escape it."""
    return _sprint(*(b"<no value>" if value is None else value for value in values))


def _html(*values: Value) -> bytes:
    text = _shown(*values)
    for character, entity in _HTML:
        text = text.replace(character, entity)
    return text


# The ampersand comes first, or it would find the others.
_HTML = (
    (b"&", b"&amp;"),
    (b"\0", "\N{REPLACEMENT CHARACTER}".encode()),
    (b'"', b"&#34;"),
    (b"'", b"&#39;"),
    (b"<", b"&lt;"),
    (b">", b"&gt;"),
)


def _js(*values: Value) -> bytes:
    text = _shown(*values)
    if not text.isascii():
        raise undetermined("it uses `js` with letters outside ASCII")
    return text.decode().translate(_JS).encode()


_JS = {code: f"\\u{code:04X}" for code in [*range(0x20), *b"<>&="]} | {
    code: f"\\{code:c}" for code in b"\\'\""
}


def _urlquery(*values: Value) -> bytes:
    return quote_plus(_shown(*values)).encode()


def _len(item: Value) -> int:
    if isinstance(item, bytes | dict):
        return len(item)
    raise ValueError("`len` is given a value that has no length")


def _index(item: Value, *names: Value) -> Value:
    if item is None:
        raise ValueError("`index` is given nothing")
    for name in names:
        match item, name:
            case dict(), bytes():
                item = item.get(name.decode("utf-8", "replace"))
            case bytes(), _:
                raise undetermined("it takes a single byte of a string")
            case _:
                raise ValueError("`index` is given something that cannot be indexed so")
    return item


def _slice(item: Value, *places: Value) -> bytes:
    numbers = [place for place in places if type(place) is int]
    if isinstance(item, bytes) and len(numbers) == len(places) <= 2:
        start, stop = numbers + [0, len(item)][len(numbers) :]
        if 0 <= start <= stop <= len(item):
            return item[start:stop]
    raise ValueError("`slice` is given something that cannot be cut so")


def _equal(first: Value, *others: Value) -> bool:
    if not others:
        raise ValueError("`eq` is given nothing to compare with")
    return any(_equal_pair(first, other) for other in others)


def _equal_pair(first: Value, other: Value) -> bool:
    if first is None or other is None:
        return first is other
    if type(first) is not type(other) or isinstance(first, dict):
        raise ValueError("values are compared that cannot be")
    return first == other


def _less(first: Value, other: Value) -> bool:
    if isinstance(first, bytes) and isinstance(other, bytes):
        return first < other
    if type(first) is int and type(other) is int:
        return first < other
    if type(first) is float and type(other) is float:
        return first < other
    raise ValueError("values are compared that have no order")


def _random(run: Surroundings, length: int) -> bytes:
    if length < 0:
        raise ValueError("`random` needs a length")
    if length == 1 or length > MAX_VALUE:
        raise undetermined("it asks for too few or too many random characters")
    return run.chance(length).encode()


def _uuid(run: Surroundings) -> bytes:
    digits = run.chance(32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).encode()


def _truncate(length: int, text: bytes) -> bytes:
    if length <= 0:
        raise ValueError("`truncate` needs a length above 0")
    return text[:length]


def _truncate_sha256(length: int, text: bytes) -> bytes:
    if length <= 8:
        raise ValueError("`truncate_sha256` needs a length above 8")
    if len(text) <= length:
        return text
    return text[: length - 8] + _sha256(text[length - 8 :])[:8]


def _sha256(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _uppercase(text: bytes) -> bytes:
    if not text.isascii():
        raise undetermined("it uses `uppercase` with letters outside ASCII")
    return text.upper()


def _lowercase(text: bytes) -> bytes:
    return lower_name(text.decode("utf-8", "surrogateescape")).encode()


def _replace(old: bytes, new: bytes, text: bytes) -> bytes:
    if not old and not text.isascii():
        raise undetermined("it replaces nothing between letters outside ASCII")
    if len(text) + text.count(old) * len(new) > MAX_VALUE:
        raise undetermined("its values grow too large")
    return text.replace(old, new)


def _decode_base64(text: bytes) -> bytes:
    # Go skips line breaks, and does not check the unused last bits.
    return base64.b64decode(text.translate(None, b"\r\n"), validate=True)


def _glob(pattern: bytes, text: bytes) -> bool:
    """Whether the text matches; `*` is the only wildcard."""
    start, *parts = pattern.split(b"*")
    if not parts:
        return text == pattern
    if not text.startswith(start):
        return False
    at = len(start)
    for part in parts[:-1]:
        at = text.find(part, at) + len(part)
        if at < len(part):
            return False
    return text[at:].endswith(parts[-1])


CLOCK = frozenset({"timestamp", "unix_time", "unix_time_millis"})

FUNCTIONS: dict[str, Function] = {
    "and": _pure("aa*", lambda *values: values[-1]),
    "base64": _pure("s", base64.b64encode),
    "decode_base64": _pure("s", _decode_base64),
    "decode_hex": _pure("s", binascii.unhexlify),
    "eq": _pure("aa*", _equal),
    "ge": _pure("aa", lambda first, other: not _less(first, other)),
    "glob": _pure("ss", _glob),
    "gt": _pure("aa", lambda first, other: _less(other, first)),
    "hex": _pure("s", binascii.hexlify),
    "html": _pure("a*", _html),
    "index": _pure("aa*", _index),
    "js": _pure("a*", _js),
    "le": _pure("aa", lambda first, other: not _less(other, first)),
    "len": _pure("a", _len),
    "lowercase": _pure("s", _lowercase),
    "lt": _pure("aa", _less),
    "ne": _pure("aa", lambda first, other: not _equal(first, other)),
    "not": _pure("a", lambda value: not value),
    "or": _pure("aa*", lambda *values: values[-1]),
    "print": _pure("a*", _sprint),
    "printf": _pure("sa*", _sprintf),
    "println": _pure("a*", _sprintln),
    "random": Function("i", _random),
    "replace": _pure("sss", _replace),
    "sha256": _pure("s", _sha256),
    "slice": _pure("aa*", _slice),
    "timestamp": Function("s", lambda run, layout: b"%b@%d" % (layout, run.moment)),
    "truncate": _pure("is", _truncate),
    "truncate_sha256": _pure("is", _truncate_sha256),
    "unix_time": Function("", lambda run: b"%d" % run.moment),
    "unix_time_millis": Function("", lambda run: b"%d000" % run.moment),
    "uppercase": _pure("s", _uppercase),
    "urlquery": _pure("a*", _urlquery),
    "uuid": Function("", _uuid),
}
