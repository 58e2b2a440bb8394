"""Every reason, reached; and the order in which the server asks."""

from __future__ import annotations

from typing import Any

import pytest

from policy import (
    Capability,
    Entity,
    Operation,
    Outcome,
    Policy,
    PolicySet,
    Reason,
    Request,
    Token,
    parse,
)
from policy.catalog import MountTable
from tests.evaluate.acls import NOW, OPENBAO, acl_of, decided, in_namespace

WITH_PARAMETERS = """
path "a" {
  capabilities = ["create", "read", "update", "list"]
  required_parameters = ["name"]
  allowed_parameters = { "name" = ["x*"], "ttl" = ["1h"], "any" = [] }
  denied_parameters = { "force" = [] }
}
"""
WRAPPED = """
path "a" {
  capabilities = ["read", "list"]
  min_wrapping_ttl = "10s"
  max_wrapping_ttl = 60
}
"""

CASES: list[tuple[str, str, str, dict[str, Any], Reason]] = [
    ('path "a" { policy = "read" }', "read", "a", {}, Reason.GRANTED),
    ('path "a" { policy = "deny" }', "help", "a", {}, Reason.HELP),
    ("", "help", "sys/audit", {}, Reason.HELP),
    ("", "read", "sys/health", {}, Reason.UNAUTHENTICATED),
    ('path "*" { policy = "deny" }', "update", "sys/unseal", {}, Reason.UNAUTHENTICATED),
    ('path "b" { policy = "read" }', "read", "a", {}, Reason.NO_MATCHING_RULE),
    ('path "a" {}', "read", "a", {}, Reason.EMPTY_RULE),
    ('path "a" { policy = "deny" }', "read", "a", {}, Reason.EXPLICIT_DENY),
    ('path "a" { policy = "read" }', "update", "a", {}, Reason.MISSING_CAPABILITY),
    ('path "a" { capabilities = ["sudo"] }', "read", "a", {}, Reason.MISSING_CAPABILITY),
    ('path "sys/*" { policy = "write" }', "update", "sys/step-down", {}, Reason.MISSING_SUDO),
    ('path "a" { policy = "sudo" }', "header", "a", {}, Reason.UNSUPPORTED_OPERATION),
    ('path "*" { policy = "sudo" }', "read", "a//b", {}, Reason.REFUSED_BEFORE_ACL),
    ('path "*" { policy = "sudo" }', "read", "a/../b", {}, Reason.REFUSED_BEFORE_ACL),
    ('path "*" { policy = "sudo" }', "update", "a/", {}, Reason.REFUSED_BEFORE_ACL),
    ('path "*" { policy = "sudo" }', "read", "sys/seal", {}, Reason.REFUSED_BEFORE_ACL),
    (WITH_PARAMETERS, "create", "a", {"data": {"name": "xy"}}, Reason.GRANTED),
    (WITH_PARAMETERS, "create", "a", {}, Reason.REQUIRED_PARAMETER),
    (WITH_PARAMETERS, "update", "a", {"data": {"NAME": "xy"}}, Reason.REQUIRED_PARAMETER),
    (WITH_PARAMETERS, "create", "a", {"data": {"name": "xy", "force": 1}}, Reason.DENIED_PARAMETER),
    (WITH_PARAMETERS, "create", "a", {"data": {"name": "y"}}, Reason.VALUE_NOT_ALLOWED),
    (WITH_PARAMETERS, "create", "a", {"data": {"name": "x", "o": 1}}, Reason.PARAMETER_NOT_ALLOWED),
    (WITH_PARAMETERS, "read", "a", {"data": {"name": ["x"]}}, Reason.VALUE_NOT_ALLOWED),
    (WITH_PARAMETERS, "list", "a", {}, Reason.GRANTED),
    (WRAPPED, "read", "a", {"wrap_ttl_seconds": 30}, Reason.GRANTED),
    (WRAPPED, "read", "a", {}, Reason.WRAPPING),
    (WRAPPED, "list", "a", {"wrap_ttl_seconds": 61}, Reason.WRAPPING),
    (
        'path "a" { policy = "read" pagination_limit = 5 }',
        "list",
        "a",
        {"data": {"limit": "6"}},
        Reason.PAGINATION,
    ),
    ('path "a" { policy = "read" pagination_limit = 5 }', "list", "a", {}, Reason.GRANTED),
    ('path "a" { capabilities = ["create"] }', "write", "a", {}, Reason.EXISTENCE_UNKNOWN),
    ('path "a" { policy = "write" }', "write", "a", {}, Reason.GRANTED),
    ('path "sys/mounts/a" { policy = "write" }', "write", "sys/mounts/a", {}, Reason.GRANTED),
    ('path "sys/mounts/a" {}', "write", "sys/mounts/a", {}, Reason.EMPTY_RULE),
    ('path "a" { capabilities = ["update"] }', "renew", "a", {}, Reason.GRANTED),
    ('path "a" { capabilities = ["update"] }', "rollback", "a", {}, Reason.GRANTED),
    ('path "a" { policy = "read" }', "revoke", "a", {}, Reason.MISSING_CAPABILITY),
]  # fmt: skip
ALLOWING = {Reason.GRANTED, Reason.HELP, Reason.ROOT, Reason.UNAUTHENTICATED}
OPEN = {Reason.EXISTENCE_UNKNOWN, Reason.NOT_DETERMINED}


