"""What the formatter promises, whatever any binary does."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

import policy.format.formatting as formatting
from policy.errors import InvalidPolicyError, PolicyError
from policy.format import format_policy
from policy.lower import compile_policy
from policy.model import Dialect
from policy.source import Source, Span
from policy.syntax import parse
from tests.format.texts import texts

OPENBAO = Dialect.named("openbao-2.7")
VAULT = Dialect.named("vault-2.0")


def formatted(text: str) -> str:
    return format_policy(Source.of(text), OPENBAO).text


def meaning(text: str) -> list[object]:
    compiled = compile_policy(Source.of(text), "p", OPENBAO)
    assert compiled.policy is not None
    return [rule._replace(span=Span(0, 0)) for rule in compiled.policy.rules]


def words(text: str) -> Counter[str]:
    comments = parse(Source.of(text), OPENBAO).document.comments
    return Counter(word for comment in comments for word in comment.text.split())


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts())
def test_nothing_is_lost_and_nothing_changes_its_meaning(text: str) -> None:
    source = Source.of(text)
    if compile_policy(source, "p", OPENBAO).policy is None:
        with pytest.raises(InvalidPolicyError):
            format_policy(source, OPENBAO)
        return
    result = formatted(text)
    assert meaning(result) == meaning(text)
    assert words(result) == words(text)


def test_an_example() -> None:
    text = (
        'path "secret/data/*" {\ncapabilities=[ "read",\'list\' ]\n'.replace("'", '"')
        + '  # once a day\nmin_wrapping_ttl = "1s" // short\nmax_wrapping_ttl="1h"\n}\n'
        'path "sys/step-down" {capabilities=["update",\n"sudo"]}\n# the end'
    )
    assert formatted(text) == (
        'path "secret/data/*" {\n'
        '  capabilities = ["read", "list"]\n'
        "\n"
        "  # once a day\n"
        '  min_wrapping_ttl = "1s" // short\n'
        '  max_wrapping_ttl = "1h"\n'
        "}\n"
        "\n"
        'path "sys/step-down" {\n'
        "  capabilities = [\n"
        '    "update",\n'
        '    "sudo",\n'
        "  ]\n"
        "}\n"
        "\n"
        "# the end\n"
        "\n"
    )


def test_comments_that_the_binary_loses_are_kept() -> None:
    between = 'path "a" {\n  capabilities\n  # why\n  = []\n  min_wrapping_ttl = 1\n}\n'
    assert "# why" in formatted(between)
    inside = 'path "a" {\n  capabilities = [/* why */]\n  min_wrapping_ttl = 1\n}\n'
    assert "/* why */" in formatted(inside)


def test_windows_line_breaks_become_plain_ones_and_count_as_a_change() -> None:
    source = Source.of('path "a" {\r\n  capabilities = ["read"]\r\n}\r\n')
    result = format_policy(source, OPENBAO)
    assert "\r" not in result.text
    assert result.changed
    assert not format_policy(Source.of(result.text), OPENBAO).changed


def test_what_the_server_refuses_is_refused_with_its_reasons() -> None:
    with pytest.raises(InvalidPolicyError, match="3:9"):
        format_policy(Source.of('path "a" {}\npath "b" {\n  x = 1 =\n}'), OPENBAO)
    with pytest.raises(InvalidPolicyError, match="only HCL"):
        format_policy(Source.of('{"path": {}}'), OPENBAO)


def test_a_dialect_decides_what_is_refused() -> None:
    source = Source.of('path "a" {\n  capabilities = []\n  capabilities = ["read"]\n}\n')
    assert not format_policy(source, OPENBAO).changed
    with pytest.raises(InvalidPolicyError):
        format_policy(source, VAULT)


def test_an_expired_rule_is_formatted_like_any_other() -> None:
    text = 'path "a" { expiration = "2000-01-01T00:00:00Z" capabilities = ["bogus"] }'
    assert format_policy(Source.of(text), OPENBAO, now=1e9).changed
    with pytest.raises(InvalidPolicyError):
        format_policy(Source.of(text), OPENBAO)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ('path "a" {\n  capabilities = ["read", "sudo"]\n}\n', "change what it means"),
        ('path "b" {\n  capabilities = ["read"]\n}\n', "change what it means"),
        ('path "a" {\n', "change what it means"),
        ("", "change what it means"),
        ('path "a" {\n  capabilities = ["read"]\n}\n', "lose a comment"),
    ],
)
def test_a_layout_that_changes_anything_is_never_handed_out(
    broken: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formatting, "format_document", lambda _: broken)
    with pytest.raises(PolicyError, match=message):
        formatted('# note\npath "a" { capabilities = ["read"] }\n')


def test_a_number_does_not_count_as_a_boolean(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'path "a" {{ capabilities = ["update"]\n  allowed_parameters = {{ "k" = [{}] }} }}\n'
    monkeypatch.setattr(formatting, "format_document", lambda _: text.format("1"))
    with pytest.raises(PolicyError, match="change what it means"):
        formatted(text.format("true"))


def test_deep_nesting_is_no_obstacle() -> None:
    depth = 3000
    text = f'path "a" {{\n  comment = {"[" * depth}{"]" * depth}\n}}\n'
    result = formatted(text)
    assert result.count("[") == depth
    assert formatted(result) == result
