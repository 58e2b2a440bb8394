"""The formatter against the recorded answers of `bao policy fmt`.

It writes the same bytes, but for two things that the binary does and this does not: losing a
comment, and changing what a policy means. Which texts those are is judged here without the
formatter: by the words of the comments, and by the meaning, before and after.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from policy.errors import PolicyError
from policy.format import format_policy
from policy.lower import compile_policy
from policy.model import Dialect
from policy.source import Source
from policy.syntax import parse
from tests.format.recorded import comment_rows, language_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.format.recorded import Row

OPENBAO = Dialect.named("openbao-2.7")
# When the answers were recorded, near enough: all expirations lie long before or long after.
NOW = 1.79e9


def verdict(row: Row) -> str:
    """How the formatter stands to one recorded answer."""
    name, text, recorded, error = row
    source = Source.of(text, name)
    try:
        ours = format_policy(source, OPENBAO, NOW).text.encode("utf-8", "surrogateescape")
    except PolicyError:
        ours = None
    if recorded is None:
        assert error
        if "was already set" in error:
            # The printer's parser refuses what the server took. The layout is still plain.
            return "repeated argument"
        assert ours is None, (name, error)
        return "refused"
    if ours == recorded:
        return "same"
    if comment_words(recorded) != comment_words(text):
        assert ours is not None, name
        assert comment_words(ours) == comment_words(text), name
        return "comment lost"
    if meaning(recorded) != meaning(text):
        assert ours is None, name
        return "meaning changed"
    return "different"


def comment_words(text: bytes) -> Counter[str]:
    comments = parse(Source.of(text), OPENBAO).document.comments
    return Counter(word for comment in comments for word in comment.text.split())


def meaning(text: bytes) -> list[object]:
    policy = compile_policy(Source.of(text), "p", OPENBAO, NOW).policy
    if policy is None:
        return ["refused"]
    return [repr(rule._replace(span=policy.rules[0].span)) for rule in policy.rules]


def figures(rows: Iterable[Row]) -> Counter[str]:
    counted: Counter[str] = Counter()
    different = []
    for row in rows:
        found = verdict(row)
        counted[found] += 1
        if found == "different":
            different.append(row[0])
    assert not different
    return counted


def test_texts_of_the_language() -> None:
    # The two whose meaning changes end a heredoc in carriage returns; all the refused are JSON.
    assert figures(language_rows()) == {
        "same": 1744,
        "comment lost": 37,
        "meaning changed": 2,
        "refused": 470,
        "repeated argument": 86,
    }


def test_texts_full_of_comments() -> None:
    found = figures(comment_rows())
    assert found["same"] > 500, found


@pytest.mark.parametrize("rows", [language_rows, comment_rows])
def test_it_settles(rows: Callable[[], Iterable[Row]]) -> None:
    """Formatting what is formatted changes nothing, as with the binary: except that lines may
    have moved apart, or together, in a text with comments or with strings of several lines."""
    for name, text, _, _ in rows():
        try:
            once = format_policy(Source.of(text, name), OPENBAO, NOW).text
        except PolicyError:
            continue
        twice = format_policy(Source.of(once, name), OPENBAO, NOW).text
        if b"<<" not in text and b"${" not in text and not comment_words(text):
            assert twice == once, name
