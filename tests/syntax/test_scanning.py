"""Tokens as the servers take them, traps included. Recorded on OpenBao 2.7.2 as `comment-*`,
`number-*`, `ident-*`, `heredoc-*`, `interpolation-*` and `json-*`."""

from __future__ import annotations

import pytest

from policy.syntax import FlawKind
from policy.syntax.nodes import flaws
from tests.syntax.texts import Shape, accepted, findings, items_of, parsed


def value_of(text: str) -> Shape:
    """The value of `x` in `x = TEXT`."""
    ((key, value),) = items_of(f"x = {text}")
    assert key == "x"
    return value


def code_of(text: str | bytes) -> str:
    """The code of the only finding."""
    (finding,) = findings(text)
    return finding.code


# white space and comments


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r", "\r\n", " \n\t\r "])
def test_white_space(space: str) -> None:
    assert items_of(f"x{space}={space}1{space}") == [("x", "1")]


@pytest.mark.parametrize("char", "\f\v\x85\u00a0\u2028\ufeff\u200b")
def test_nothing_else_is_white_space(char: str) -> None:
    (finding,) = findings(f"x{char}= 1")
    assert finding.code == "illegal-character"
    assert finding.span == (1, 2)


@pytest.mark.parametrize(
    "comment", ["# x = 2\n", "// x = 2\n", "/* x = 2 */", "/* /* */", "/***/", "# \u00e9\n", "#\n"]
)
def test_comments_stand_between_any_two_tokens(comment: str) -> None:
    document = accepted(comment.join(["", "x", "=", "1", ""]))
    assert len(document.items) == 1
    assert len(document.comments) == 4
    assert document.comments[0].text == comment.rstrip("\n")
    assert document.comments[0].start == 0


def test_a_lone_carriage_return_ends_no_comment() -> None:
    assert items_of("# x = 1\ry = 2\nz = 3") == [("z", "3")]


def test_a_comment_may_end_the_text() -> None:
    assert items_of("x = 1 # no line break") == [("x", "1")]
    assert items_of("# nothing") == []


@pytest.mark.parametrize("text", ["/*/", "/* x", "/**", "x = 1 /* \n\n"])
def test_an_open_comment(text: str) -> None:
    assert code_of(text) == "unterminated-comment"


@pytest.mark.parametrize(
    "text", [b"# \xff\n", b"/* \xff */", b'x = "\xff"', b"x = <<E\n\xff\nE\n", b"\xff"]
)
def test_bytes_that_are_not_utf_8_are_found_everywhere(text: bytes) -> None:
    (finding,) = findings(text)
    assert finding.code in ("invalid-utf-8", "malformed-heredoc", "unterminated-comment")


@pytest.mark.parametrize("text", ["# \0\n", 'x = "\0"', "\0", "# \ue123\n", 'x = "\ue123"'])
def test_nul_and_the_reserved_character_are_found_everywhere(text: str) -> None:
    assert code_of(text) == "illegal-character"


# identifiers


@pytest.mark.parametrize(
    "word",
    [
        *("a", "_", "a-b", "a.b", "a_b", "a1", "true-x", "trueish", "True", "null"),
        *("\u00e9t\u00e9", "\u4e2d", "a\u0663"),
    ],
)
def test_identifiers(word: str) -> None:
    assert items_of(f"{word} = 1") == [(word, "1")]


@pytest.mark.parametrize(
    ("word", "at"),
    [
        ("\u2160", 0),  # a numeral of category Nl
        ("a\u2160", 1),
        ("\u00b2", 0),  # No
        ("a\u00b2", 1),
        ("\u0663a", 0),  # a digit cannot begin it
        ("a\u0301", 1),  # nor is a mark part of it
        ("+a", 0),
        ("-a", 0),
        (".a", 0),
    ],
)
def test_no_identifiers(word: str, at: int) -> None:
    (finding,) = findings(f"{word} = 1")
    assert finding.span.start == at


def test_booleans_are_whole_words() -> None:
    assert value_of("true") == "true"
    assert value_of("false") == "false"
    assert code_of("x = truely") == "not-a-value"
    assert code_of("true {}") == "missing-key"


# numbers


@pytest.mark.parametrize(
    "number",
    [
        *("0", "7", "-5", "42", "017", "-017", "08", "09", "0x1F", "0X1f", "-0x10"),
        *("1.5", "1.", "-1.5", ".5", "1e3", "1E+3", "1e-3", "1.5e3", "0.5", "08.5", "0e1"),
    ],
)
def test_numbers(number: str) -> None:
    assert value_of(number) == number


@pytest.mark.parametrize("number", ["0x", "0xg", "088", "0779", "0190"])
def test_malformed_numbers(number: str) -> None:
    (finding,) = findings(f"x = {number}")
    assert finding.code == "malformed-number"
    assert finding.span.start == 4


@pytest.mark.parametrize("number", ["+5", "- 5", "-.5", "--5"])
def test_signs(number: str) -> None:
    assert code_of(f"x = {number}") in ("illegal-character", "malformed-number")


