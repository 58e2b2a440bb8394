"""The tokens of the policy language, and near misses of them."""

from __future__ import annotations

from policy.testing.values import ATTRIBUTES

__all__ = ["FRAGMENTS", "TOKENS"]

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
