"""Policies by name, the server's own ones, and the way to an ACL."""

from __future__ import annotations

from dataclasses import replace

import pytest

import policy
from policy import DIALECTS, Entity, Group, PolicySet, Token, UsageError
from policy.model import Dialect, Policy
from policy.policies import builtin_policy

OPENBAO = "openbao-2.7"
NOW = 1_800_000_000.0


def made(name: str, path: str = "a", namespace: str = "", **options: float) -> Policy:
    parsed = policy.parse(f'path "{path}" {{ policy = "read" }}', name, dialect=OPENBAO)
    return replace(parsed, namespace=namespace, **options)  # type: ignore[arg-type]


def test_policies_by_name() -> None:
    policies = PolicySet([made("a"), made("b")])
    assert len(policies) == 2
    assert [p.name for p in policies] == ["a", "b"]
    assert policies.get(" A ") is not None
    assert policies.get("c") is None
    assert policies.get("a", "ns1/") is None
    assert str(policies.dialect) == "vault-2.0"


def test_names_are_single_within_a_namespace() -> None:
    assert len(PolicySet([made("a"), made("a", namespace="ns1/")])) == 2
    with pytest.raises(UsageError, match="two policies are named `a`: <a> and <A>"):
        PolicySet([made("a"), made("A")])


# the server's own policies


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_default(dialect: str) -> None:
    default = builtin_policy("default", Dialect.named(dialect))
    assert default is not None
    acl = PolicySet([], dialect).acl(Token(["default"], Entity("e-1", "ann")), now=NOW)
    assert acl.unknown_policies == ()
    assert acl.allows("read", "auth/token/lookup-self")
    assert acl.allows("update", "sys/tools/hash/sha2-256")
    assert acl.allows("read", "identity/entity/id/e-1")
    assert not acl.allows("read", "identity/entity/id/e-2")
    assert acl.allows("update", "identity/oidc/provider/x/authorize")
    assert acl.capabilities("cubbyhole/x") == ["create", "delete", "list", "read", "update"]
    legacy = dialect == "vault-1.11"
    assert acl.allows("update", "sys/renew") == legacy
    assert acl.allows("update", "sys/control-group/request") == legacy


def test_response_wrapping() -> None:
    acl = PolicySet([]).acl(Token(["response-wrapping"]), now=NOW)
    assert acl.capabilities("cubbyhole/response") == ["create", "read"]
    assert builtin_policy("other", DIALECTS[OPENBAO]) is None


def test_an_edited_default_takes_its_place() -> None:
    policies = PolicySet([made("default", "mine")])
    acl = policies.acl(Token(["default"]), now=NOW)
    assert acl.allows("read", "mine")
    assert not acl.allows("read", "auth/token/lookup-self")


def test_each_namespace_has_its_own_default() -> None:
    policies = PolicySet([made("default", "mine")], OPENBAO)
    acl = policies.acl(Token(["default"], namespace="ns1/"), now=NOW)
    assert acl.capabilities("cubbyhole/x", "ns1/") != ["deny"]
    assert acl.capabilities("mine", "ns1/") == ["deny"]
    assert acl.capabilities("cubbyhole/x") == ["deny"]


# tokens


def test_unknown_and_expired_policies_are_ignored() -> None:
    policies = PolicySet([made("a"), made("old", "b", expiration=100.0)], OPENBAO)
    token = Token(["a", "old", "nonsense"])
    acl = policies.acl(token, now=NOW)
    assert acl.unknown_policies == ("nonsense", "old")
    assert acl.allows("read", "a")
    assert not acl.allows("read", "b")
    young = policies.acl(token, now=99.0)
    assert young.allows("read", "b")
    assert young.expires_at == 100.0


def test_policies_of_entity_and_groups() -> None:
    policies = PolicySet([made("t", "t"), made("e", "e"), made("g", "g")], OPENBAO)
    token = Token(["t"], Entity("1", "n", policies=("E",)), (Group("2", "m", policies=("g",)),))
    acl = policies.acl(token, now=NOW)
    assert [acl.allows("read", path) for path in ("t", "e", "g", "x")] == [True, True, True, False]


def test_without_a_time_the_clock_counts() -> None:
    text = 'path "a" { policy = "read" expiration = "2090-01-01T00:00:00Z" }'
    policies = PolicySet([policy.parse(text, "a", dialect=OPENBAO)], OPENBAO)
    acl = policies.acl(Token(["a"]))
    assert acl.allows("read", "a")
    assert acl.expires_at == 3786912000.0
    assert not policies.acl(Token(["a"]), now=4e9).allows("read", "a")


def test_namespaces_of_policies_are_known_to_the_acl() -> None:
    policies = PolicySet([made("a", namespace="ns1/"), made("b")], OPENBAO)
    acl = policies.acl(Token(["b"]), namespaces=["ns2/"], now=NOW)
    assert set(acl.namespaces) == {"ns1/", "ns2/"}