def test_no_separator_is_needed_behind_a_number() -> None:
    assert items_of("x = 5y = [1]") == [("x", "5"), ("y", ["1"])]
    assert items_of("x = 5.y = 1") == [("x", "5."), ("y", "1")]


def test_an_exponent_without_digits_takes_the_next_character_along() -> None:
    text = "x = { a = 1e}}"
    assert items_of(text) == [("x", {"a": "1e}"})]
    document = accepted(text)
    assert document.items[0].span == (0, 14)
    assert list(flaws(document)) == [(FlawKind.SWALLOWED, (10, 13))]


def test_behind_a_leading_point_an_exponent_ends_the_token() -> None:
    assert code_of("x = .5e3") == "missing-key"
    assert value_of(".5e") == ".5e"


# strings


@pytest.mark.parametrize(
    "string",
    [
        '""',
        '"a"',
        '"\t\r\x01"',
        r'"\a\b\f\n\r\t\v\\\""',
        r'"\101\x41\u0041\U00000041"',
        r'"\ud800\400\Uffffffff"',
        '"$"',
        '"$a{"',
        '"#{x}"',
        '"%{x}"',
        '"\u00e9\U0001f600"',
    ],
)
def test_strings(string: str) -> None:
    assert value_of(string) == string.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "escape", ["'", "/", "0", "12", "e", "x1", "xg1", "u12", "U1234567", "\n", "$"]
)
def test_escapes_are_checked_where_they_stand(escape: str) -> None:
    (finding,) = findings(f'x = "ab\\{escape}"')
    assert finding.code in ("illegal-escape", "unterminated-string")
    assert finding.span.start == 7


@pytest.mark.parametrize(
    "string",
    [
        '"${x}"',
        '"a${x}b${y}c"',
        '"$${x}"',
        '"${"x"}"',
        '"${\n}"',
        '"${{}}"',
        '"${}"',
        '"${\\n}"',
        '"${{x}y}"',
    ],
)
def test_interpolation_counts_braces_only(string: str) -> None:
    assert value_of(string) == string


def test_quotes_hide_no_braces_in_a_region() -> None:
    # The region ends at the first brace, and the string at the next quote.
    assert code_of('x = "${"}"}"') == "missing-key"
    assert value_of('"${"}"') == '"${"}"'


@pytest.mark.parametrize(
    "text",
    ['x = "${', 'x = "${"', 'x = "${x', 'x = "${}', 'x = "${{}"', 'x = "${}\n"', 'x = "${\0}"'],
)
def test_open_regions(text: str) -> None:
    assert code_of(text) in ("unterminated-string", "illegal-character")


def test_a_region_over_several_lines_is_noted() -> None:
    (flaw,) = flaws(accepted('x = "${\n}"'))
    assert flaw == (FlawKind.SWALLOWED, (4, 10))
    assert list(flaws(accepted('x = "${ }"'))) == []


# heredocs


@pytest.mark.parametrize(
    "heredoc",
    [
        "<<E\nE\n",
        "<<E\ntext\nE\n",
        "<<E\ntext\n  E\n",
        "<<E\ntext\n \t\v\fE\n",
        "<<-E\n  text\n  E\n",
        "<<1\nx\n1\n",
        "<<_a\nx\n_a\n",
        "<<\u00e9\nx\n\u00e9\n",
        "<<E\nEE\nE x\nE\n",
        '<<E\n"${\\q\nE\n',
    ],
)
def test_heredocs(heredoc: str) -> None:
    assert value_of(heredoc) == heredoc


@pytest.mark.parametrize(
    "heredoc",
    [
        "<<E\nE",  # the anchor's line must end in a line break
        "<<E\nx\nE,\n",
        "<<E\nx\nE # comment\n",
        "<<-E\nx\nE\n",  # shorter than dash and anchor together
        "<< E\nE\n",
        "<<\nE\n",
        "<<-\nE\n",
        "<<a-b\nx\na-b\n",
        "<<E \nE\n",
        "<E\nE\n",
        "<",
    ],
)
def test_malformed_heredocs(heredoc: str) -> None:
    (finding,) = findings(f"x = {heredoc}")
    assert finding.code == "malformed-heredoc"
    assert finding.span.start == 4


def test_a_heredoc_is_no_key() -> None:
    assert code_of("<<E\nE\n = 1") == "missing-key"


# line breaks


def test_of_every_cr_lf_the_cr_is_lost() -> None:
    assert items_of("x = <<E\r\na\r\nE\r\n") == [("x", "<<E\na\nE\n")]
    assert code_of('x = "a\r\nb"') == "unterminated-string"


# JSON


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ("{}", True),
        (" \t\r\n{}", True),
        ("\f{", True),
        ("\u00a0{", True),
        ("\ufeff{}", False),
        ("\x1c{}", False),
        ("", False),
        ("[]", False),
    ],
)
def test_which_texts_are_json(text: str, is_json: bool) -> None:
    assert parsed(text).document.source.is_json is is_json
