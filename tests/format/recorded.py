"""The recorded answers of `bao policy fmt`, and how they are recorded anew.

    python -m tests.format.recorded

`fixtures/format/language.jsonl.gz` answers for each text of `fixtures/recorded/language` that the
server accepted (a text that comes twice once): `id` of the text, `formatted`, or null with
`error`. `fixtures/format/comments.jsonl.gz` has texts of its own, full of comments, in `policy`.
"""

from __future__ import annotations

import base64
import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import HealthCheck, given, seed, settings

from tests.format.oracle import Oracle
from tests.format.texts import texts
from tests.live.server import find_binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Row", "comment_rows", "language_rows"]

FIXTURES = Path(__file__).parents[2] / "fixtures"
LANGUAGE = ("cases", "bytes", "templates")
RANDOM_TEXTS = 700

Row = tuple[str, bytes, "bytes | None", "str | None"]
"""Name of a text, the text, what was written, and what was said instead."""


def language_rows() -> Iterator[Row]:
    """The recorded texts of the language, with their answers."""
    policies = dict(_language())
    for row in _read(FIXTURES / "format" / "language.jsonl.gz"):
        yield row["id"], policies[row["id"]], _encoded(row["formatted"]), row["error"]


def comment_rows() -> Iterator[Row]:
    """The recorded random texts with their answers."""
    for at, row in enumerate(_read(FIXTURES / "format" / "comments.jsonl.gz")):
        text = row["policy"].encode()
        yield f"comments-{at}", text, _encoded(row["formatted"]), row["error"]


def _language() -> Iterator[tuple[str, bytes]]:
    for name in LANGUAGE:
        for row in _read(FIXTURES / "recorded" / "language" / f"{name}.jsonl.gz"):
            if row["accepted"]:
                encoded = row.get("policy_base64")
                yield row["id"], base64.b64decode(encoded) if encoded else row["policy"].encode()


def _read(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file) as lines:
        yield from map(orjson.loads, lines)


def _write(file: Path, rows: Iterable[dict[str, object]]) -> None:
    with file.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
        for row in rows:
            stream.write(orjson.dumps(row) + b"\n")


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _random_texts() -> list[str]:
    found: dict[str, None] = {}

    @seed(0)
    @settings(
        max_examples=RANDOM_TEXTS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts())
    def collect(text: str) -> None:
        found[text] = None

    collect()
    return list(found)


def _record() -> None:
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(find_binary(), Path(folder))

        def answered(text: bytes) -> dict[str, object]:
            answer = oracle.ask(text)
            formatted = None if answer.formatted is None else answer.formatted.decode()
            return {"formatted": formatted, "error": answer.error}

        once = {text: name for name, text in reversed(list(_language()))}
        _write(
            FIXTURES / "format" / "language.jsonl.gz",
            ({"id": name, **answered(text)} for text, name in reversed(once.items())),
        )
        _write(
            FIXTURES / "format" / "comments.jsonl.gz",
            ({"policy": text, **answered(text.encode())} for text in _random_texts()),
        )


if __name__ == "__main__":
    _record()
