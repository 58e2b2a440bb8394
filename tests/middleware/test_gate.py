"""What a request is checked as, and every way in which an application is not the server."""

from __future__ import annotations

from typing import Any

import pytest

import policy
from policy import Outcome, PolicySet, Reason, Token, UsageError
from policy.middleware import Gate, Refusal, Verdict

ME = Token(["p"])


def gate(text: str, **options: Any) -> Gate:
    dialect = "openbao-2.7"
    return Gate(PolicySet([policy.parse(text, "p", dialect=dialect)], dialect), **options)


def rule(path: str, *capabilities: str, more: str = "") -> str:
    words = ", ".join(f'"{word}"' for word in capabilities)
    return f'path "{path}" {{\n capabilities = [{words}]\n {more}\n}}\n'


def outcome(verdict: Verdict) -> tuple[str, str, int]:
    return verdict.outcome, verdict.reason, verdict.status


@pytest.mark.parametrize(
    ("method", "capabilities"),
    [
        ("GET", ["read"]),
        ("HEAD", ["read"]),
        ("LIST", ["list"]),
        ("SCAN", ["scan"]),
        ("DELETE", ["delete"]),
        ("PATCH", ["patch"]),
        ("POST", ["create", "update"]),
        ("PUT", ["create", "update"]),
    ],
)
def test_each_method_takes_its_capability(method: str, capabilities: list[str]) -> None:
    every = ["create", "delete", "list", "patch", "read", "scan", "update"]
    enough = gate(rule("a", *capabilities))
    assert enough.check(method, "/a", ME).allowed
    others = [word for word in every if word not in capabilities]
    too_little = gate(rule("a", *others))
    assert too_little.check(method, "/a", ME).outcome is not Outcome.ALLOW


@pytest.mark.parametrize("method", ["OPTIONS", "get", "HELP", "TRACE", "", "CONNECT"])
def test_other_methods_are_405_even_for_root(method: str) -> None:
    verdict = gate(rule("*", "read")).check(method, "/a", Token(["root"]))
    assert outcome(verdict) == ("deny", Refusal.UNKNOWN_METHOD, 405)


def test_a_write_is_undetermined_until_somebody_says_whether_the_object_exists() -> None:
    updates = gate(rule("a", "update"))
    assert outcome(updates.check("PUT", "/a", ME)) == (
        "undetermined",
        Reason.EXISTENCE_UNKNOWN,
        403,
    )
    assert updates.check("PUT", "/a", ME, exists=True).allowed
    assert not updates.check("PUT", "/a", ME, exists=False).allowed


def test_queries_do_not_change_the_operation_unless_the_application_takes_them() -> None:
    lists = rule("a", "list")
    for query in ("list=true", "help=1", "list=1&x=2", "%6cist=true"):
        assert not gate(lists).check("GET", "/a", ME, query=query).allowed
    told = gate(lists, list_queries=True)
    for query in ("list=true", "x=1&list=1", "%6cist=true"):
        assert told.check("GET", "/a", ME, query=query).allowed
        assert told.check("HEAD", "/a", ME, query=query).allowed
    # Help needs no capability on the server; here it is what the method says.
    assert not told.check("GET", "/a", ME, query="help=1").allowed
    reads = gate(rule("a", "read"), list_queries=True)
    for query in ("list=true", "%6cist=true", "list=yes", "list=true&list=false"):
        assert not reads.check("GET", "/a", ME, query=query).allowed
    assert reads.check("GET", "/a", ME, query="list=false").allowed


def test_the_prefix_stands_before_every_path() -> None:
    guarded = gate(rule("app/*", "read") + rule("secret", "read"), prefix="app/")
    assert guarded.check("GET", "/secret", ME).allowed
    assert guarded.check("GET", "/", ME).allowed
    assert not gate(rule("secret", "read"), prefix="app/").check("GET", "/secret", ME).allowed
    assert gate(rule("app/sys/audit", "read"), prefix="app/").check("GET", "/sys/audit", ME).allowed
    for prefix in ("app", "/app/", "a//b/", "a/../b/"):
        with pytest.raises(UsageError, match="no prefix"):
            gate("", prefix=prefix)


def test_without_a_prefix_the_paths_of_the_server_are_the_servers() -> None:
    guarded = gate(rule("*", "read", "update", "create"))
    assert outcome(guarded.check("GET", "/sys/audit", ME)) == ("deny", Reason.MISSING_SUDO, 403)
    # Open without a token there; nobody has said so about this application.
    assert outcome(guarded.check("GET", "/sys/health", ME)) == (
        "deny",
        Reason.UNAUTHENTICATED,
        403,
    )


