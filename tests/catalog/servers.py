"""What the tests of the catalogue share: a guard for each dialect, with something of every kind."""

from __future__ import annotations

from functools import cache

from policy.catalog import Guard, MountTable
from policy.model import DIALECTS

TYPES = {
    "kv/": "kv",
    "secret/": "kv-v2",
    "pki/": "pki",
    "pki_int/": "pki",
    "a/b/pki/": "pki",
    "ssh/": "ssh",
    "transit/": "transit",
    "ldap/": "ldap",
    "mine/": "plugin",
    "auth/userpass/": "userpass",
    "auth/ldap/": "ldap",
    "auth/approle/": "approle",
    "auth/corp/oidc/": "oidc",
    "auth/github/": "github",
    "auth/mine/": "plugin",
}
MOUNTS = MountTable.default().with_mounts(TYPES)
VAULT = ("vault-1.11", "vault-1.21", "vault-2.0")


@cache
def guard(dialect: str) -> Guard:
    return Guard(DIALECTS[dialect], MOUNTS)
