"""Explanations, as a person reads them: the whole story in under ten lines."""

from __future__ import annotations

from textwrap import dedent

import pytest

from policy import STEP_DOWN, Entity, PolicySet, Request, Token, parse
from tests.evaluate.acls import NOW, OPENBAO, acl_of

OPS = """\
path "sys/step-down" {
  capabilities = ["update", "sudo"]
}
path "sys/*" {
  capabilities = ["update"]
}
path "secret/+/db" {
  capabilities = ["read"]
  min_wrapping_ttl = "60s"
}
path "secret/*" {
  capabilities = ["read", "list"]
}
path "secret/app/*" {
  capabilities = ["deny"]
}
"""


def explained(operation: str, path: str, *texts: str, token: Token | None = None) -> str:
    acl = acl_of(*(texts or (OPS,)), token=token)
    return acl.decide(Request(operation, path)).explain()  # type: ignore[arg-type]  # words


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        (
            "update",
            "sys/step-down",
            """\
            ALLOW  update sys/step-down  (openbao-2.7)
              why     the winning rule grants all that is needed
              needs   `update` and `sudo`: root-protected by the core (OpenBao source, …)
              rule    `sys/step-down` of `p0` (<p0>:1)
              has     sudo, update
              lost    `sys/*` (<p0>:4): an exact path beats every pattern""",
        ),
        (
            "update",
            "sys/seal",
            """\
            DENY  update sys/seal  (openbao-2.7)
              why     root-protected, and the winning rule does not grant `sudo`
              needs   `update` and `sudo`: root-protected by the core (OpenBao source, …)
              rule    `sys/*` of `p0` (<p0>:4)
              has     update
              to do   add `sudo` to `sys/*`, or this rule:
                      path "sys/seal" { capabilities = ["sudo", "update"] }""",
        ),
        (
            "read",
            "secret/app/db",
            """\
            DENY  read secret/app/db  (openbao-2.7)
              why     the winning rule denies
              needs   `read`
              rule    `secret/app/*` of `p0` (<p0>:14)
              has     deny
              lost    `secret/+/db` (<p0>:7): its first wildcard stands further to the left
              lost    `secret/*` (<p0>:11): its first wildcard stands further to the left
              to do   ask why <p0>:14 denies it before you change anything""",
        ),
        (
            "read",
            "secret/x/db",
            """\
            DENY  read secret/x/db  (openbao-2.7)
              why     the response must be wrapped for at least 60 s
              needs   `read`
              rule    `secret/+/db` of `p0` (<p0>:7)
              has     read
              lost    `secret/*` (<p0>:11): it ends in `*`
              to do   change the request, or the conditions of the rule at <p0>:7""",
        ),
        (
            "list",
            "cubbyhole",
            """\
            DENY  list cubbyhole/  (openbao-2.7)
              why     no rule matches the path
              needs   `list`
              to do   add this rule:
                      path "cubbyhole/" { capabilities = ["list"] }""",
        ),
        (
            "read",
            "sys/health",
            """\
            ALLOW  read sys/health  (openbao-2.7)
              why     no token is asked for here
              needs   no token: unauthenticated by the router (OpenBao source)""",
        ),
        (
            "read",
            "secret//x",
            """\
            DENY  read secret//x  (openbao-2.7)
              why     a path with `//` is redirected, and never matches a rule""",
        ),
        (
            "header",
            "secret/x",
            """\
            DENY  header secret/x  (openbao-2.7)
              why     HEAD is for root alone
              rule    `secret/*` of `p0` (<p0>:11)
              has     list, read""",
        ),
        (
            "help",
            "secret/x",
            """\
            ALLOW  help secret/x  (openbao-2.7)
              why     help needs no capability""",
        ),
    ],
)
def test_explanations(operation: str, path: str, expected: str) -> None:
    assert explained(operation, path) == dedent(expected)


def test_merged_rules_name_all_that_count() -> None:
    allow, deny = 'path "a" { policy = "read" }', 'path "a" { policy = "deny" }'
    assert explained("read", "a", allow, allow).splitlines()[3] == (
        "  rule    `a` of `p0`, `p1` (<p0>:1, <p1>:1)"
    )
    # Beside a deny the others do not count.
    assert explained("read", "a", allow, deny, allow).splitlines()[3] == (
        "  rule    `a` of `p1` (<p1>:1)"
    )
    assert explained("read", "a", *[allow] * 5).splitlines()[3] == (
        "  rule    `a` of `p0`, `p1`, `p2` and 2 more (<p0>:1, <p1>:1, <p2>:1 and 2 more)"
    )


def test_missing_policies_are_noted_with_a_denial_only() -> None:
    text = 'path "a" { policy = "read" }'
    token = Token(["p0", "opps"])
    assert "ignored: `opps`" in explained("update", "a", text, token=token)
    assert "ignored" not in explained("read", "a", text, token=token)


def test_rules_left_out_are_noted() -> None:
    text = "".join(f'path "{{{{identity.entity.metadata.k{at}}}}}" {{}} ' for at in range(3))
    shown = explained("read", "a", text, token=Token(["p0"], Entity("e", "n")))
    assert "template has no value for this token: `{{identity.entity.metadata.k0}}` and 2" in shown


def test_an_open_write() -> None:
    shown = explained("write", "a", 'path "a" { capabilities = ["update"] }')
    assert shown.startswith("UNDETERMINED  write a  (openbao-2.7)\n")
    assert "allowed if the object exists already" in shown
    assert "to do" not in shown


def test_an_acl_that_cannot_be_built() -> None:
    acl = PolicySet([], OPENBAO).acl(Token(["root"], namespace="ns1/"), now=NOW)
    assert acl.decide(Request("read", "b")).explain().count("\n") == 1  # type: ignore[arg-type]


def everything() -> list[str]:
    """Explanations with as much to say as there can be."""
    names = ["p0", "x" * 10, "y", "z", "v"]
    shown = []
    for rule in ("", 'policy = "deny"', 'policy = "read"', 'policy = "write" min_wrapping_ttl = 5'):
        for losers in range(5):
            patterns = ["sys/*", "*", "sys/+", "+/step-down", "+/+"][:losers]
            text = f'path "sys/step-down" {{ {rule} }} '
            text += "".join(f'path "{pattern}" {{}} ' for pattern in patterns)
            for token in (Token(["p0"]), Token(names)):
                shown.append(acl_of(text, token=token).decide(STEP_DOWN).explain())
    return shown


def test_under_ten_lines_that_fit_a_terminal() -> None:
    for text in everything():
        lines = text.splitlines()
        assert len(lines) < 10, text
        assert max(map(len, lines)) <= 100, text


@pytest.mark.parametrize("evil", ["\x1b[2J", "\nALLOW  read a", "\r", "\u202e", "\x07"])
def test_nothing_in_a_policy_or_request_reaches_the_terminal_raw(evil: str) -> None:
    escaped = evil.encode("unicode_escape").decode().replace("\\u", "\\u")
    text = f'path "a/{escaped}/*" {{}} path "a/*" {{}}'
    policies = PolicySet([parse(text, f"p{evil}", dialect=OPENBAO)], OPENBAO)
    acl = policies.acl(Token([f"p{evil}", f"q{evil}"]), now=NOW)
    for path in (f"a/{evil}/b", f"b{evil}"):
        shown = acl.decide(Request("read", path)).explain()  # type: ignore[arg-type]
        assert evil not in shown
        assert all(line.isprintable() for line in shown.split("\n"))
        assert sum(line[:1] != " " for line in shown.split("\n")) == 1
