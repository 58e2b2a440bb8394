"""The tokens of the policy language, near misses of them, and texts with a hole to put them in."""

from __future__ import annotations

from policy.testing.values import ATTRIBUTES

__all__ = ["FRAGMENTS", "FRAMES", "TOKENS"]

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

FRAMES = (
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
"""Texts with a hole at `@`."""