@pytest.mark.parametrize(("text", "operation", "path", "more", "reason"), CASES)
def test_reason(text: str, operation: str, path: str, more: dict[str, Any], reason: Reason) -> None:
    decision = decided(text, operation, path, **more)
    assert decision.reason is reason
    if reason in ALLOWING:
        assert decision.outcome is Outcome.ALLOW
    else:
        assert decision.outcome is (Outcome.UNDETERMINED if reason in OPEN else Outcome.DENY)
    assert decision.allowed == (decision.outcome is Outcome.ALLOW)
    assert decision.detail
    assert not decision.detail.endswith(".")


def test_every_reason_is_reached() -> None:
    elsewhere = {Reason.ROOT, Reason.NO_ACL, Reason.NOT_DETERMINED}
    assert {case[-1] for case in CASES} | elsewhere == set(Reason)


# root


def root(namespace: str = "", dialect: str = OPENBAO) -> Any:
    return PolicySet([], dialect).acl(Token(["root"], namespace=namespace), now=NOW)


def test_root_may_do_everything() -> None:
    acl = root()
    assert acl.is_root
    for operation in Operation:
        assert acl.decide(Request(operation, "a")).reason is Reason.ROOT
    assert acl.allows("update", "sys/step-down")
    assert acl.capabilities("a") == ["root"]
    assert acl.decide(Request(Operation.READ, "a//b")).reason is Reason.REFUSED_BEFORE_ACL


def test_root_of_a_child_namespace() -> None:
    acl = root("ns1/")
    for path, namespace, allowed in (("a", "ns1/", True), ("ns1/a", "", True), ("a", "", False)):
        decision = acl.decide(Request(Operation.READ, path, namespace))
        assert decision.allowed == allowed
        assert decision.reason is (Reason.ROOT if allowed else Reason.NO_MATCHING_RULE)
    assert not acl.decide(Request(Operation.HELP, "a")).allowed
    assert acl.capabilities("a", "ns1/") == ["root"]
    assert acl.capabilities("ns1/a") == ["deny"]
    refused = root("ns1/", "vault-2.0")
    assert refused.error == "the policy `root` exists in the root namespace only"
    assert refused.decide(Request(Operation.READ, "a", "ns1/")).reason is Reason.NO_ACL


def test_root_cannot_be_mixed_with_other_policies() -> None:
    acl = acl_of('path "a" { policy = "read" }', token=Token(["root", "p0"]))
    assert acl.error == "the policy `root` cannot be mixed with others"
    assert not acl.is_root
    assert acl.decide(Request(Operation.READ, "a")).reason is Reason.NO_ACL
    # What does not exist does not count.
    acl = acl_of(token=Token(["root", "nonsense"]))
    assert acl.is_root
    assert acl.error is None


# ACLs that cannot be built

SLASH = 'path "{{identity.entity.name}}" {} path "b" { policy = "sudo" }'


def spoilt(dialect: str) -> Any:
    return acl_of(SLASH, dialect=dialect, token=Token(["p0"], Entity("e", "x/y")))


def test_an_acl_that_cannot_be_built_denies_everything() -> None:
    acl = spoilt(OPENBAO)
    assert "forbidden value" in str(acl.error)
    for operation in Operation:
        decision = acl.decide(Request(operation, "b"))
        assert (decision.outcome, decision.reason) == (Outcome.DENY, Reason.NO_ACL)
        assert decision.detail == acl.error
        assert not acl.allows(operation, "b")
    assert acl.capabilities("b") == ["deny"]
    # Paths that need no token are open all the same.
    assert acl.decide(Request(Operation.READ, "sys/health")).reason is Reason.UNAUTHENTICATED
    assert acl.allows("read", "sys/health")


def test_where_nobody_knows_whether_the_server_would_build_one() -> None:
    acl = spoilt("vault-1.21")
    decision = acl.decide(Request(Operation.READ, "b"))
    assert (decision.outcome, decision.reason) == (Outcome.UNDETERMINED, Reason.NOT_DETERMINED)
    assert not acl.allows("read", "b")
    assert not decision.allowed


# the decision as a value


