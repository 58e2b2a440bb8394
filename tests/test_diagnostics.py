"""Findings as a terminal shows them."""

from __future__ import annotations

from policy import Diagnostic, InvalidPolicyError, PolicyError, Severity, UsageError
from policy.diagnostics import Label
from policy.source import Source, Span


def finding(text: str, start: int, end: int) -> Diagnostic:
    return Diagnostic(
        "some-code", Severity.ERROR, "it is so", Source.of(text, "f"), Span(start, end)
    )


def shown(text: str, start: int, end: int) -> list[str]:
    """The excerpt: the line and the marks."""
    return finding(text, start, end).render().split("\n")[1:]


def test_everything_at_once() -> None:
    source = Source.of('one\ntwo = "three"\n', "ops.hcl")
    diagnostic = Diagnostic(
        "some-code",
        Severity.WARNING,
        "`three` is odd",
        source,
        Span(10, 17),
        labels=(Label(Span(0, 3), "begins here"),),
        notes=("a fact", "another"),
        help="do something",
    )
    assert diagnostic.location == "ops.hcl:2:7"
    assert diagnostic.render().split("\n") == [
        "ops.hcl:2:7: warning: `three` is odd [some-code]",
        '   2 | two = "three"',
        "     |       ^^^^^^^",
        "  at 1:1: begins here",
        "   1 | one",
        "     | ^^^",
        "  = note: a fact",
        "  = note: another",
        "  = help: do something",
    ]


def test_a_span_over_several_lines_is_marked_on_its_first() -> None:
    assert shown("abc\ndef", 1, 6) == ["   1 | abc", "     |  ^^"]


def test_an_empty_span_is_marked_too() -> None:
    assert shown("abc", 3, 3) == ["   1 | abc", "     |    ^"]
    assert shown("", 0, 0) == ["   1 | ", "     | ^"]


def test_tabs_and_controls_take_one_column_each() -> None:
    line, marks = shown("\t\x1b[31mx\u200b = 1", 6, 7)
    assert line == "   1 |  \ufffd[31mx\ufffd = 1"
    assert marks == "     | " + " " * 6 + "^"


def test_long_lines_are_cut_around_the_mark() -> None:
    text = "x" * 300 + "Y" + "z" * 300
    line, marks = shown(text, 300, 301)
    assert len(line) == len("   1 | ") + 100
    assert line[marks.index("^")] == "Y"
    line, marks = shown(text, 0, 600)
    assert line == "   1 | " + "x" * 100
    assert marks == "     | " + "^" * 100
    line, marks = shown(text, 95, 120)
    assert marks.count("^") == 5


def test_line_numbers_keep_the_columns() -> None:
    text = "\n" * 12344 + "abc"
    line, marks = shown(text, 12345, 12346)
    assert line == "12345 | abc"
    assert line[marks.index("^")] == "b"


def test_findings_are_sorted_by_place() -> None:
    found = [finding("abcdef", 3, 4), finding("abcdef", 0, 2), finding("abcdef", 0, 1)]
    assert [d.span for d in sorted(found, key=lambda d: d.sort_key)] == [(0, 1), (0, 2), (3, 4)]


def test_an_error_shows_all_its_findings() -> None:
    found = [finding("abc", 0, 1), finding("abc", 1, 2)]
    error = InvalidPolicyError("refused", iter(found))
    assert error.diagnostics == tuple(found)
    assert str(error) == found[0].render() + "\n\n" + found[1].render()
    assert str(PolicyError("plain")) == "plain"
    assert isinstance(UsageError("x"), ValueError)
