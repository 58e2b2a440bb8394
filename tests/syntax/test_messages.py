"""What a person sees of a syntax error: place, phrase, the line, marks under it, a hint."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.syntax.texts import findings


def shown(text: str | bytes) -> str:
    return "\n".join(finding.render() for finding in findings(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'path "a" {\n  capabilities = ["read" "list"]\n}',
            """\
            t:2:26: error: `"list"` where a comma or the `]` of the list should be [missing-comma]
               2 |   capabilities = ["read" "list"]
                 |                          ^^^^^^
              = help: put a comma between the elements""",
        ),
        (
            'path "a" {\n  capabilities = ["read"]\n\n',
            """\
            t:2:25: error: the text ends before the closing `}` [unexpected-end]
               2 |   capabilities = ["read"]
                 |                         ^
              at 1:10: opened here
               1 | path "a" {
                 |          ^""",
        ),
        (
            "path “a” {}",
            """\
            t:1:6: error: `“` is no quote here [illegal-character]
               1 | path “a” {}
                 |      ^
              = help: use the plain double quote `"`""",
        ),
        (
            'path "a" { pagination_limit = 1e}',
            """\
            t:1:33: error: the text ends before the closing `}` [unexpected-end]
               1 | path "a" { pagination_limit = 1e}
                 |                                 ^
              at 1:10: opened here
               1 | path "a" { pagination_limit = 1e}
                 |          ^
              at 1:31: this swallows text, perhaps what would close it
               1 | path "a" { pagination_limit = 1e}
                 |                               ^^^""",
        ),
        (
            '{"path": {"a": {} "b": {}}}',
            """\
            t:1:19: warning: `"b"` where a comma or `}` should be: the object ends here [lost-rest]
               1 | {"path": {"a": {} "b": {}}}
                 |                   ^^^
              = note: everything the object still holds after this place is lost without an error
              = help: put a comma between the members""",
        ),
    ],
)
def test_whole_findings(text: str, expected: str) -> None:
    assert shown(text) == dedent(expected)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ('a "b" = {}', "a block with a label takes no `=`"),
        ('a "b" = 1', "`=` where the `{` of a block should be"),
        ('a "b" [', "`[` where the `{` of a block should be"),
        ("a [", "`a` is followed by `[`, not by `=` and a value or by `{`"),
        ("a 1", "`a` is followed by `1`, not by `=` and a value or by `{`"),
        ('"a" }', '`"a"` is followed by `}`, not by `=` and a value or by `{`'),
        ("a = b", "`b` is not a value"),
        ("a = ]", "`]` is not a value"),
        ("a = { b = }", "`b =` breaks off before `}`"),
        ("a = { b = [[1] }", "`b =` breaks off before `}`"),
        ("a = 1 2", "`2` where a key should be"),
        ("a", "the text ends in the middle of an item"),
        ("a = [", "the text ends before the closing `]`"),
        ("a = [{", "the text ends before the closing `}`"),
        ("a = \v", "`U+000B` has no meaning here"),
        ("a = \u2028", "`U+2028` has no meaning here"),
        ("a = @", "`@` has no meaning here"),
        ("a = \0", "a NUL character"),
        ("a = \ufeff", "a byte-order mark"),
        ("a: 1", "`:` is no assignment in HCL"),
        ("a = 1;", "`;` separates nothing"),
        ("a = 'b'", "`'` quotes nothing"),
        ("a = \u2018b\u2019", "`\u2018` quotes nothing"),
        ("a = «b»", "`«` is no quote here"),
        ("a/b = c", "a lone `/`"),
        ("a = <", "a lone `<`"),
        ("a = <<", "`<<` without a plain word directly behind it, alone on its line"),
        ("a = <<E\n", "a heredoc that is not closed by a line `E`"),
        ("a = 0x", "a number that does not hold"),
        ('a = "\\q"', "`\\q` is no escape"),
        ('a = "\\\n"', "`\\` is no escape"),
        ('a = "b', "a string that does not end on its line"),
        ('a = "${"', "a `${` that is not closed"),
        ('{"a" 1}', "`1` where a `:` should be"),
        ('{"a": x-y.z}', "`x-y.z` is no JSON value"),
        ('{"a": #', "JSON has no comments"),
        ("{/", "`/` has no meaning here"),
        ("{<", "`<` has no meaning here"),
        ("{:", "`:` where a key should be"),
        ("{;", "`;` separates nothing"),
    ],
)
def test_phrases(text: str, phrase: str) -> None:
    assert [finding.message for finding in findings(text)] == [phrase]


def test_long_words_are_cut() -> None:
    word = "x" * 50
    (finding,) = findings(f'a = ["{word}" "{word}"]')
    assert finding.message == f'`"{"x" * 36}…` where a comma or the `]` of the list should be'
    assert finding.help == "put a comma between the elements"
    (finding,) = findings(f"a = [1 <<E\n{word}\nE\n]")
    assert finding.message.startswith("`<<E` where a comma")


def test_utf_16_is_recognised() -> None:
    (finding,) = findings('path "a" {}'.encode("utf-16-le"))
    assert finding.help == "is this file UTF-16? save it as UTF-8"
    (finding,) = findings('path "a" {}'.encode("utf-16"))
    assert finding.code == "invalid-utf-8"


def test_a_byte_order_mark_at_the_start() -> None:
    (finding,) = findings('path "a" {}'.encode("utf-8-sig"))
    assert (finding.message, finding.span) == ("a byte-order mark", (0, 1))
    (finding,) = findings("{}".encode("utf-8-sig"))
    assert finding.message == "a byte-order mark"
