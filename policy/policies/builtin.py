"""The policies a server brings along: `default` and the fixed ones.

`default` as shipped by OpenBao 2.7.2 (recorded as `default-policy`); Vault 1.11 has two paths more.
An operator may have edited it: a policy of that name among the loaded ones is used instead.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.lower import compile_policy
from policy.source import Source

if TYPE_CHECKING:
    from policy.model import Dialect, Policy

__all__ = ["ROOT", "builtin_policy"]

ROOT = "root"
"""The policy without a text that allows everything."""

_DEFAULT = """\
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "identity/entity/id/{{identity.entity.id}}" { capabilities = ["read"] }
path "identity/entity/name/{{identity.entity.name}}" { capabilities = ["read"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "cubbyhole/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "sys/wrapping/wrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "sys/tools/hash" { capabilities = ["update"] }
path "sys/tools/hash/*" { capabilities = ["update"] }
path "identity/oidc/provider/+/authorize" { capabilities = ["read", "update"] }
"""
_LEGACY = """\
path "sys/renew" { capabilities = ["update"] }
path "sys/control-group/request" { capabilities = ["update"] }
"""
_RESPONSE_WRAPPING = """\
path "cubbyhole/response" { capabilities = ["create", "read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
"""


@lru_cache(maxsize=8)
def builtin_policy(name: str, dialect: Dialect) -> Policy | None:
    """The policy of that name which the server brings along, or None."""
    if name == "default":
        text = _DEFAULT + (_LEGACY if dialect.legacy_default_policy else "")
    elif name == "response-wrapping":
        text = _RESPONSE_WRAPPING
    else:
        return None
    return compile_policy(Source.of(text, f"<built-in {name}>"), name, dialect).policy
