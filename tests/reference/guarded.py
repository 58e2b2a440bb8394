"""Section 7: root-protected and unauthenticated paths, and section 12: the default policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.reference.data import PolicyData, RuleData

_SYSTEM = [
    "auth/*",
    "remount",
    "audit",
    "audit/*",
    "raw",
    "raw/*",
    "rotate",
    "rotate/keyring",
    "rotate/root",
    "config/cors",
    "config/auditing/*",
    "config/ui/headers/*",
    "plugins/catalog/*",
    "revoke-prefix/*",
    "revoke-force/*",
    "leases/revoke-prefix/*",
    "leases/revoke-force/*",
    "leases/lookup/*",
    "leases",
    "internal/inspect/*",
]

# Section 13, row 16.
_VAULT_ONLY = [
    "replication/primary/secondary-token",
    "replication/performance/primary/secondary-token",
    "replication/dr/primary/secondary-token",
    "replication/reindex",
    "replication/dr/reindex",
    "replication/performance/reindex",
    "storage/raft/snapshot-auto/config/*",
]
_VAULT_1_11 = [
    path for path in _SYSTEM if path not in ("rotate/keyring", "rotate/root", "internal/inspect/*")
] + _VAULT_ONLY
_NEWER_VAULT = [
    *_VAULT_1_11,
    "plugins/runtimes/catalog/*",
    "internal/inspect/*",
    "seal",
    "step-down",
]

_SYSTEM_OF = {
    "openbao-2.7": _SYSTEM,
    "vault-1.11": _VAULT_1_11,
    "vault-1.21": _NEWER_VAULT,
    "vault-2.0": _NEWER_VAULT,
}
_TOKEN = ["revoke-orphan/*", "accessors*"]
# Newer Vault: its published table of protected endpoints has the call itself too.
_TOKEN_OF = {
    "openbao-2.7": _TOKEN,
    "vault-1.11": _TOKEN,
    "vault-1.21": ["revoke-orphan", "revoke-orphan/*", "accessors*"],
    "vault-2.0": ["revoke-orphan", "revoke-orphan/*", "accessors*"],
}
_PKI = ["root", "root/sign-self-issued"]

_OPENBAO_UNAUTHENTICATED = [
    "wrapping/lookup",
    "wrapping/pubkey",
    "replication/status",
    "internal/specs/openapi",
    "internal/ui/mounts",
    "internal/ui/mounts/*",
    "internal/ui/namespaces",
    "storage/raft/bootstrap/challenge",
    "storage/raft/bootstrap/answer",
    "init",
    "seal-status",
    "unseal",
    "leader",
    "health",
    "decode-token",
    "mfa/validate",
]
# The specification does not list those of Vault; `decode-token` is not known of all versions.
_VAULT_UNAUTHENTICATED = [path for path in _OPENBAO_UNAUTHENTICATED if path != "decode-token"]

_MOUNTS_EVERYWHERE = {"sys/": "system", "auth/token/": "token"}


def longest_entry_fits(entries: Sequence[str], path: str) -> bool:
    """The longest entry that is a string prefix of the path; a plain one must equal it."""
    fitting = [entry for entry in entries if path.startswith(entry.removesuffix("*"))]
    if not fitting:
        return False
    longest = max(fitting, key=lambda entry: len(entry.removesuffix("*")))
    return longest.endswith("*") or longest == path


def mount_of(path: str, namespaces: Sequence[str], mounts: Mapping[str, str]) -> tuple[str, str]:
    """The mount type and the path inside the mount of a full path; empty where nothing is mounted.

    A path may lead into a child namespace by its front (section 11).
    """
    namespace = max((n for n in namespaces if path.startswith(n)), key=len, default="")
    known = {namespace + mount: kind for mount, kind in _MOUNTS_EVERYWHERE.items()} | {
        mount: kind for mount, kind in mounts.items() if mount.startswith(namespace)
    }
    mount = max((m for m in known if path.startswith(m)), key=len, default="")
    return (known[mount], path[len(mount) :]) if mount else ("", "")


def is_root_protected(mount_type: str, path: str, dialect: str) -> bool:
    """Whether the mount declares the path root-protected."""
    if mount_type == "system":
        return longest_entry_fits(_SYSTEM_OF[dialect], path)
    if mount_type == "token":
        return longest_entry_fits(_TOKEN_OF[dialect], path)
    return mount_type == "pki" and longest_entry_fits(_PKI, path)


def is_unauthenticated(mount_type: str, path: str, dialect: str) -> bool:
    """Whether the path needs no token at all."""
    if mount_type == "system":
        bao = dialect == "openbao-2.7"
        return longest_entry_fits(_OPENBAO_UNAUTHENTICATED if bao else _VAULT_UNAUTHENTICATED, path)
    return mount_type == "userpass" and longest_entry_fits(["login/*"], path)


def default_policy(dialect: str) -> PolicyData:
    """Section 12; section 13, row 15, for Vault 1.11."""
    rules = [
        ("auth/token/lookup-self", "read"),
        ("auth/token/renew-self", "update"),
        ("auth/token/revoke-self", "update"),
        ("sys/capabilities-self", "update"),
        ("identity/entity/id/{{identity.entity.id}}", "read"),
        ("identity/entity/name/{{identity.entity.name}}", "read"),
        ("sys/internal/ui/resultant-acl", "read"),
        ("sys/leases/renew", "update"),
        ("sys/leases/lookup", "update"),
        ("cubbyhole/*", "create read update delete list"),
        ("sys/wrapping/wrap", "update"),
        ("sys/wrapping/lookup", "update"),
        ("sys/wrapping/unwrap", "update"),
        ("sys/tools/hash", "update"),
        ("sys/tools/hash/*", "update"),
        ("identity/oidc/provider/+/authorize", "read update"),
    ]
    if dialect == "vault-1.11":
        rules += [("sys/renew", "update"), ("sys/control-group/request", "update")]
    return PolicyData(
        tuple(RuleData(path, capabilities=tuple(words.split())) for path, words in rules)
    )
