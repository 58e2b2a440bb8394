"""Which path is checked: the one the application is called with, or none.

An application chooses what to do by the decoded path. A target that somebody on the way could
read as another path (a proxy, a router, the application itself) is refused, not interpreted: what
is checked is what is served.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

__all__ = ["refusal"]

_ENCODED_SEPARATOR: Final = re.compile(rb"%(?:2[fF]|5[cC])")


def refusal(path: str, raw_path: bytes | None) -> str | None:
    """Why a target is not checked at all, or None. `path` is decoded, `raw_path` as it was sent,
    where the server passes it on."""
    if not path.startswith("/"):
        return "it does not begin with a slash"
    if "//" in path:
        return "it has an empty segment"
    if "/." in path and any(part in (".", "..") for part in path.split("/")):
        return "it has a `.` or `..` segment"
    if "\\" in path:
        return "it has a backslash, which some take for a slash"
    if "%" in path:
        return "it is encoded twice"
    if not path.isprintable() or "\N{REPLACEMENT CHARACTER}" in path:
        return "it has an unprintable character"
    if raw_path is not None:
        if _ENCODED_SEPARATOR.search(raw_path):
            return "it has an encoded slash"
        if raw_path.isascii() and b"%" not in raw_path:
            return None if raw_path.decode() == path else "path and raw path differ"
        if unquote(raw_path.decode("utf-8", "replace")) != path:
            return "path and raw path differ"
    return None
