"""From a text to its rules: attributes, their order, what is dropped and what is refused.

Which texts are accepted, and the rules of every accepted one, are recorded on OpenBao 2.7.2 in
`fixtures/recorded/language`; here stands one example of each, to be read. Findings and hints stand
in `fixtures/syntax`.
"""

from __future__ import annotations

from typing import Any

import pytest

import policy
from policy.lower import compile_policy, decode_policy_field
from policy.model import Conditions, ControlGroupFactor, Dialect, ObjectList, Policy, Rule
from policy.source import Source

OPENBAO = "openbao-2.7"
NOW = 1_800_000_000.0
SECOND = 1_000_000_000


def compiled(text: str, dialect: str = OPENBAO, *, fast: bool = True) -> Policy:
    result = compile_policy(Source.of(text), "p", Dialect.named(dialect), NOW, fast=fast)
    assert result.policy is not None, [d.render() for d in result.diagnostics]
    return result.policy


def rule_of(body: str, dialect: str = OPENBAO) -> Rule:
    """The rule of `path "a" { BODY }`."""
    (rule,) = compiled(f'path "a" {{ {body} }}', dialect).rules
    return rule


def conditions_of(body: str) -> Conditions:
    conditions = rule_of(body).conditions
    assert conditions is not None
    return conditions


def words(rule: Rule) -> str:
    return " ".join(sorted(rule.capabilities))


def codes(text: str, dialect: str = OPENBAO) -> list[str]:
    result = compile_policy(Source.of(text), "p", Dialect.named(dialect), NOW)
    return [d.code for d in result.diagnostics]


# paths


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", []),
        ("# nothing", []),
        ("{}", []),
        ('name = "x"', []),
        ('path "a" {} path "b" {}', ["a", "b"]),
        ("path a.b-c {}", ["a.b-c"]),
        ('"path" "a" {}', ["a"]),
        (r'"p\x61th" "\x61" {}', ["a"]),
        ("path {}", ["path"]),
        ("path = {}", ["path"]),
        ('path "a" "b" {}', ["a"]),
        ('path "a" {} path "a" {}', ["a", "a"]),
        ('{"path": {"a": {}, "b": {}}}', ["a", "b"]),
        ('{"path": {}}', ["path"]),
        ('{"path": {"a": {"policy": ""}, "b": {"policy": ""}}}', ["a", "b"]),
        ('{"path": [{"a": {"policy": ""}}, {"b": {"policy": ""}}]}', ["a", "b"]),
        ('{"path": {"a": {"policy": ""}, "a": {"policy": ""}}}', ["a", "a"]),
        ('{"path": {"a": {"policy": ""}}, "path": {"b": {"policy": ""}}}', ["a", "b"]),
    ],
)
def test_paths(text: str, paths: list[str]) -> None:
    assert [rule.path for rule in compiled(text).rules] == paths


def test_a_template_has_no_pattern_yet() -> None:
    (rule,) = compiled('path "a/{{identity.entity.id}}" {}').rules
    assert rule.pattern is None
    assert str(compiled('path "a/*" {}').rules[0].pattern) == "a/*"


def test_spans_cover_the_block() -> None:
    text = '# first\npath "a" {\n}\npath "b" { policy = "read" }'
    for fast in (True, False):
        spans = [rule.span for rule in compiled(text, fast=fast).rules]
        assert [text[start:end] for start, end in spans] == [
            'path "a" {\n}',
            'path "b" { policy = "read" }',
        ]


def test_the_name_of_a_policy_is_clean() -> None:
    result = compile_policy(Source.of(""), " Ops ", Dialect.named(OPENBAO))
    assert result.policy is not None
    assert result.policy.name == "ops"


# capabilities


