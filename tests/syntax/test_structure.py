"""From tokens to the tree: what may follow what. Recorded on OpenBao 2.7.2 as `comma-*`, `list-*`,
`label-*`, `dangling-*` and `json-structure-*`."""

from __future__ import annotations

import pytest

from policy.syntax import FlawKind, Literal, LiteralKind
from policy.syntax.nodes import flaws
from tests.syntax.texts import Shape, accepted, findings, items_of


def kinds(text: str) -> list[FlawKind]:
    return [flaw.kind for flaw in flaws(accepted(text))]


# items


def test_an_empty_text_is_a_policy() -> None:
    assert items_of("") == []
    assert items_of("  \n# nothing\n") == []


def test_assignments_and_blocks() -> None:
    text = 'a = 1 b { c = "x" } "d" "e" f { } g = { }'
    assert items_of(text) == [("a", "1"), ("b", {"c": '"x"'}), ('"d" "e" f', {}), ("g", {})]


def test_places() -> None:
    document = accepted('\u00e9 = 1\npath "a" { x = ["y"] }')
    first, second = document.items
    assert (first.span, first.assign) == ((0, 5), 2)
    assert (second.span, second.assign) == ((6, 28), -1)
    assert [key.span for key in second.keys] == [(6, 10), (11, 14)]
    assert second.value.span == (15, 28)


def test_kinds_of_literals() -> None:
    document = accepted('a = [1, 1.5, true, "s", "${x}", <<E\nE\n]')
    (item,) = document.items
    elements = getattr(item.value, "elements", ())
    assert [element.kind for element in elements if isinstance(element, Literal)] == [
        LiteralKind.NUMBER,
        LiteralKind.FLOAT,
        LiteralKind.BOOL,
        LiteralKind.STRING,
        LiteralKind.STRING,
        LiteralKind.HEREDOC,
    ]


@pytest.mark.parametrize("text", ["a = 1,", "a = 1, b = 2", "a {}, b {},", "a = { b = 1, }"])
def test_one_comma_may_follow_an_item(text: str) -> None:
    assert len(accepted(text).items) >= 1


@pytest.mark.parametrize("text", [",", "a = 1,,", "a = {,}", "a = { b = 1,, }", ",a = 1"])
def test_no_comma_may_lead_or_double(text: str) -> None:
    (finding,) = findings(text)
    assert (finding.code, finding.message) == ("missing-key", "`,` where a key should be")


@pytest.mark.parametrize("text", ["a", '"a"', "a b", " = {}", "1", "[]", "a =", "a = {"])
def test_incomplete_items(text: str) -> None:
    assert findings(text), text


def test_a_dangling_assignment_is_dropped() -> None:
    document = accepted('path "a" {} anything = # comment')
    assert len(document.items) == 1
    assert document.dangling is not None
    assert document.dangling.text == "anything"
    (finding,) = findings('path "a" {} "x" =')
    assert finding.code == "dangling-assignment"


def test_it_must_be_the_last_thing_and_have_one_key() -> None:
    assert findings("a = b = 1")[0].code == "not-a-value"
    assert findings("a b =")[0].code == "missing-body"
    assert findings("a { b = }")[0].code == "broken-item"


# lists


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("[]", []),
        ("[,]", []),
        ("[,,1,,2,,]", ["1", "2"]),
        ("[1, 2]", ["1", "2"]),
        ("[[]]", [[]]),
        ("[[] 1]", [[], "1"]),
        ("[[1] [2] {}]", [["1"], ["2"], {}]),
        ("[{}, {a = 1}]", [{}, {"a": "1"}]),
    ],
)
def test_lists(text: str, shape: Shape) -> None:
    assert items_of(f"x = {text}") == [("x", shape)]


@pytest.mark.parametrize("text", ["[1 2]", "[{} {}]", "[1 [2]]", '["a" "b"]', "[{} 1]"])
def test_scalars_and_objects_need_a_comma_behind_them(text: str) -> None:
    (finding,) = findings(f"x = {text}")
    assert finding.code == "missing-comma"


# what some servers let pass


@pytest.mark.parametrize(
    "inner", ["x =", "x = [", "x = [1", "x = [1,", "x = [[1],", "a = 1 x =", '"x" = [{},']
)
def test_before_2024_an_item_could_break_off_before_two_braces(inner: str) -> None:
    text = f"p {{ {inner} }} }}"
    for dialect, severity in (("vault-1.11", "warning"), ("vault-2.0", "error")):
        (finding,) = findings(text, dialect)
        assert (finding.code, finding.severity) == ("broken-item", severity)
    # With one brace no server took it.
    (finding,) = findings(f"p {{ {inner} }}", "vault-1.11")
    assert (finding.code, finding.severity) == ("broken-item", "error")


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("a = 1 a = 2", 1),
        ("a = 1 a = 2 a = 3", 2),
        ("p { a = 1 a = 2 }", 1),
        ("p { comment = [{ a = 1 a = 2 }] }", 1),
        ('a = 1 "a" = 2', 0),
        ("a = [] a {}", 0),
        ("a {} a {}", 0),
        ("p { a = 1 } p { a = 2 }", 0),
        ('{"a": 1, "a": 2}', 0),
    ],
)
def test_repeated_arguments(text: str, repeated: int) -> None:
    for dialect, severity in (("openbao-2.7", "warning"), ("vault-1.21", "error")):
        found = findings(text, dialect)
        assert [(f.code, f.severity) for f in found] == [("repeated-argument", severity)] * repeated


