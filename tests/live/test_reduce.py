"""Making what was found smaller."""

from __future__ import annotations

from policy.model import Operation, Request
from tests.live.cases import Case, Field
from tests.live.reduce import reduced, smallest


def test_only_what_is_needed_is_left() -> None:
    text = "# words\n" * 40 + 'path "a" { policy = "read" }\n' + "more words " * 30
    assert reduced(text, lambda tried: "a" in tried and "{" in tried) == "a{"
    assert reduced("same", lambda tried: tried == "same") == "same"
    assert reduced("", lambda _: True) == ""


def test_a_pair_that_can_only_go_together_goes() -> None:
    def shows(text: str) -> bool:
        return "x" in text and text.count("{") == text.count("}")

    assert reduced('p { a = [1, 2, 3] } x { b = "c" }', shows) == "x"


def test_fields_and_cases() -> None:
    small = smallest(Field("abcabc"), lambda asked: isinstance(asked, Field) and "b" in asked.value)
    assert small == Field("b")
    requests = tuple(Request(Operation.READ, path) for path in ("a", "b", "c"))
    case = Case("plain", {"p1": "one two", "p2": "three"}, requests, {"": ("a",)})

    def shows(asked: object) -> bool:
        return (
            isinstance(asked, Case)
            and "two" in asked.policies.get("p1", "")
            and any(request.path == "b" for request in asked.requests)
        )

    assert smallest(case, shows) == Case("plain", {"p1": "two"}, (requests[1],), {})
