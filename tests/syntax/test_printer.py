"""Printed texts, as they look; that they mean the same is a property of its own."""

from __future__ import annotations

import pytest

from policy.syntax import print_document
from tests.syntax.texts import accepted


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", ""),
        ("a=1", "a = 1\n"),
        ("a{}", "a {}\n"),
        ('a "b" {c=1 d{}}', 'a "b" {\nc = 1\nd {}\n}\n'),
        ("a = [1,,[2]{}] # gone", "a = [1, [2], {}]\n"),
        ("a = 1 b =", "a = 1\nb ="),
        ("a = <<E\nx\nE\n", "a = <<E\nx\nE\n\n"),
        ('{"a":1,"b" "c":{"d":[true 1],"e":null}}', '{"a": 1, "b" "c": {"d": [1], "e": null}}'),
        ('{"a": {}} rest', '{"a": {}}'),
    ],
)
def test_printed(text: str, printed: str) -> None:
    assert print_document(accepted(text)) == printed


def test_a_carriage_return_in_the_tree_comes_back() -> None:
    assert print_document(accepted('a = "x\r"')) == 'a = "x\r"\n'
    document = accepted("a = <<E\nx\r\r\nE\n")
    assert accepted(print_document(document)).items[0].value == document.items[0].value