# JSON


def test_json_members_and_lists() -> None:
    text = '{"a": 1, "b" "c": {"d": [1.5, "x", {"y": null}]}, "e": true}'
    assert items_of(text) == [
        ('"a"', "1"),
        ('"b" "c"', {'"d"': ["1.5", '"x"', {'"y"': "null"}]}),
        ('"e"', "true"),
    ]
    assert findings(text) == ()


@pytest.mark.parametrize(
    "tail", ["", " # x", "{}", " garbage \0 \x01", "]]}}", ', "b": {', ' "', " 01 0", " .:,"]
)
def test_json_ends_with_the_outermost_object(tail: str) -> None:
    assert items_of('{"a": 1}' + tail) == [('"a"', "1")]
    assert findings('{"a": 1}' + tail) == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": 2 "c": 3}',
        '{"a": 1, "b": 2] "c": 3}',
        '{"a": 1, "b": 2 {"c": 3}}',
        '{"a": 1, "b": 2 true}',
        '{"a": 1, "b": 2 : }',
        '{"a": 1, "b": 2 . }',
        '{"a": 1, "b": 2 null 5}',
    ],
)
def test_json_without_a_comma_loses_the_rest(text: str) -> None:
    assert items_of(text) == [('"a"', "1"), ('"b"', "2")]
    assert kinds(text) == [FlawKind.LOST_REST]


@pytest.mark.parametrize("tail", ['"b"', '"b":', '"b" "c":', '"b": [', '"b": [1', '"b": [1, {}'])
def test_json_members_that_break_off_are_dropped(tail: str) -> None:
    for head in ('{"a": 1, ', '{"a": 1,'):
        assert items_of(head + tail + "}") == [('"a"', "1")]
        assert kinds(head + tail + "}") == [FlawKind.LOST_MEMBER]
    assert items_of("{" + tail + "}") == []
    assert kinds("{" + tail + "}") == [FlawKind.LOST_MEMBER]


def test_json_trailing_comma() -> None:
    assert items_of('{"a": 1,}') == [('"a"', "1")]
    assert findings('{"a": 1,}') == ()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("{", []),
        ('{"a"', []),
        ('{"a":', []),
        ('{"a": "x"', [('"a"', '"x"')]),
        ('{"a": 1,', [('"a"', "1")]),
        ('{"a": 1, "b"', [('"a"', "1")]),
        ('{"a": {"b": {"c": [1]', [('"a"', {'"b"': {'"c"': ["1"]}})]),
    ],
)
def test_json_the_end_closes_everything(text: str, items: list[tuple[str, Shape]]) -> None:
    for end in ("", "\n", "\0"):
        assert items_of(text + end) == items
        assert FlawKind.UNCLOSED_OBJECT in kinds(text + end)
        # However many objects are open, it is said once.
        assert [f.code for f in findings(text + end)].count("unclosed-object") == 1


def test_json_a_nul_closes_one_object() -> None:
    text = '{"a": {"b": []\0, "c": 2}'
    assert items_of(text) == [('"a"', {'"b"': []}), ('"c"', "2")]
    # Directly behind a number it is part of that number.
    assert items_of('{"a": {"b": 1\0}}') == [('"a"', {'"b"': "1\0"})]
    (finding,) = findings(text)
    assert (finding.code, finding.span) == ("unclosed-object", (6, 7))


def test_json_booleans_and_brackets_in_lists_are_skipped() -> None:
    text = '{"a": ["x", true, false "y"]}'
    assert items_of(text) == [('"a"', ['"x"', '"y"'])]
    assert kinds(text) == [FlawKind.LOST_BOOL, FlawKind.LOST_BOOL]
    text = '{"a": [["x"]}'
    assert items_of(text) == [('"a"', ['"x"'])]
    assert kinds(text) == [FlawKind.LOST_BRACKET]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{,}", "missing-key"),
        ('{"a": 1,,}', "missing-key"),
        ('{"a", "b": 1}', "missing-colon"),
        ('{"a": , "b": 1}', "not-a-value"),
        ('{"a": [null]}', "not-a-value"),
        ('{"a": [:]}', "not-a-value"),
        ('{"a": ["b"', "unexpected-end"),
        ('{"a": 0', "malformed-number"),
        ('{"a": 01}', "malformed-number"),
        ('{"a": -}', "illegal-character"),
        ('{"a": True}', "illegal-character"),
        ('{"a": "${\n}"}', "unterminated-string"),
    ],
)
def test_json_errors(text: str, code: str) -> None:
    (finding,) = findings(text)
    assert finding.code == code