@pytest.mark.parametrize(
    ("body", "held"),
    [
        ("", ""),
        ("capabilities = []", ""),
        ("capabilities = {}", ""),
        ("capabilities {}", ""),
        ('capabilities = ["read", "read"]', "read"),
        ('capabilities = ["read"] capabilities = ["list"]', "list read"),
        ('capabilities = ["deny", "bogus"]', "deny"),
        ('capabilities = ["read", "deny"]', "deny"),
        ('capabilities = ["read"] policy = "deny"', "deny"),
        ('capabilities = ["bogus"] policy = "deny"', "deny"),
        ('policy = "read"', "list read"),
        ('policy = "write"', "create delete list read update"),
        ('policy = "sudo"', "create delete list read sudo update"),
        ('policy = ""', ""),
        ('policy = "write" policy = "read"', "list read"),
        ('policy = "read" capabilities = ["patch"]', "list patch read"),
        ('capabilities = ["scan"]', "scan"),
        ('comment = [{}] comment = 1 comment "x" {}', ""),
    ],
)
def test_capabilities(body: str, held: str) -> None:
    assert words(rule_of(body)) == held


@pytest.mark.parametrize(
    "body",
    ['capabilities = ["bogus", "deny"]', 'capabilities = ["READ"]', 'capabilities = [" read"]'],
)
def test_words_must_be_exact(body: str) -> None:
    assert codes(f'path "a" {{ {body} }}') == ["unknown-capability"]


@pytest.mark.parametrize(
    ("word", "dialects"),
    [
        ("read", "openbao-2.7 vault-1.11 vault-1.21 vault-2.0"),
        ("patch", "openbao-2.7 vault-1.11 vault-1.21 vault-2.0"),
        ("scan", "openbao-2.7"),
        ("subscribe", "vault-1.21 vault-2.0"),
        ("recover", "vault-1.21 vault-2.0"),
        ("root", ""),
    ],
)
def test_which_server_knows_which_word(word: str, dialects: str) -> None:
    text = f'path "a" {{ capabilities = ["{word}"] }}'
    assert [d for d in policy.DIALECTS if codes(text, d) == []] == dialects.split()


@pytest.mark.parametrize(
    ("key", "dialects"),
    [
        ("pagination_limit = 1", "openbao-2.7"),
        ("expiration = 1", "openbao-2.7"),
        ("subscribe_event_types = []", "vault-1.21 vault-2.0"),
        ("mfa_methods = []", "openbao-2.7 vault-1.11 vault-1.21 vault-2.0"),
    ],
)
def test_which_server_knows_which_key(key: str, dialects: str) -> None:
    text = f'path "a" {{ {key} }}'
    known = [d for d in policy.DIALECTS if "unknown-key" not in codes(text, d)]
    assert known == dialects.split()


# a deny hides the rest


def test_beside_deny_nothing_else_is_looked_at() -> None:
    rule = rule_of('policy = "deny" min_wrapping_ttl = "1w" required_parameters = ["x"]')
    assert words(rule) == "deny"
    text = 'path "a" { policy = "deny" max_wrapping_ttl = "1w" }'
    assert codes(text) == ["ignored-beside-deny"]
    # What cannot be decoded is still refused.
    assert codes('path "a" { policy = "deny" denied_parameters = 1 }') == [
        "ignored-beside-deny",
        "invalid-value",
    ]
    assert codes('path "a" { policy = "deny" comment = 1 }') == []


