"""Recorded policy texts, as material to damage."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

__all__ = ["recorded_texts"]

_FILE = Path(__file__).parents[2] / "fixtures" / "recorded" / "language" / "cases.jsonl.gz"
_LONGEST = 2000


@cache
def recorded_texts() -> tuple[str, ...]:
    """The texts of the language corpus that are not huge, shortest first."""
    with gzip.open(_FILE, "rt", encoding="utf-8") as file:
        found = {json.loads(line)["policy"] for line in file if line.strip()}
    short = (text for text in found if len(text) <= _LONGEST)
    return tuple(sorted(short, key=lambda text: (len(text), text)))
