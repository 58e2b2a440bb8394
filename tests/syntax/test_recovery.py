"""All syntax errors of a file in one go, and the good blocks between them."""

from __future__ import annotations

import pytest

from policy.lower import compile_policy
from policy.model import DEFAULT_DIALECT
from policy.source import Source
from tests.syntax.texts import findings, parsed

BAD = 'path "bad" {\n  capabilities = ["read" "list"]\n}\n'
GOOD = 'path "good" {\n  capabilities = ["read"]\n}\n'


def places(text: str) -> list[int]:
    """The lines of all errors."""
    return [finding.source.position(finding.span.start).line for finding in findings(text)]


def good_blocks(text: str) -> int:
    return len(parsed(text).document.items)


@pytest.mark.parametrize(
    ("text", "lines", "good"),
    [
        (BAD, [2], 0),
        (BAD + GOOD, [2], 1),
        (GOOD + BAD, [5], 1),
        (BAD + BAD, [2, 5], 0),
        (GOOD + BAD + GOOD + BAD + GOOD, [5, 11], 3),
        (GOOD * 3 + BAD + GOOD * 3, [11], 6),
    ],
)
def test_every_broken_block_and_every_good_one(text: str, lines: list[int], good: int) -> None:
    assert places(text) == lines
    assert good_blocks(text) == good
    assert not parsed(text).accepted


def test_an_open_block_does_not_swallow_the_next() -> None:
    # The key `path` inside an open block is no syntax error, so the end shows it.
    text = 'path "open" {\n  capabilities = ["read"]\n\n' + GOOD
    (finding,) = findings(text)
    assert finding.code == "unexpected-end"
    assert finding.labels[0].span.start == text.index("{")


def test_an_open_string_and_a_later_error() -> None:
    text = 'path "a {\n  capabilities = ["read"]\n}\n' + GOOD + BAD
    assert places(text) == [1, 8]
    assert good_blocks(text) == 1


def test_an_open_comment_ends_it() -> None:
    assert places(GOOD + "/*\n" + BAD) == [4, 6]


def test_at_most_twenty() -> None:
    assert len(findings(BAD * 50)) == 20


def test_what_is_read_is_compiled_as_well() -> None:
    text = BAD + 'path "c" {\n  capabilites = ["read"]\n}\n' + BAD
    compiled = compile_policy(Source.of(text, "test"), "p", DEFAULT_DIALECT)
    assert compiled.policy is None
    assert [d.code for d in compiled.diagnostics] == [
        "missing-comma",
        "unknown-key",
        "missing-comma",
    ]


def test_json_has_one_error() -> None:
    (finding,) = findings('{"path": {"a": {"x" 1}, "b": {"y" 2}}}')
    assert finding.code == "missing-colon"
    assert good_blocks('{"path": {"a": {"x" 1}}}') == 0