# parameters


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ("allowed_parameters = {}", {}),
        ('allowed_parameters = { "a" = ["x"] }', {"a": ("x",)}),
        ('allowed_parameters { a = ["x"] }', {"a": ("x",)}),
        ("allowed_parameters = { a = [] }", {"a": ()}),
        ('allowed_parameters = { "" = [], "*" = [] }', {"": (), "*": ()}),
        ('allowed_parameters = { a = ["1"] a = ["2"] }', {"a": ("1", "2")}),
        ('allowed_parameters { a = ["1"] } allowed_parameters { a = [] }', {"a": ("1",)}),
        ('allowed_parameters { A = ["X"] }', {"a": ("X",)}),
        ("allowed_parameters { a = [1, 010, 0x10, 1.5, true] }", {"a": (1, 8, 16, 1.5, True)}),
        ("allowed_parameters { a = [<<E\nx\nE\n] }", {"a": ("x\n",)}),
        ("allowed_parameters { a = [[1, [2]]] }", {"a": ([1, [2]],)}),
        ("allowed_parameters { a = {} }", {"a": ({},)}),
        ("allowed_parameters { a { b = 1 } }", {"a": ({"b": 1},)}),
        ('allowed_parameters "a" { b = 1 }', {"a": ({"b": 1},)}),
        ("allowed_parameters { a = [{ b = { c = 1 } }] }", {"a": ({"b": [{"c": 1}]},)}),
        ("allowed_parameters { a = [{ b = 1 b = 2 }] }", {"a": ({"b": 2},)}),
        ('allowed_parameters { a = [{ b "c" { d = 1 } }] }', {"a": ({"b": [{"c": [{"d": 1}]}]},)}),
        (
            'allowed_parameters { a = [{ b "c" { d = 1 } x = 1 b "e" {} }] }',
            {"a": ({"b": [{"c": [{"d": 1}]}, {"e": [{}]}], "x": 1},)},
        ),
        # Occurrences with a label come first.
        (
            'allowed_parameters { a = ["1"] } allowed_parameters "a" { b = 1 }',
            {"a": ({"b": 1}, "1")},
        ),
    ],
)
def test_parameters(body: str, parameters: dict[str, Any]) -> None:
    rule = rule_of(body)
    found = rule.conditions.allowed_parameters if rule.conditions else {}
    assert found == parameters


def test_an_object_inside_an_object_is_a_list_of_its_own_kind() -> None:
    ((value,),) = conditions_of(
        "denied_parameters { a = [{ b = { c = 1 } }] }"
    ).denied_parameters.values()
    assert isinstance(value, dict)
    assert isinstance(value["b"], ObjectList)


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        # The stricter reading of two spellings: what both allow, what one of them denies.
        ('allowed_parameters { A = ["1", "2"] a = ["2"] }', ("2",)),
        ('allowed_parameters { A = ["1"] a = [] }', ("1",)),
        ('allowed_parameters { A = ["1"] a = ["2"] }', (0,)),
        ('denied_parameters { A = ["1"] a = ["2"] }', ("1", "2")),
        ('denied_parameters { A = ["1"] a = [] }', ()),
    ],
)
def test_two_spellings_of_one_name(attribute: str, values: tuple[Any, ...]) -> None:
    conditions = conditions_of(attribute)
    assert (conditions.allowed_parameters or conditions.denied_parameters) == {"a": values}
    assert codes(f'path "a" {{ {attribute} }}') == ["ambiguous-parameter"]


def test_required_parameters_are_kept_as_written() -> None:
    required = conditions_of('required_parameters = ["B", "a", "B"]').required_parameters
    assert required == ("B", "a", "B")


# durations and numbers


