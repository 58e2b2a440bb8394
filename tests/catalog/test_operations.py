"""What a write becomes, and which capabilities matter."""

from __future__ import annotations

import pytest

from policy.catalog import Guard, MountTable, WriteKind
from policy.model import DIALECTS, Capability
from tests.catalog.servers import VAULT, guard

UPDATE, EITHER, UNKNOWN = WriteKind.UPDATE, WriteKind.CREATE_OR_UPDATE, WriteKind.UNKNOWN


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("sys/step-down", UPDATE),
        ("sys/mounts/kv", UPDATE),
        ("sys/mounts/a/b/tune", UPDATE),
        ("sys/policies/acl/ops", UPDATE),
        ("sys/leases/revoke/a/b/c", UPDATE),
        ("sys/raw/core/x", EITHER),
        ("sys/raw", EITHER),
        ("auth/token/create", UPDATE),
        ("auth/token/roles/r", EITHER),
        ("identity/entity/name/x", UPDATE),
        ("identity/oidc/key/k", EITHER),
        ("identity/oidc/key/k/rotate", UPDATE),
        ("cubbyhole/x", EITHER),
        ("cubbyhole/x/y", EITHER),
        ("kv/x", EITHER),
        ("kv/x/y/z", EITHER),
        ("kv/config", EITHER),
        ("secret/data/a/b", EITHER),
        ("secret/metadata/a", EITHER),
        ("secret/delete/a", UPDATE),
        ("secret/destroy/a/b", UPDATE),
        ("secret/config", UPDATE),
        ("transit/encrypt/k", EITHER),
        ("transit/keys/k", UPDATE),
        ("auth/userpass/users/bob", EITHER),
        ("auth/userpass/users/bob/password", UPDATE),
        ("auth/approle/role/r", EITHER),
        ("auth/approle/role/r/policies", UPDATE),
        ("pki/issue/web", UPDATE),
        # The existence check may fail on it, or there may be nobody to ask.
        ("kv", UNKNOWN),
        ("kv/", UNKNOWN),
        ("sys", UNKNOWN),
        ("nowhere/x", UNKNOWN),
        ("", UNKNOWN),
        ("mine/x", UNKNOWN),
        ("auth/mine/x", UNKNOWN),
        # A name with a slash, where names have none: the templates do not tell.
        ("transit/encrypt/k/more", UNKNOWN),
        ("auth/approle/role/r/more", UNKNOWN),
    ],
)
def test_what_a_write_becomes(dialect: str, path: str, kind: WriteKind) -> None:
    assert guard(dialect).write_becomes(path) is kind


@pytest.mark.parametrize(
    "path", ["sys/no/such/path", "pki/no/such/path", "secret/other", "sys/policies/acl/a/b"]
)
def test_an_unlisted_path_is_an_update_only_where_the_list_is_complete(path: str) -> None:
    assert guard("openbao-2.7").write_becomes(path) is UPDATE
    assert {guard(name).write_becomes(path) for name in VAULT} == {UNKNOWN}


@pytest.mark.parametrize(
    ("path", "in_vault", "in_openbao"),
    [
        ("sys/namespaces/a/b", UPDATE, UPDATE),
        ("sys/sync/destinations/t/n", UPDATE, UPDATE),
        ("auth/github/config", UPDATE, UNKNOWN),
        ("ldap/static-role/r", EITHER, EITHER),
        ("ldap/static-role/r/more", UNKNOWN, UNKNOWN),
    ],
)
def test_products(path: str, in_vault: WriteKind, in_openbao: WriteKind) -> None:
    assert {guard(name).write_becomes(path) for name in VAULT} == {in_vault}
    assert guard("openbao-2.7").write_becomes(path) is in_openbao


def test_without_a_mount_table_little_is_known() -> None:
    bare = Guard(DIALECTS["openbao-2.7"], MountTable.default())
    assert bare.write_becomes("secret/data/a") is UNKNOWN
    assert bare.write_becomes("sys/step-down") is UPDATE
    assert bare.write_becomes("cubbyhole/x") is EITHER


@pytest.mark.parametrize(
    ("dialect", "path", "words"),
    [
        ("openbao-2.7", "sys/step-down", "update sudo"),
        ("vault-2.0", "sys/step-down", "update sudo"),
        ("openbao-2.7", "sys/mounts", "read"),
        ("openbao-2.7", "kv/a/b", "create read update delete list scan"),
        ("vault-2.0", "kv/a/b", "create read update delete list"),
        ("openbao-2.7", "secret/data/a", "create read update delete patch"),
        ("openbao-2.7", "secret/metadata/", "list scan"),
        ("openbao-2.7", "secret/metadata", "list scan"),
        ("openbao-2.7", "secret/metadata/a/", "list scan create read update patch delete"),
        ("vault-2.0", "kv/", "list"),
        ("openbao-2.7", "sys/leases/lookup", "update list sudo"),
        ("openbao-2.7", "auth/token/accessors", "list sudo"),
        ("openbao-2.7", "auth/token/accessors/", "list sudo"),
        ("openbao-2.7", "auth/token/create", "update sudo"),
        ("openbao-2.7", "sys/config/ui/headers", "list sudo"),
        ("openbao-2.7", "sys/mounts/auth/userpass/tune", "read update delete"),
        ("vault-2.0", "sys/mounts/auth/userpass/tune", "read update delete sudo"),
        ("vault-2.0", "sys/plugins/runtimes/catalog", "list sudo"),
        ("openbao-2.7", "sys/metrics", "read"),
    ],
)
def test_which_capabilities_matter(dialect: str, path: str, words: str) -> None:
    wanted = frozenset(Capability(word) for word in words.split())
    assert guard(dialect).useful_capabilities(path) == wanted


@pytest.mark.parametrize(
    "path", ["nowhere/x", "mine/x", "sys/no/such/path", "secret/other", "secret/data", "secret"]
)
def test_where_the_capabilities_are_not_known(path: str) -> None:
    assert guard("openbao-2.7").useful_capabilities(path) is None
