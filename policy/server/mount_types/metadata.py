"""The metadata that entities, groups, aliases and secrets carry, checked (OpenBao 2.7.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.server.answers import Refused
from policy.server.go_text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_custom_metadata", "check_metadata"]

_MAX_PAIRS: Final = 64
_MAX_KEY_BYTES: Final = 128
_MAX_VALUE_BYTES: Final = 512
_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_RESERVED: Final = "vault-"


def check_metadata(pairs: Mapping[str, str], kind: str) -> None:
    """What an entity or a group may carry. Raises `Refused`."""
    if len(pairs) > _MAX_PAIRS:
        problem = f"metadata cannot contain more than {_MAX_PAIRS} key/value pairs"
        raise Refused.listed(500, f"invalid {kind} metadata: {problem}")
    for key, value in pairs.items():
        problem = _pair_problem(key, value)
        if problem:
            pair = f"({quoted(key)}, {quoted(value)})"
            raise Refused.listed(
                500, f"invalid {kind} metadata: failed to load metadata pair {pair}: {problem}"
            )


def _pair_problem(key: str, value: str) -> str:
    if not key:
        return "key cannot be blank"
    if not _KEY.fullmatch(key):
        return "key contains invalid characters"
    if len(key) > _MAX_KEY_BYTES:
        return f"key is too long (limit: {_MAX_KEY_BYTES} characters)"
    if key.startswith(_RESERVED):
        return f"key prefix {quoted(_RESERVED)} is reserved for internal use"
    if len(value.encode()) > _MAX_VALUE_BYTES:
        return f"value is too long (limit: {_MAX_VALUE_BYTES} characters)"
    return ""


def check_custom_metadata(pairs: Mapping[str, str], status: int) -> None:
    """What an alias or a secret may carry. Raises `Refused` with this status and every problem."""
    problems = []
    if len(pairs) > _MAX_PAIRS:
        problems.append(f"payload must contain at most {_MAX_PAIRS} keys, provided {len(pairs)}")
    for key, value in pairs.items():
        key_bytes, value_bytes = len(key.encode()), len(value.encode())
        if not 0 < key_bytes <= _MAX_KEY_BYTES:
            problems.append(
                f"length of key {quoted(key)} is {key_bytes} but must be 0 < len(key) <= "
                f"{_MAX_KEY_BYTES}"
            )
        if not 0 < value_bytes <= _MAX_VALUE_BYTES:
            problems.append(
                f"length of value for key {quoted(key)} is {value_bytes} but must be 0 < "
                f"len(value) <= {_MAX_VALUE_BYTES}"
            )
        if not key.isprintable():
            problems.append(f"key {quoted(key)} ({key}) contains unprintable characters")
        if not value.isprintable():
            problems.append(f"value for key {quoted(key)} contains unprintable characters")
    if problems:
        count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        lines = "".join(f"\t* custom_metadata validation failed: {text}\n" for text in problems)
        raise Refused(status, f"{count} occurred:\n{lines}\n")