def test_a_decision_is_no_boolean() -> None:
    for text in ('path "a" { policy = "read" }', ""):
        decision = decided(text, "read", "a")
        with pytest.raises(TypeError, match="neither true nor false"):
            bool(decision)
        with pytest.raises(TypeError):
            assert not decision


def test_what_it_carries() -> None:
    text = '# first\npath "sys/*" { capabilities = ["update"] }'
    decision = decided(text, "update", "sys/step-down")
    assert decision.needed == (Capability.UPDATE, Capability.SUDO)
    assert decision.missing == (Capability.SUDO,)
    assert decision.is_root_protected
    assert decision.fact is not None
    assert decision.fact.kind == "sudo"
    assert decision.rule is not None
    assert text[slice(*decision.rule.span)] == 'path "sys/*" { capabilities = ["update"] }'
    assert decision.policy is not None
    assert decision.policy.name == "p0"
    assert decision.granted_by == ("p0",)
    nothing = decided("", "read", "a")
    assert (nothing.rule, nothing.policy, nothing.grant) == (None, None, None)
    assert nothing.granted_by == ()
    assert not nothing.is_root_protected
    assert nothing.missing == (Capability.READ,)


def test_granted_by_names_who_gives_something_that_is_needed() -> None:
    acl = acl_of(
        'path "sys/step-down" { capabilities = ["update"] }',
        'path "sys/step-down" { capabilities = ["read"] }',
        'path "sys/step-down" { capabilities = ["sudo"] }',
    )
    decision = acl.decide(Request(Operation.UPDATE, "sys/step-down"))
    assert decision.reason is Reason.GRANTED
    assert decision.granted_by == ("p0", "p2")


# the order of the checks


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('policy = "deny"', Reason.EXPLICIT_DENY),
        ("", Reason.EMPTY_RULE),
        ('policy = "read" min_wrapping_ttl = 5', Reason.MISSING_CAPABILITY),
        ('policy = "write" min_wrapping_ttl = 5 required_parameters = ["x"]', Reason.WRAPPING),
        ('policy = "write" required_parameters = ["x"]', Reason.REQUIRED_PARAMETER),
        ('policy = "write"', Reason.MISSING_SUDO),
        ('policy = "sudo"', Reason.GRANTED),
    ],
)
def test_capability_then_wrapping_then_parameters_then_sudo(rule: str, reason: Reason) -> None:
    text = f'path "sys/step-down" {{ {rule} }}'
    assert decided(text, "update", "sys/step-down").reason is reason


# help on old servers


@pytest.mark.parametrize(
    ("dialect", "path", "reason"),
    [
        ("vault-1.11", "sys/audit", Reason.MISSING_SUDO),
        ("vault-1.11", "sys/step-down", Reason.HELP),
        ("vault-1.11", "a", Reason.HELP),
        ("vault-1.21", "sys/audit", Reason.HELP),
        ("vault-2.0", "sys/audit", Reason.HELP),
        (OPENBAO, "sys/audit", Reason.HELP),
    ],
)
def test_help(dialect: str, path: str, reason: Reason) -> None:
    text = 'path "*" { policy = "read" min_wrapping_ttl = 5 }'
    assert decided(text, "help", path, dialect).reason is reason


def test_help_with_sudo_on_an_old_server() -> None:
    text = 'path "sys/audit" { capabilities = ["sudo"] min_wrapping_ttl = 5 }'
    assert decided(text, "help", "sys/audit", "vault-1.11").reason is Reason.GRANTED


# writes


@pytest.mark.parametrize(
    ("held", "outcome", "words"),
    [
        (["create", "update"], Outcome.ALLOW, ""),
        (["read"], Outcome.DENY, ""),
        (["update"], Outcome.UNDETERMINED, "allowed if the object exists already, denied if it"),
        (["create"], Outcome.UNDETERMINED, "denied if the object exists already, allowed if it"),
    ],
)
def test_a_write_is_a_create_or_an_update(held: list[str], outcome: Outcome, words: str) -> None:
    listed = ", ".join(f'"{word}"' for word in held)
    text = f'path "kv/a" {{ capabilities = [{listed}] }}'
    acl = acl_of(text, mounts={"kv/": "kv-v1"})
    decision = acl.decide(Request(Operation.WRITE, "kv/a"))
    assert decision.outcome is outcome
    assert words in decision.detail
    assert "not known" not in decision.detail
    if outcome is Outcome.UNDETERMINED:
        assert decision.operation is Operation.WRITE
        assert len(decision.missing) == 1
    # With nothing known to be mounted there the same, and it says so.
    unknown = acl_of(text).decide(Request(Operation.WRITE, "kv/a"))
    assert unknown.outcome is outcome
    assert ("not known" in unknown.detail) == (outcome is Outcome.UNDETERMINED)


