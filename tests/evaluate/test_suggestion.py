"""A suggestion really works: with what it says added, the request is allowed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy import DIALECTS, Decision, PolicySet, Reason, Request, Token, parse
from policy.evaluate.explain import suggest
from policy.model import Policy, plain_text
from tests.evaluate.acls import NOW, OPENBAO, in_namespace

BY_CONDITIONS = {
    Reason.DENIED_PARAMETER,
    Reason.PAGINATION,
    Reason.PARAMETER_NOT_ALLOWED,
    Reason.REQUIRED_PARAMETER,
    Reason.VALUE_NOT_ALLOWED,
    Reason.WRAPPING,
}


def with_added(decision: Decision, policies: list[Policy], addition: str) -> Decision:
    """The same request, by the same token with one rule more."""
    token = decision.acl.token
    dialect = decision.acl.dialect
    added = in_namespace(parse(addition, "added", dialect=dialect, now=NOW), token.namespace)
    known = [policy for policy in policies if policy.name != "root"]
    acl = PolicySet([*known, added], dialect).acl(
        Token([*token.policies, "added"], namespace=token.namespace), now=NOW
    )
    return acl.decide(decision.request)


def additions(decision: Decision) -> list[str]:
    """What a suggestion offers, as rules: a whole one, and words for the winner's pattern."""
    said = suggest(decision)
    if said is None:
        return []
    words, _, rule = said.partition("\n")
    found = [rule] if rule else []
    if words.startswith("add `"):
        grant = decision.grant
        assert grant is not None
        assert f"to `{grant.pattern}`" in words
        listed = ", ".join(f'"{capability}"' for capability in decision.missing)
        assert all(f"`{capability}`" in words for capability in decision.missing)
        path = plain_text(grant.pattern.text).removeprefix(decision.acl.token.namespace)
        star = "*" if grant.pattern.is_open else ""
        found.append(f'path "{path}{star}" {{ capabilities = [{listed}] }}')
    return found


PATTERNS = (
    "a",
    "a/",
    "a/b",
    "a/*",
    "a/+",
    "+/b",
    "*",
    "+",
    "sys/*",
    "sys/step-down",
    "é/*",
    "a/b*",
)
PATHS = ("a", "a/", "a/b", "a/b/c", "sys/step-down", "sys/audit", "é/x", "ns1/a")
WORDS = ("", 'policy = "read"', 'policy = "write"', 'policy = "deny"', 'capabilities = ["sudo"]')
CONDITIONS = (
    "",
    "",
    'required_parameters = ["k"]',
    "min_wrapping_ttl = 5",
    'allowed_parameters = { "x" = ["1"] }',
)
OPERATIONS = ("read", "list", "update", "create", "delete", "patch", "write", "help", "header")
rules = st.tuples(
    st.sampled_from(PATTERNS), st.sampled_from(WORDS), st.sampled_from(CONDITIONS)
).map(lambda rule: f'path "{rule[0]}" {{ {rule[1]} {rule[2]} }}')


@settings(max_examples=300, deadline=None)
@given(
    st.lists(rules, max_size=5),
    st.sampled_from(OPERATIONS),
    st.sampled_from(PATHS),
    st.sampled_from(sorted(DIALECTS)),
    st.sampled_from(["", "ns1/"]),
    st.sampled_from([None, {"k": "1"}, {"x": "2"}]),
)
def test_what_is_suggested_makes_it_allowed(
    texts: list[str],
    operation: Any,
    path: str,
    dialect: str,
    namespace: str,
    data: dict[str, Any] | None,
) -> None:
    policy = in_namespace(parse("\n".join(texts), "p", dialect=dialect, now=NOW), namespace)
    acl = PolicySet([policy], dialect).acl(Token(["p"], namespace=namespace), now=NOW)
    decision = acl.decide(Request(operation, path, namespace, data))
    said = suggest(decision)
    found = additions(decision)
    for addition in found:
        after = with_added(decision, [policy], addition)
        if "and change the request" in str(said) and addition is found[-1]:
            assert after.reason in BY_CONDITIONS
        else:
            assert after.allowed, (said, addition, after.explain())
    if decision.outcome == "deny" and decision.missing and not found:
        hopeless = BY_CONDITIONS | {Reason.EXPLICIT_DENY, Reason.UNSUPPORTED_OPERATION}
        assert decision.reason in hopeless or not decision.path.startswith(namespace)


def decision_on(path: str, text: str = "", operation: Any = "read") -> Decision:
    policy = parse(text, "p", dialect=OPENBAO, now=NOW)
    return PolicySet([policy], OPENBAO).acl(Token(["p"]), now=NOW).decide(Request(operation, path))


@pytest.mark.parametrize(
    "path",
    [
        *('a"b', "a\\b", "a${b", "$${x}", "a b", "é", "\U0001f600", "a\udcffb", "a}b", "a{b"),
        *("a*b", "a+b", "$", "{", "a/", "\ufffd${x}"),
    ],
)
def test_a_path_is_quoted_so_that_it_means_itself(path: str) -> None:
    decision = decision_on(path)
    (addition,) = additions(decision)
    assert addition.isprintable()
    policy = parse(addition, "added", dialect=OPENBAO)
    assert policy.rules[0].path == path
    assert with_added(decision, [], addition).allowed


@pytest.mark.parametrize("path", ["a\nb", "\x1b[1m", "\u202e", "\x00", "\ue123"])
def test_no_rule_is_offered_for_a_path_that_no_server_answers(path: str) -> None:
    decision = decision_on(path)
    assert decision.reason is Reason.REFUSED_BEFORE_ACL
    assert suggest(decision) is None


@pytest.mark.parametrize("path", ["a*", "*", "a/+/b", "+", "a{{b", "a}}b", "a+*b", "{{x}}"])
def test_where_no_rule_can_say_just_that_path_none_is_offered(path: str) -> None:
    assert suggest(decision_on(path)) is None
    said = suggest(decision_on(path, 'path "*" { policy = "read" }', "delete"))
    assert said == "add `delete` to `*`"


def test_conditions_that_would_still_refuse_are_mentioned() -> None:
    text = 'path "a" { policy = "read" required_parameters = ["k"] }'
    assert suggest(decision_on("a", text, "update")) == (
        "add `update` to `a`, and change the request or the conditions at <p>:1"
    )
    text = 'path "a*" { policy = "read" required_parameters = ["k"] }'
    assert suggest(decision_on("a", text, "update")) == (
        "add `update` to `a*`, and change the request or the conditions at <p>:1, or this rule:\n"
        'path "a" { capabilities = ["list", "read", "update"] }'
    )
    text = 'path "a" { required_parameters = ["k"] }'
    assert suggest(decision_on("a", text, "update")) == (
        "add `update` to `a`, and change the request or the conditions at <p>:1"
    )


def test_capabilities_that_mean_nothing_there_are_not_kept() -> None:
    text = 'path "sys/*" { capabilities = ["create", "read", "update", "delete", "list"] }'
    said = suggest(decision_on("sys/step-down", text, "update"))
    assert re.search(r'path "sys/step-down" \{ capabilities = \["sudo", "update"\] \}', str(said))


def test_nothing_is_suggested_for_what_is_allowed_or_open() -> None:
    assert suggest(decision_on("a", 'path "a" { policy = "read" }')) is None
    assert suggest(decision_on("a", 'path "a" { capabilities = ["update"] }', "write")) is None
    assert suggest(decision_on("a", "", "header")) is None
