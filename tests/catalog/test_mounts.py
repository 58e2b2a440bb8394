"""Mount tables: which mount a path belongs to, and which tables no server could have."""

from __future__ import annotations

import pytest

from policy.catalog import AUTH_TYPES, SECRET_TYPES, Mount, MountTable
from policy.catalog.data import guarded, operations
from policy.errors import InventoryError

TABLE = MountTable.default().with_mounts(
    {"pki": "pki", "pki_int/": "pki", "a/b/c/": "kv-v2", "a/d/": "kv", "auth/corp/oidc/": "oidc"}
)


@pytest.mark.parametrize(
    ("path", "mount", "rest"),
    [
        ("sys/audit", "sys/", "audit"),
        ("sys/", "sys/", ""),
        ("sys", "sys/", ""),
        ("identity/entity/id/x", "identity/", "entity/id/x"),
        ("cubbyhole/a", "cubbyhole/", "a"),
        ("auth/token/create", "auth/token/", "create"),
        ("auth/token", "auth/token/", ""),
        ("auth/corp/oidc/login", "auth/corp/oidc/", "login"),
        ("pki/root", "pki/", "root"),
        ("pki_int/root/x", "pki_int/", "root/x"),
        ("pki//root", "pki/", "/root"),
        ("a/b/c/data/x", "a/b/c/", "data/x"),
        ("a/b/c", "a/b/c/", ""),
        ("a/d/x", "a/d/", "x"),
    ],
)
def test_a_path_belongs_to_the_mount_it_begins_with(path: str, mount: str, rest: str) -> None:
    found = TABLE.find(path)
    assert found is not None
    assert (found[0].path, found[1]) == (mount, rest)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/sys/audit", "system/x", "syst", "auth", "auth/", "auth/corp", "auth/tokens/x"),
        *("a", "a/b", "a/b/", "a/b/cc", "a/dd/x", "pk", "PKI/root", "sys\nx"),
    ],
)
def test_nothing_is_mounted_there(path: str) -> None:
    assert TABLE.find(path) is None


def test_every_namespace_has_four_mounts() -> None:
    types = {mount.path: mount.type for mount in MountTable.default().mounts}
    assert types == {
        "auth/token/": "token",
        "cubbyhole/": "cubbyhole",
        "identity/": "identity",
        "sys/": "system",
    }
    assert MountTable() == MountTable.default() == MountTable((Mount("sys/", "system"),))


def test_a_later_type_replaces_an_earlier_one() -> None:
    table = TABLE.with_mounts({"pki/": "ssh"})
    assert ("pki/", "ssh") in {(mount.path, mount.type) for mount in table.mounts}
    assert len(table.mounts) == len(TABLE.mounts)
    assert TABLE.find("pki/x") == (Mount("pki/", "pki"), "x")


@pytest.mark.parametrize(
    ("path", "name", "backend"),
    [
        ("kv/", "kv", "kv-v1"),
        ("kv/", "generic", "kv-v1"),
        ("kv/", "kv2", "kv-v2"),
        ("ldap/", "openldap", "ldap"),
        ("auth/oidc/", "oidc", "auth:jwt"),
        ("auth/ldap/", "ldap", "auth:ldap"),
        ("auth/cf/", "pcf", "auth:cf"),
        ("sys/", "ns_system", "system"),
        ("auth/token/", "ns_token", "auth:token"),
    ],
)
def test_the_names_servers_have_for_a_type(path: str, name: str, backend: str) -> None:
    assert Mount(path, name).backend == backend


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"pki/": "pkii"}, "unknown mount type `pkii` at `pki/`; did you mean `pki`?"),
        (
            {"auth/u/": "user-pass"},
            "unknown mount type `user-pass` at `auth/u/`; did you mean `userpass`?",
        ),
        (
            {"x/": "zzzzzz"},
            "unknown mount type `zzzzzz` at `x/`; `plugin` stands for one of your own",
        ),
        ({"u/": "userpass"}, "`userpass` is an auth method; its mount path is `auth/u/`"),
        (
            {"auth/pki/": "pki"},
            "`pki` is no auth method; the mount `auth/pki/` cannot lie below `auth/`",
        ),
        ({"sys/": "kv"}, "`sys/` is always of type `system`"),
        ({"sys2/": "system"}, "a mount of type `system` exists at `sys/` only"),
        ({"auth/t/": "token"}, "a mount of type `token` exists at `auth/token/` only"),
        ({"sys/kv/": "kv"}, "the mount `sys/kv/` lies inside the mount `sys/`"),
        ({"a/": "kv", "a/b/": "kv"}, "the mount `a/b/` lies inside the mount `a/`"),
        (
            {"a/": "kv", "a-b/": "kv", "a/z/": "kv", "ab/": "kv"},
            "the mount `a/z/` lies inside the mount `a/`",
        ),
        ({"auth/": "userpass"}, "the mount `auth/token/` lies inside the mount `auth/`"),
        ({"a": "kv", "a/": "pki"}, "the mount `a/` has two types, `kv-v1` and `pki`"),
        ({"": "kv"}, "the mount path `/` is empty"),
        ({"/kv/": "kv"}, "the mount path `/kv/` begins with a slash; write it without"),
        ({"a//b/": "kv"}, "the mount path `a//b/` holds an empty segment"),
    ],
)
def test_what_no_server_could_have(types: dict[str, str], message: str) -> None:
    with pytest.raises(InventoryError) as caught:
        MountTable.default().with_mounts(types)
    assert caught.value.message == message


def test_a_mount_path_ends_in_a_slash() -> None:
    with pytest.raises(InventoryError, match="does not end in a slash"):
        Mount("pki", "pki")


def test_every_backend_of_the_data_can_be_mounted() -> None:
    backends = {entry["mount"] for entry in guarded()["entries"]}
    backends |= {name.partition("@")[0] for name in operations()}
    auth = {backend.removeprefix("auth:") for backend in backends if backend.startswith("auth:")}
    other = {backend for backend in backends if not backend.startswith("auth:")}
    assert auth <= AUTH_TYPES
    assert other <= SECRET_TYPES