def test_a_write_where_there_is_no_existence_check_is_an_update() -> None:
    text = 'path "sys/mounts/a" { capabilities = ["create"] }'
    decision = decided(text, "write", "sys/mounts/a")
    assert decision.operation is Operation.UPDATE
    assert decision.reason is Reason.MISSING_CAPABILITY


def test_a_write_to_the_bare_name_of_a_mount_is_looked_up_with_a_slash() -> None:
    acl = acl_of('path "kv" { policy = "write" }', mounts={"kv/": "kv-v1"})
    decision = acl.decide(Request(Operation.UPDATE, "kv"))
    assert (decision.path, decision.reason) == ("kv/", Reason.NO_MATCHING_RULE)
    assert not acl.allows("update", "kv")
    assert acl.allows("read", "kv")
    assert acl.allows("delete", "kv")
    acl = acl_of('path "kv/" { policy = "write" }', mounts={"kv/": "kv-v1"})
    assert acl.allows("update", "kv")
    assert not acl.allows("read", "kv")


# mounts


def test_what_is_mounted_makes_paths_root_protected() -> None:
    text = 'path "pki_int/root" { capabilities = ["delete"] }'
    request = Request(Operation.DELETE, "pki_int/root")
    assert acl_of(text).decide(request).reason is Reason.GRANTED
    assert acl_of(text, mounts={"pki_int/": "pki"}).decide(request).reason is Reason.MISSING_SUDO


# namespaces


def namespaced(text: str, namespace: str, *names: str) -> Policy:
    return in_namespace(parse(text, names[0] if names else "p0", dialect=OPENBAO), namespace)


def test_policies_of_a_namespace_speak_of_it_alone() -> None:
    policies = PolicySet([namespaced('path "*" { policy = "read" }', "ns1/")], OPENBAO)
    acl = policies.acl(Token(["p0"], namespace="ns1/"), now=NOW)
    assert acl.decide(Request(Operation.READ, "a", "ns1/")).allowed
    assert acl.decide(Request(Operation.READ, "ns1/a")).allowed
    assert not acl.decide(Request(Operation.READ, "a")).allowed
    assert acl.decide(Request(Operation.READ, "a", "ns1")).path == "ns1/a"
    # Names are looked up in the namespace of the token.
    stranger = policies.acl(Token(["p0"]), now=NOW)
    assert stranger.unknown_policies == ("p0",)
    assert acl.capabilities("a", "ns1/") == ["list", "read"]
    assert acl.capabilities("ns1/a") == ["list", "read"]
    assert acl.capabilities("/a", "ns1/") == ["list", "read"]
    assert acl.capabilities("/a") == ["deny"]


def test_root_protected_paths_of_a_namespace() -> None:
    text = 'path "ns1/sys/audit" { policy = "write" } path "ns1/sys/auth/x" { policy = "write" }'
    acl = acl_of(text, namespaces=("ns1/",))
    assert acl.decide(Request(Operation.UPDATE, "ns1/sys/auth/x")).reason is Reason.MISSING_SUDO
    assert acl.decide(Request(Operation.UPDATE, "sys/auth/x", "ns1/")).reason is Reason.MISSING_SUDO
    refused = acl.decide(Request(Operation.UPDATE, "sys/step-down", "ns1/"))
    assert refused.reason is Reason.REFUSED_BEFORE_ACL
    assert refused.detail == "only the root namespace answers this path"
    # Without being told of the namespace, the path is just a path.
    assert acl_of(text).allows("update", "ns1/sys/auth/x")


def test_a_double_slash_at_the_front_of_a_namespace() -> None:
    acl = acl_of('path "*" { policy = "sudo" }')
    assert acl.decide(Request(Operation.READ, "/a")).allowed
    assert acl.decide(Request(Operation.READ, "/a", "ns1/")).reason is Reason.REFUSED_BEFORE_ACL


def test_not_ascii() -> None:
    acl = acl_of('path "é/+" { policy = "read" }', mounts={"ö/": "pki"})
    assert acl.decide(Request(Operation.READ, "é/ü")).path == "é/ü"
    assert acl.allows("read", "é/ü")
    assert acl.allows("list", "é/ü")
    assert not acl.allows("read", "e/u")
    assert acl.capabilities("é/ü") == ["list", "read"]


def test_the_default_mounts_are_there() -> None:
    acl = PolicySet([], OPENBAO).acl(Token([]), now=NOW)
    assert acl.bare_mounts == {mount.path[:-1] for mount in MountTable.default().mounts}


def test_an_unknown_operation() -> None:
    from policy import UsageError

    for call in (acl_of("").allows, lambda o, p: list(acl_of("").allows_many([(o, p)]))):
        with pytest.raises(UsageError, match="unknown operation `fly`"):
            call("fly", "a")
