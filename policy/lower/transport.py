"""The step before the language: how the server takes the policy text out of a request."""

from __future__ import annotations

import binascii
import re

__all__ = ["decode_policy_field"]

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def decode_policy_field(field: str) -> str | bytes:
    """The policy text that the API field `policy` stands for.

    If the whole field is standard base64 (line breaks skipped, length a multiple of four, the
    unused bits of the last letter not checked), it is decoded, once; else it is the text itself.
    So `path` and `name` are base64, and the bytes they stand for no policy (OpenBao 2.7.2).
    """
    letters = field.replace("\r", "").replace("\n", "")
    if len(letters) % 4 or not _BASE64.fullmatch(letters):
        return field
    return binascii.a2b_base64(letters)
