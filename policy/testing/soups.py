"""Texts with holes, and what to put into them: durations, dates and so on. Only data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.testing.vocabulary import TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SOUPS"]

_TEXT_FRAMES = (
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
    'path "a" { min_wrapping_ttl = @ }',
    'path "a" { allowed_parameters = @ }',
    'path "a" { capabilities = ["read"] allowed_parameters @ }',
    'path "a" { policy = "read" }\n@\npath "b" { policy = "deny" }',
    "\u00a0{@}",
    "\f{@}",
    "\ufeff{@}",
    " \n{@}",
    '{"path": @}',
    '{"path": {"a": @}}',
    '{"path": {"a": {"capabilities": @}}}',
    '{"path": {"a": {"capabilities": [@]}}}',
    '{"path": {"a": {"policy": "write"}, @ "b": {"policy": "deny"}}}',
)
_DURATIONS = (
    *("1", "0", "9", "5", ".", "-", "+", " ", "_"),
    *("h", "m", "s", "ms", "us", "µs", "μs", "ns", "d", "w", "H"),
)
_NUMBERS = (
    *("0", "1", "7", "8", "9", "x", "X", "b", "o", "a", "F", "_", ".", "e", "E", "-", "+", " "),
)
_DATES = (
    *("2199", "-", "02", "-", "03", "T", "04", ":", "05", ":", "06", ".", "5", ",", "Z", "+"),
    *("t", "z", " ", "2", "29", "30", "31", "24", "60", "00", "99", "2000-02-29", "2100-02-29"),
    *("2199-02-03T", "04:05:06", "04:05:06Z", "+02:00", "-00:00", "+24:00", "T04:05:06Z"),
)
_ESCAPES = (
    *("a", "é", " ", "*", "+", "/", "{{", "}}", "$", "{", "}", "${", "$${", "\\", "\\\\", '\\"'),
    *("\\n", "\\x", "\\x2", "\\x2a", "\\xff", "\\xc3\\xa9", "\\05", "\\052", "\\400", "\\e"),
    *("\\u002", "\\u002a", "\\u00e9", "\\ud83d", "\\ude00", "\\U0000002a", "\\U0010ffff"),
    *("\\U00110000", "\\U80000041", "\\/", "\\'", "\\0", "\t", "\r", "\r\n", "\x00"),
    *("\ufeff", "\udcff", "\ufffd"),
)
_HEREDOCS = (
    *("<<", "-", "E", "E\n", "\nE\n", "\nE", "\n  E\n", "\n\tE\n", "  x\n", "\tx\n", " \n"),
    *("\n", "EE", " ", "\r\n", "\r", "read", ",", "é", "E\r\n", "\nE\r\n", "<<E\n", "<<-E\n"),
    *("\v", "\f", "1", "_"),
)
_FILTERS = (
    *("{{", "}}", "{{ ", " }}", "{{- ", " -}}", ".key", ".path", ".nope", ".", "$", "$.key"),
    *(".key.x", "$x := .key", "$x", " | ", "|", "(", ")", " ", "a/", "'a'", "5", "1.5", "true"),
    *("nil", "x", "uppercase", "lowercase", "sha256", "base64", "hex", "truncate 3", "truncate"),
    *("replace", "printf", "print", "len", "eq", "ne", "and", "or", "not", "index", "slice"),
    *("html", "call", "if ", "else", "else if ", "end", "range ", "with ", "define", "block"),
    *("template", "break", "/* c */", "{{/* c */}}", "{{ .key }}", "{{ .path }}", "random"),
    *("{{ .key | uppercase }}", "{{ if .key }}", "{{ else }}", "{{ end }}", "unix_time"),
    *("{{ range .key }}", "{{ with .key }}", "`a`", '\\"a\\"', '\\"%s\\"', ".key ", ".path "),
)
_CONTROLLED = 'controlled_capabilities = ["read"]'
_FACTOR = f'{_CONTROLLED} identity {{ approvals = 1 group_names = ["g"] }}'
_CONTROL_GROUPS = (
    *("ttl = 5", 'ttl = "1h"', 'ttl = "1w"', "ttl = true", "ttl = 1.5", "ttl = -1", 'ttl = ""'),
    *("self_auth_allowed = true", 'self_auth_allowed = "true"', "nope = 1", '"ttl" = 5', "ttl {}"),
    *(f'factor "f" {{ {_FACTOR} }}', f'factor "g" {{ {_FACTOR} }}', f"factor {{ {_FACTOR} }}"),
    *(f'factor "" {{ {_FACTOR} }}', f'factor "f" "g" {{ {_FACTOR} }}', f"factor f {{ {_FACTOR} }}"),
    *(f"factor = {{ f = {{ {_FACTOR} }} }}", 'factor "f" {}', "factor = 5", "factor = []"),
)
_FACTORS = (
    *(f"controlled_capabilities = {words}" for words in ('["read"]', "[]", '["sudo"]', '"read"')),
    *(
        f"controlled_capabilities = {words}"
        for words in ('["help", "renew"]', "[5]", "{}", '["x"]')
    ),
    *("identity { approvals = 1 }", 'identity { group_names = ["g"] }', "identity {}", "nope = 1"),
    *('identity { approvals = 1 group_names = ["g"] }', 'identity "x" { approvals = 1 }'),
    *('identity = { approvals = "2" group_names = ["h"] }', "identity = 5", "identity = []"),
    *('controlled_capabilities "x" {}', 'Identity { approvals = 1 group_names = ["g"] }'),
)
_IDENTITIES = (
    *(f"approvals = {number}" for number in ("1", "0", "-1", '"2"', "1.5", "true", "0x1", '""')),
    *(f"group_names = {words}" for words in ('["g"]', "[]", '"g"', "[5]", "{}", '["g", "h"]')),
    *("Approvals = 1", "APPROVALS = 0", 'GROUP_NAMES = ["g"]', "Group_Names = []", "nope = [{}]"),
    *('"approvals" = 1', 'approvals "x" {}', 'group_ids = ["g"]'),
)
_PARAMETERS = (
    *("[", "]", "{", "}", ",", "=", '"a"', '"A"', "a", "1", "010", "0x1f", "1.0", "1e3", "true"),
    *("[]", "{}", '"x"', "[1]", "{ a = 1 }", '["x"]', "false", "null", "-1"),
    *("9223372036854775808", '"İ"', '"\u212a"', '"É"', '"Σ"', '"ǅ"', '"ẞ"'),
)
_JSON = (
    *("{", "}", "[", "]", ",", ":", '"path"', '"a"', '"b/*"', '"capabilities"', '"policy"'),
    *('["read"]', '"read"', '"deny"', "true", "false", "null", "1", "-1", "1.", "01", "\x00"),
    *("\r\n", '"\\/"', '"\\ud800"', '{"policy": "read"}', '"b": {"policy": "deny"}', "{}", "[]"),
    *('"a": {"policy": "write"}', "x", '"comment"', '"\\400"'),
)

_STUCK = ("",)
_SPACED = (" ",)

SOUPS: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    "tokens": (_TEXT_FRAMES, TOKENS, (" ", " ", " ", "\n", "")),
    "durations": (
        (
            'path "a" { capabilities = ["read"] max_wrapping_ttl = "@" }',
            'path "a" { capabilities = ["read"] min_wrapping_ttl = "@" }',
            'path "a" { min_wrapping_ttl = "1s" max_wrapping_ttl = "@" }',
        ),
        _DURATIONS,
        _STUCK,
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
        _NUMBERS,
        _STUCK,
    ),
    "dates": (('path "a" { policy = "read" expiration = "@" }',), _DATES, _STUCK),
    "escapes": (
        (
            'path "@" { policy = "read" }',
            'path "a" { capabilities = ["@"] }',
            'path "a" { policy = "read" allowed_parameters = { "@" = ["@"] } }',
            'path "a" "@" { policy = "read" comment = "@" }',
            '{"path": {"@": {"policy": "read"}}}',
            '{"path": {"a": {"allowed_parameters": {"@": ["@"]}, "policy": "read"}}}',
        ),
        _ESCAPES,
        _STUCK,
    ),
    "heredocs": (
        (
            'path "a" { capabilities = ["read"] required_parameters = [@] }',
            'path "a" { policy = "read" required_parameters = [<<@] }',
            'path "a" { policy = "read" required_parameters = [<<E\n@\nE\n] }',
            'path "a" { policy = "read" required_parameters = [<<-E\n@\n  E\n] }',
            'path "a" { comment = @\n policy = "read" }',
        ),
        _HEREDOCS,
        _STUCK,
    ),
    "filters": (
        (
            'path "a" { capabilities = ["list"] list_scan_response_keys_filter_path = "@" }',
            'path "a" { policy = "read" list_scan_response_keys_filter_path = "{{ @ }}" }',
            'path "a" { policy = "read" list_scan_response_keys_filter_path = "{{ .key }}@" }',
        ),
        _FILTERS,
        ("", "", " "),
    ),
    "control groups": (
        ('path "a" { policy = "read" control_group { @ } }',),
        _CONTROL_GROUPS,
        _SPACED,
    ),
    "factors": (
        (
            'path "a" { policy = "read" control_group { factor "f" { @ } } }',
            'path "a" { policy = "read" control_group = { factor "f" { @ } ttl = 5 } }',
        ),
        _FACTORS,
        _SPACED,
    ),
    "identities": (
        (f'path "a" {{ control_group {{ factor "f" {{ {_CONTROLLED} identity {{ @ }} }} }} }}',),
        _IDENTITIES,
        _SPACED,
    ),
    "parameters": (
        (
            'path "a" { policy = "read" allowed_parameters = { @ } }',
            'path "a" { policy = "read" denied_parameters = { a = [@] } }',
            'path "a" { policy = "read" allowed_parameters { a = [@] } allowed_parameters "b" {} }',
            'path "a" { policy = "read" required_parameters = [@] mfa_methods = [@] }',
        ),
        _PARAMETERS,
        _SPACED,
    ),
    "json": (
        ("{@", '{"path": {@}}', '{"path": {"a": {@}}}', '{"path": {"a": {"policy": "read", @}}}'),
        _JSON,
        (" ", ""),
    ),
}
"""By name: texts with holes at `@`, what may stand in a hole, and what may stand between two."""