def test_a_final_slash_opens_nothing_that_is_closed_without_it() -> None:
    guarded = gate(rule("a/*", "read") + rule("a/b", "deny"))
    assert not guarded.check("GET", "/a/b", ME).allowed
    assert not guarded.check("GET", "/a/b/", ME).allowed
    assert guarded.check("GET", "/a/c/", ME).allowed
    closed = gate(rule("a/*", "read") + rule("a/b/", "deny"))
    assert not closed.check("GET", "/a/b/", ME).allowed


PARAMETERS = 'allowed_parameters = {\n "ttl" = ["1h"]\n }'


def test_a_rule_about_parameters_wants_to_see_the_body() -> None:
    guarded = gate(rule("a", "create", "update", "read", more=PARAMETERS))
    unseen = guarded.check("POST", "/a", ME)
    assert outcome(unseen) == ("undetermined", Refusal.UNENFORCEABLE, 403)
    assert guarded.check("POST", "/a", ME, data={"ttl": "1h"}).allowed
    assert guarded.check("POST", "/a", ME, data={}).allowed
    assert outcome(guarded.check("POST", "/a", ME, data={"ttl": "2h"})) == (
        "deny",
        Reason.VALUE_NOT_ALLOWED,
        403,
    )
    # Of a read they stand in the query.
    assert guarded.check("GET", "/a", ME, query="ttl=1h").allowed
    assert not guarded.check("GET", "/a", ME, query="ttl=2h").allowed
    assert not guarded.check("GET", "/a", ME, query="ttl=1h&ttl=2h").allowed
    assert not guarded.check("GET", "/a", ME, query="other=1h").allowed


CONTROL_GROUP = """control_group = {
  factor "f" {
    controlled_capabilities = ["create"]
    identity {
      group_names = ["g"]
      approvals = 1
    }
  }
}"""


@pytest.mark.parametrize(
    "more",
    [
        'denied_parameters = {\n "x" = []\n }',
        'required_parameters = ["x"]',
        'mfa_methods = ["one"]',
        CONTROL_GROUP,
    ],
)
def test_what_nobody_here_can_enforce_allows_nothing(more: str) -> None:
    guarded = gate(rule("a", "create", "update", more=more))
    assert not guarded.check("POST", "/a", ME).allowed


def test_a_rule_that_filters_a_list_allows_no_list() -> None:
    text = rule("a/*", "list", "read", more='list_scan_response_keys_filter_path = "b/{{.key}}"')
    guarded = gate(text)
    assert outcome(guarded.check("LIST", "/a/b", ME)) == (
        "undetermined",
        Refusal.UNENFORCEABLE,
        403,
    )
    assert guarded.check("GET", "/a/b", ME).allowed


def test_a_rule_that_wants_wrapping_allows_nothing() -> None:
    guarded = gate(rule("a", "read", more='min_wrapping_ttl = "1s"'))
    assert outcome(guarded.check("GET", "/a", ME)) == ("deny", Reason.WRAPPING, 403)


def test_nobody_may_do_nothing() -> None:
    verdict = gate(rule("*", "read")).check("GET", "/a", None)
    assert outcome(verdict) == ("deny", Refusal.NO_SUBJECT, 403)


def test_an_acl_that_cannot_be_built_allows_nothing() -> None:
    assert not gate(rule("*", "read")).check("GET", "/a", Token(["root", "p"])).allowed


def test_a_socket_takes_read_and_update() -> None:
    for capabilities in (["read"], ["update"], ["create", "read"]):
        assert not gate(rule("a", *capabilities)).check_socket("/a", ME).allowed
    assert gate(rule("a", "read", "update")).check_socket("/a", ME).allowed
    assert not gate(rule("a", "read", "update")).check_socket("/a//", ME).allowed
    assert not gate(rule("a", "read", "update")).check_socket("/a", None).allowed


def test_a_verdict_tells_why_and_is_no_boolean() -> None:
    verdict = gate(rule("a", "read")).check("GET", "/a", ME)
    assert verdict.decision is not None
    assert "`a` of `p`" in verdict.decision.explain()
    with pytest.raises(TypeError, match="ask `allowed`"):
        bool(verdict)


def test_decisions_are_counted_by_outcome_and_reason() -> None:
    guarded = gate(rule("a", "read"))
    for path in ("/a", "/a", "/b", "/a/../b"):
        guarded.check("GET", path, ME)
    guarded.check("BREW", "/a", ME)
    assert dict(guarded.decisions) == {
        ("allow", "granted"): 2,
        ("deny", "no-matching-rule"): 1,
        ("deny", "odd-path"): 1,
        ("deny", "unknown-method"): 1,
    }
