"""The tokens of the policy language, near misses of them, and texts with a hole to put them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.testing.values import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FRAGMENTS", "SOUPS", "TOKENS"]

TOKENS = (
    *("path", "name", '"path"', '"name"', '"a"', '"a/*"', '"a/+/b"', '"+*"', '"{{a}}"', '"{{a"'),
    *ATTRIBUTES,
    *(f'"{key}"' for key in ("capabilities", "policy", "allowed_parameters", "comment")),
    *("{", "}", "[", "]", ",", "=", ":", "{", "}", "[", "]", ",", "=", "{}", "[]", "=", "= {"),
    *('"read"', '"deny"', '"write"', '"sudo"', '"list"', '"root"', '["read"]', '["deny"]'),
    *("true", "false", "null", "True", "-", ".", "+", "-5", "5", "010", "08", "0x1f", "0x", "1e3"),
    *("1e", "1.", ".5", ".5e3", "1.5", "-.5", "1_0", "99999999999999999999", "5m", "a.b-c", "é"),
    *('""', "null", '"\\x2a"'),
    *('"\\052"', '"\\u002a"', '"\\U0000002a"', '"\\400"', '"\\q"', '"\\U00110000"'),
    *('"\\ud800"', '"\\xff"', '"${a}"', '"${"', '"$${a}"', '"\n"', '"', "'a'", "`", ";", "\\", "*"),
    *("# c\n", "// c\n", "/* c */", "/*", "*/", "/", "#", "<<E\nread\nE\n", "<<-E\n  x\n  E\n"),
    *("<<E\nE\n", "<<E", "<<", "<<-", "\x00", "\ufeff", "\u00a0", "\f", "\v", "\r", "\r\n"),
    *("\udcff", "\ue123", "\ufffd", "Ⅷ", "٣", "ª", "a\u0301"),
    *("factor", "ttl", "identity", "group_names", "approvals"),
)
"""Tokens of the language and near misses of them."""

FRAGMENTS = (
    *TOKENS,
    *tuple("{}[],=:\"'\\/#*+-.$<>%&|~?!@^`; \t\n\r_019aezAEZ"),
    *("}}", "{{", "]]", "[[", ",,", '","', '\\"', "\\n", "\\", "\\\\", "\\x", "\\x4", "\\u00"),
    *("${", "$${", "#{", "%{", "<<E\n", "\nE\n", "/", "//", "/*", "0x", "0b1", "e", "E+", "E-1"),
)
"""What an edit puts into a text."""

_IN_A_TEXT = (
    "@",
    "@",
    "path @",
    'path "a" @',
    'path "a" {@}',
    'path "a" { capabilities = ["read"] @ }',
    'path "a" { capabilities = @ }',
    'path "a" { capabilities = [@] }',
    'path "a" { policy = @ }',
    'path "a" { comment = @ }',
    'path "a" { pagination_limit = @ }',
    'path "a" { min_wrapping_ttl = @ }',
    'path "a" { allowed_parameters = @ }',
    'path "a" { allowed_parameters = { @ } }',
    'path "a" { allowed_parameters { "k" = [@] } }',
    'path "a" { capabilities = ["read"] allowed_parameters @ }',
    'path "a" { control_group { @ } }',
    'path "a" { control_group { factor "f" { @ } } }',
    'path "a" { policy = "read" }\n@\npath "b" { policy = "deny" }',
    "{@}",
    "{@",
    '{"path": @}',
    '{"path": {@}}',
    '{"path": {"a": @}}',
    '{"path": {"a": {@}}}',
    '{"path": {"a": {"capabilities": @}}}',
    '{"path": {"a": {"capabilities": [@]}}}',
    '{"path": {"a": {"policy": "read", @}}}',
    '{"path": {"a": {"allowed_parameters": {"k": @}, "policy": "read"}}}',
    '{"path": {"a": {"allowed_parameters": {@}, "policy": "read"}}}',
    '{"path": {"a": {"policy": "write"}, @ "b": {"policy": "deny"}}}',
)

_DURATION = (
    "1",
    "0",
    "9",
    "5",
    ".",
    "-",
    "+",
    "h",
    "m",
    "s",
    "ms",
    "us",
    "µs",
    "ns",
    "d",
    "w",
    " ",
)
_NUMBER = ("0", "1", "7", "8", "9", "x", "X", "b", "o", "a", "F", "_", ".", "e", "E", "-", "+", " ")
_DATE = (
    *("2199", "-", "02", "-", "03", "T", "04", ":", "05", ":", "06", ".", "5", ",", "Z", "+", "-"),
    *("t", "z", " ", "2", "29", "30", "31", "24", "60", "00", "99", "2000-02-29", "2100-02-29"),
    *("2199-02-03T", "04:05:06", "04:05:06Z", "+02:00", "-00:00", "+24:00", "T04:05:06Z"),
)
_ESCAPE = (
    *("a", "é", " ", "*", "+", "/", "{{", "}}", "$", "{", "}", "${", "$${", "\\", "\\\\", '\\"'),
    *("\\n", "\\x", "\\x2", "\\x2a", "\\xff", "\\xc3\\xa9", "\\05", "\\052", "\\400", "\\u002"),
    *("\\u002a", "\\u00e9", "\\ud83d", "\\ude00", "\\U0000002a", "\\U0010ffff", "\\U00110000"),
    *(
        "\\U80000041",
        "\\e",
        "\\/",
        "\\'",
        "\\0",
        "\t",
        "\r",
        "\r\n",
        "\x00",
        "\ufeff",
        "\udcff",
        "\ufffd",
    ),
)
_HEREDOC = (
    *(
        "<<",
        "-",
        "E",
        "E\n",
        "\nE\n",
        "\nE",
        "\n  E\n",
        "\n\tE\n",
        "  x\n",
        "\tx\n",
        " \n",
        "\n",
        "EE",
    ),
    *(
        " ",
        "\r\n",
        "\r",
        "read",
        ",",
        "é",
        "E\r\n",
        "\nE\r\n",
        "<<E\n",
        "<<-E\n",
        "\v",
        "\f",
        "1",
        "_",
    ),
)
_FILTER = (
    *(
        "{{",
        "}}",
        "{{ ",
        " }}",
        "{{- ",
        " -}}",
        ".key",
        ".path",
        ".nope",
        ".",
        "$",
        "$.key",
        ".key.x",
    ),
    *("$x := .key", "$x", " | ", "|", "(", ")", " ", "a/", "'a'", "5", "1.5", "true", "nil", "x"),
    *("uppercase", "lowercase", "sha256", "base64", "hex", "truncate 3", "truncate", "replace"),
    *("printf", "print", "len", "eq", "ne", "and", "or", "not", "index", "slice", "html", "call"),
    *("if ", "else", "else if ", "end", "range ", "with ", "define", "block", "template", "break"),
    *("/* c */", "{{/* c */}}", "{{ .key }}", "{{ .path }}", "{{ .key | uppercase }}", "random"),
    *(
        "{{ if .key }}",
        "{{ else }}",
        "{{ end }}",
        "{{ range .key }}",
        "{{ with .key }}",
        "unix_time",
    ),
)
_CONTROL_GROUP = (
    *("ttl", "factor", '"f"', "{", "}", "=", "5", '"1h"', "self_auth_allowed", "true", "identity"),
    *("group_names", "approvals", "controlled_capabilities", '["read"]', '["sudo"]', "[]", '"x"'),
    *(
        'factor "f" { controlled_capabilities = ["read"] identity { approvals = 1 group_names = ["g"] } }',
    ),
    *("ttl = 5", "identity {", "approvals = 1", 'group_names = ["g"]', "Approvals = 0", '"2"'),
)
_PARAMETER = (
    *(
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        '"a"',
        '"A"',
        "a",
        "1",
        "010",
        "0x1f",
        "1.0",
        "1e3",
        "true",
        "[]",
    ),
    *("{}", '"x"', "[1]", "{ a = 1 }", '["x"]', "false", "null", "-1", "9223372036854775808"),
)
_JSON = (
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"path"',
        '"a"',
        '"b/*"',
        '"capabilities"',
        '"policy"',
        '["read"]',
    ),
    *(
        '"read"',
        '"deny"',
        "true",
        "false",
        "null",
        "1",
        "-1",
        "1.",
        "01",
        "\x00",
        "\r\n",
        '"\\/"',
        '"\\ud800"',
    ),
    *('{"policy": "read"}', '"b": {"policy": "deny"}', '"a": {"policy": "write"}', "{}", "[]", "x"),
)

SOUPS: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    "tokens": (_IN_A_TEXT, TOKENS, (" ", " ", " ", "\n", "")),
    "durations": (
        (
            'path "a" { capabilities = ["read"] max_wrapping_ttl = "@" }',
            'path "a" { capabilities = ["read"] min_wrapping_ttl = "@" }',
            'path "a" { min_wrapping_ttl = "1s" max_wrapping_ttl = "@" }',
        ),
        _DURATION,
        ("",),
    ),
    "numbers": (
        (
            'path "a" { pagination_limit = @ }',
            'path "a" { pagination_limit = "@" }',
            'path "a" { max_wrapping_ttl = @ }',
            'path "a" { expiration = @ }',
            'path "a" { expiration = "@" }',
            'path "a" { policy = @ }',
            'path "a" { allowed_parameters = { k = [@] } }',
            'path "a" { comment = [@] policy = "read" }',
            '{"path": {"a": {"pagination_limit": @}}}',
            '{"path": {"a": {"allowed_parameters": {"k": [@]}, "policy": "read"}}}',
        ),
        _NUMBER,
        ("",),
    ),
    "dates": (('path "a" { policy = "read" expiration = "@" }',), _DATE, ("",)),
    "escapes": (
        (
            'path "@" { policy = "read" }',
            'path "a" { capabilities = ["@"] }',
            'path "a" { policy = "read" allowed_parameters = { "@" = ["@"] } }',
            'path "a" "@" { policy = "read" comment = "@" }',
            '{"path": {"@": {"policy": "read"}}}',
            '{"path": {"a": {"allowed_parameters": {"@": ["@"]}, "policy": "read"}}}',
        ),
        _ESCAPE,
        ("",),
    ),
    "heredocs": (
        (
            'path "a" { capabilities = ["read"] required_parameters = [@] }',
            'path "a" { policy = "read" required_parameters = [<<@] }',
            'path "a" { policy = "read" required_parameters = [<<E\n@\nE\n] }',
            'path "a" { policy = "read" required_parameters = [<<-E\n@\n  E\n] }',
            'path "a" { comment = @\n policy = "read" }',
        ),
        _HEREDOC,
        ("",),
    ),
    "filters": (
        (
            'path "a" { capabilities = ["list"] list_scan_response_keys_filter_path = "@" }',
            'path "a" { policy = "read" list_scan_response_keys_filter_path = "{{ @ }}" }',
            'path "a" { policy = "read" list_scan_response_keys_filter_path = "{{ .key }}@" }',
        ),
        _FILTER,
        ("", "", " "),
    ),
    "control groups": (
        ('path "a" { policy = "read" control_group { @ } }',),
        _CONTROL_GROUP,
        (" ",),
    ),
    "parameters": (
        (
            'path "a" { policy = "read" allowed_parameters = { @ } }',
            'path "a" { policy = "read" denied_parameters = { a = [@] } }',
            'path "a" { policy = "read" allowed_parameters { a = [@] } allowed_parameters "b" { @ } }',
            'path "a" { policy = "read" required_parameters = [@] mfa_methods = [@] }',
        ),
        _PARAMETER,
        (" ",),
    ),
    "json": (
        ("{@", '{"path": {@}}', '{"path": {"a": {@}}}', '{"path": {"a": {"policy": "read", @}}}'),
        _JSON,
        (" ", ""),
    ),
}
"""By name: texts with holes at `@`, what may stand in a hole, and what may stand between two."""
