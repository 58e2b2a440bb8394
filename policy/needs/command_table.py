"""The commands of `vault` and `bao`, and the requests they send.

Seen with `-output-curl-string` of `bao` 2.7.2; what `vault` has besides was read, not run.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "COMMANDS",
    "PARAMETERS",
    "SWITCHES",
    "TOKEN_FLAGS",
    "VAULT_COMMANDS",
    "Cases",
]

Cases = str | tuple[tuple[str, str], ...]

# Method, path and the names of the parameters in the body. `{0}` is the first argument, `{path|0}`
# the flag `-path` or else the first argument. Where there are cases, the first one that fits is
# taken: by a flag, by a flag with a value, by a number of arguments, or the empty one.
COMMANDS: Final[dict[str, Cases]] = {
    "audit disable": "DELETE sys/audit/{0}",
    "audit enable": "PUT sys/audit/{path|0} type description options local",
    "audit list": "GET sys/audit",
    "auth disable": "DELETE sys/auth/{0}",
    "auth enable": "POST sys/auth/{path|0} @enable",
    "auth list": "GET sys/auth",
    "auth move": "POST sys/remount from to; GET sys/remount/status/+",
    "auth tune": "POST sys/mounts/auth/{0}/tune @tune",
    "delete": "DELETE {0}",
    "lease lookup": "PUT sys/leases/lookup lease_id",
    "lease renew": "PUT sys/leases/renew increment lease_id",
    "lease revoke": (
        ("-force", "PUT sys/leases/revoke-force/{0}"),
        ("-prefix", "PUT sys/leases/revoke-prefix/{0} sync"),
        ("", "PUT sys/leases/revoke/{0} sync"),
    ),
    "list": "LIST {0}",
    "monitor": "GET sys/monitor?log_level={log-level|}",
    "namespace create": "POST sys/namespaces/{0} custom_metadata",
    "namespace delete": "DELETE sys/namespaces/{0}",
    "namespace list": "LIST sys/namespaces",
    "namespace lock": "PUT sys/namespaces/api-lock/lock/{0}",
    "namespace lookup": "GET sys/namespaces/{0}",
    "namespace patch": "PATCH sys/namespaces/{0} custom_metadata",
    "namespace unlock": "PUT sys/namespaces/api-lock/unlock/{0} unlock_key",
    "operator generate-root": (
        ("-init", "PUT sys/generate-root-token/attempt otp pgp_key"),
        ("-cancel", "DELETE sys/generate-root-token/attempt"),
        ("-status", "GET sys/generate-root-token/attempt"),
        ("", "GET sys/generate-root-token/attempt; PUT sys/generate-root-token/update key nonce"),
    ),
    "operator key-status": "GET sys/key-status",
    "operator members": "GET sys/ha-status",
    "operator raft autopilot get-config": "GET sys/storage/raft/autopilot/configuration",
    "operator raft autopilot set-config": "PUT sys/storage/raft/autopilot/configuration",
    "operator raft autopilot state": "GET sys/storage/raft/autopilot/state",
    "operator raft list-peers": "GET sys/storage/raft/configuration",
    "operator raft remove-peer": "PUT sys/storage/raft/remove-peer server_id",
    "operator raft snapshot restore": (
        ("-force", "POST sys/storage/raft/snapshot-force"),
        ("", "POST sys/storage/raft/snapshot"),
    ),
    "operator raft snapshot save": "GET sys/storage/raft/snapshot",
    "operator rekey": (
        (
            "-init",
            "PUT sys/rekey/init @rekey",
        ),
        ("-cancel", "DELETE sys/rekey/init"),
        ("-status", "GET sys/rekey/init"),
        ("", "GET sys/rekey/init; PUT sys/rekey/update key nonce"),
    ),
    "operator rotate": "POST sys/rotate/keyring",
    "operator seal": "PUT sys/seal",
    "operator step-down": "PUT sys/step-down",
    "operator unseal": "PUT sys/unseal key reset migrate",
    "patch": "PATCH {0} *",
    "path-help": "HELP {0}",
    "plugin deregister": "DELETE sys/plugins/catalog/{0}/{1}?version={version|}",
    "plugin info": "GET sys/plugins/catalog/{0}/{1}",
    "plugin list": "GET sys/plugins/catalog",
    "plugin register": "PUT sys/plugins/catalog/{0}/{1} type command sha256",
    "plugin reload": "PUT sys/plugins/reload/backend plugin mounts scope",
    "policy delete": "DELETE sys/policies/acl/{0}",
    "policy list": "LIST sys/policies/acl",
    "policy read": "GET sys/policies/acl/{0}",
    "policy write": "PUT sys/policies/acl/{0} policy",
    "read": "GET {0}?*",
    "scan": "SCAN {0}",
    "secrets disable": "DELETE sys/mounts/{0}",
    "secrets enable": "POST sys/mounts/{path|0} @enable",
    "secrets list": "GET sys/mounts",
    "secrets move": "POST sys/remount from to; GET sys/remount/status/+",
    "secrets tune": "POST sys/mounts/{0}/tune @tune",
    "status": "GET sys/seal-status",
    "token capabilities": (
        ("2", "POST sys/capabilities path token"),
        ("", "POST sys/capabilities-self path token"),
    ),
    "token create": (
        ("-role", "POST auth/token/create/{role} @token"),
        ("", "POST auth/token/create @token"),
    ),
    "token lookup": (
        ("-accessor", "POST auth/token/lookup-accessor accessor"),
        ("1", "POST auth/token/lookup token"),
        ("", "GET auth/token/lookup-self"),
    ),
    "token renew": (
        ("-accessor", "POST auth/token/renew-accessor accessor increment"),
        ("1", "PUT auth/token/renew increment token"),
        ("", "PUT auth/token/renew-self increment"),
    ),
    "token revoke": (
        ("-accessor", "POST auth/token/revoke-accessor accessor"),
        ("-self", "PUT auth/token/revoke-self"),
        ("-mode=orphan", "PUT auth/token/revoke-orphan token"),
        ("-mode=path", "PUT sys/leases/revoke-prefix/{0}"),
        ("", "PUT auth/token/revoke token"),
    ),
    "unwrap": "PUT sys/wrapping/unwrap token",
    "version-history": "LIST sys/version-history",
    "write": "PUT {0} *",
}
VAULT_COMMANDS: Final[dict[str, Cases]] = {
    "operator generate-root": (
        ("-init", "PUT sys/generate-root/attempt otp pgp_key"),
        ("-cancel", "DELETE sys/generate-root/attempt"),
        ("-status", "GET sys/generate-root/attempt"),
        ("", "GET sys/generate-root/attempt; PUT sys/generate-root/update key nonce"),
    ),
    "operator rotate": "PUT sys/rotate",
}
SWITCHES: Final = frozenset(
    (
        *("accessor", "cancel", "detailed", "disable-redirects", "dry-run", "f", "force", "init"),
        *("local", "migrate", "no-default-policy", "non-interactive", "no-print", "no-store"),
        *("orphan", "output-curl-string", "output-policy", "policy-override", "prefix", "reset"),
        *("seal-wrap", "self", "status", "sync", "tls-skip-verify", "token-only", "verify"),
    )
)
# Parameters that a command always sends.
PARAMETERS: Final = {
    "@enable": (
        *("config", "description", "external_entropy_access", "local", "options", "seal_wrap"),
        "type",
    ),
    "@rekey": ("backup", "pgp_keys", "require_verification", "secret_shares", "secret_threshold"),
    "@token": (
        *("display_name", "entity_alias", "explicit_max_ttl", "num_uses", "period", "renewable"),
        *("ttl", "type"),
    ),
    "@tune": ("default_lease_ttl", "force_no_cache", "max_lease_ttl", "options"),
}
# What flags of `token create` add to them.
TOKEN_FLAGS: Final = {
    "id": "id",
    "metadata": "meta",
    "no-default-policy": "no_default_policy",
    "orphan": "no_parent",
    "policy": "policies",
}