@pytest.mark.parametrize(
    ("body", "minimum", "maximum"),
    [
        ("min_wrapping_ttl = 5", 5 * SECOND, 0),
        ("min_wrapping_ttl = 1.9", SECOND, 0),
        ('max_wrapping_ttl = "1h30m"', 0, 5400 * SECOND),
        ('max_wrapping_ttl = "1d"', 0, 86400 * SECOND),
        ('min_wrapping_ttl = "" max_wrapping_ttl = 5', 0, 5 * SECOND),
        ("min_wrapping_ttl = -10 max_wrapping_ttl = -5", -10 * SECOND, -5 * SECOND),
        ("min_wrapping_ttl = 5 max_wrapping_ttl = 5", 5 * SECOND, 5 * SECOND),
        ("min_wrapping_ttl = 5 min_wrapping_ttl = 6", 6 * SECOND, 0),
        ('min_wrapping_ttl = 5 min_wrapping_ttl = "6"', 6 * SECOND, 0),
        ('min_wrapping_ttl = "5" min_wrapping_ttl = 6', 6 * SECOND, 0),
        ("min_wrapping_ttl = 1.5 min_wrapping_ttl = 6", 6 * SECOND, 0),
        ('max_wrapping_ttl = "500ms"', 0, SECOND // 2),
    ],
)
def test_wrapping_ttls(body: str, minimum: int, maximum: int) -> None:
    conditions = conditions_of(body)
    assert (conditions.min_wrapping_ttl, conditions.max_wrapping_ttl) == (minimum, maximum)


@pytest.mark.parametrize(
    "body",
    [
        "min_wrapping_ttl = true",
        "min_wrapping_ttl = []",
        "min_wrapping_ttl = {}",
        'min_wrapping_ttl = "0x10"',
        'min_wrapping_ttl = "5" min_wrapping_ttl = 0x10',
        'min_wrapping_ttl = 5 min_wrapping_ttl = "1h"',
        "min_wrapping_ttl = 1.5 min_wrapping_ttl = true",
        "min_wrapping_ttl = true min_wrapping_ttl = 1",
        "min_wrapping_ttl = [] min_wrapping_ttl = [1]",
        "min_wrapping_ttl = {} min_wrapping_ttl = {}",
        "min_wrapping_ttl = 99999999999999999999",
        "min_wrapping_ttl = 1e",
        "min_wrapping_ttl = 5 max_wrapping_ttl = -5",
        'min_wrapping_ttl "x" {}',
        'pagination_limit = ""',
        "pagination_limit = 08",
        "pagination_limit = true",
        "pagination_limit = <<E\n5\nE\n",
        "expiration = 1.5",
        'expiration = "2020-01-01"',
        "policy = <<E\nread\nE\n",
        'mfa_methods = "x"',
    ],
)
def test_values_that_are_refused(body: str) -> None:
    result = compile_policy(Source.of(f'path "a" {{ {body} }}'), "p", Dialect.named(OPENBAO), NOW)
    assert result.policy is None


@pytest.mark.parametrize(
    ("value", "limit"),
    [("5", 5), ("-5", -5), ("0x10", 16), ("010", 8), ('"1_000"', 1000), ('"+0b11"', 3)],
)
def test_pagination_limit(value: str, limit: int) -> None:
    assert conditions_of(f"pagination_limit = {value}").pagination_limit == limit


def test_the_last_of_repeated_scalars_counts() -> None:
    assert conditions_of("pagination_limit = 5 pagination_limit = 6").pagination_limit == 6


# expiration


def test_an_expired_rule_is_dropped_before_the_rest_is_checked() -> None:
    rule = rule_of('expiration = "2020-01-01T00:00:00Z" capabilities = ["bogus"] policy = "x"')
    assert (words(rule), rule.expiration) == ("", 1577836800.0)
    assert rule.pattern is None
    assert codes('path "a" { expiration = 0 capabilities = 1 }') == [
        "expired-rule",
        "invalid-value",
    ]
    assert codes('path "a" { expiration = 0 }') == ["expired-rule"]


def test_a_rule_that_will_expire() -> None:
    rule = rule_of('expiration = "2090-01-01T00:00:00.5Z" capabilities = ["read"]')
    assert (words(rule), rule.expiration) == ("read", 3786912000.5)
    assert rule_of('expiration = ""').expiration is None


def test_without_a_clock_nothing_expires() -> None:
    text = 'path "a" { expiration = 0 capabilities = ["bogus"] }'
    assert compile_policy(Source.of(text), "p", Dialect.named(OPENBAO)).policy is None


# the rest


def test_attributes_without_a_say_in_the_verdict() -> None:
    conditions = conditions_of('capabilities = ["list"] mfa_methods = ["x"] mfa_methods = ["y"]')
    assert conditions.mfa_methods == ("x", "y")
    rule = rule_of('subscribe_event_types = ["x"]', "vault-2.0")
    assert rule.conditions is not None
    assert rule.conditions.subscribe_event_types == ("x",)
    text = 'capabilities = ["list"] list_scan_response_keys_filter_path = "{{ .path }}{{ .key }}"'
    assert conditions_of(text).list_filter == "{{ .path }}{{ .key }}"
    for template in (
        "{{ $key := .key }}{{ .path }}{{ $key }}",
        "{{ truncate_sha256 100 .key }}",
        "{{ truncate_sha256 10 .key }}",
    ):
        text = f'capabilities = ["list"] list_scan_response_keys_filter_path = "{template}"'
        assert conditions_of(text).list_filter == template
    assert rule_of('list_scan_response_keys_filter_path = ""').conditions is None


def test_control_group() -> None:
    group = conditions_of(
        """
        control_group {
          ttl = "1h"
          self_auth_allowed = true
          factor "one" {
            controlled_capabilities = ["read", "header"]
            identity { GROUP_NAMES = ["g"]  approvals = "2"  unknown = 1 }
          }
          factor "two" {
            controlled_capabilities = ["help"]
            identity { group_names = ["g", "h"]  approvals = 1 }
          }
        }
        """
    ).control_group
    assert group is not None
    assert group.ttl_nanoseconds == 3600 * SECOND
    assert group.factors == (
        ControlGroupFactor("one", ("read", "header"), ("g",), 2),
        ControlGroupFactor("two", ("help",), ("g", "h"), 1),
    )


def test_control_group_as_vault_checks_it() -> None:
    text = """
      path "a" {
        capabilities = ["read"]
        control_group {
          unknown = 1
          ttl = 5
          factor "x" {
            unknown = 1
            controlled_capabilities = ["read"]
            identity { group_ids = ["g"]  approvals = 1 }
          }
        }
      }
    """
    (rule,) = compiled(text, "vault-2.0").rules
    assert rule.conditions is not None
    assert rule.conditions.control_group == (5 * SECOND, (("x", ("read",), ("g",), 1),))
    assert codes(text) == ["invalid-value"]


# the two ways to the same rules


@pytest.mark.parametrize(
    "text",
    [
        'path "a" { capabilities = ["read"] }',
        '# c\npath "a" { capabilities = ["read",] }\n\npath "b*" { capabilities = [] }\n# end',
        'path "a" { capabilities = ["deny", "read"] }',
        'path "a" { capabilities = ["read"] }\npath "b" { policy = "read" }\npath "c" {}\n',
        'path "b" { policy = "read" }\npath "a" { capabilities = ["read"] }',
        'path "b" { comment = "\npath" }\npath "a" { capabilities = ["read"] }',
        'path "b" { comment = <<E\npath "x" {\nE\n}\npath "a" { capabilities = ["read"] }',
        'path "b" { comment = <<E\npath\npath\npath\npath\nE\n}\npath "a" { capabilities = [] }',
        'path "a" { capabilities = ["read"] } name = "x"',
        'name = "x"\npath "a" { capabilities = ["read"] }\nname = "y"',
        'path "a" { capabilities = ["read"] }\nname =',
        'name =\npath "a" { capabilities = ["read"] }',
        'path "a" { capabilities = ["read", "bogus"] }',
        'path "a/+*" { capabilities = ["read"] }',
        'path "a" { capabilities = ["read"] }\nbogus',
        'path "a" { capabilities = ["read"] } # \x00',
    ],
)
@pytest.mark.parametrize("dialect", ["openbao-2.7", "vault-2.0"])
def test_fast_and_full(text: str, dialect: str) -> None:
    fast, full = (
        compile_policy(Source.of(text), "p", Dialect.named(dialect), NOW, fast=way)
        for way in (True, False)
    )
    assert fast.diagnostics == full.diagnostics
    assert (fast.policy and fast.policy.rules) == (full.policy and full.policy.rules)


# before the language


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("cGF0aCAiYSIge30=", b'path "a" {}'),
        ("cGF0aCAi\r\nYSIge30=\n", b'path "a" {}'),
        ("\n", b""),
        ("path", b"\xa5\xab\x61"),
        ("AAAA", b"\0\0\0"),
        (" ", " "),
        ("cGF0aCAiYSIge30", "cGF0aCAiYSIge30"),
        ("cGF0aCAiYSIge30= ", "cGF0aCAiYSIge30= "),
        ("_-_-", "_-_-"),
        ("A===", "A==="),
        ("AA=A", "AA=A"),
        ("A" * 4 + "=" * 4, "A" * 4 + "=" * 4),
        ('path "a" {}', 'path "a" {}'),
        ("YWJjYWJj", b"abcabc"),
    ],
)
def test_the_field_of_a_request(field: str, text: str | bytes) -> None:
    assert decode_policy_field(field) == text
