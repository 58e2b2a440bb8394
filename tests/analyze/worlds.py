"""Random ACLs whose rules crowd together, and the paths next to their patterns."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import policy
from policy.model import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy import ACL

NOW = 1_700_000_000.0
_SEGMENTS = ("a", "b", "ab", "a+", "+", "+", "é", "-")
_GUARDED = (
    "sys/step-down", "sys/seal", "sys/raw/*", "sys/raw", "sys/+", "sys/auth/*", "sys/*", "pki",
    "sys/mounts/auth/+/tune", "pki/*", "pki/issuer/+/json", "pki/root", "pki/+/a/json", "+/root",
    "auth/token/create-orphan", "auth/token/accessors/", "auth/token/+", "auth/+/login", "kv/",
    "sys/leases/lookup/*", "sys/audit/a", "sys/rotate", "sys/config/auditing/+", "ns/sys/audit/a",
    "ns/*", "ns/ns", "ns/+", "+/sys/audit*", "ns/auth/token/*", "n", "ns/in/+", "ns/in/sys/raw/b",
    "auth/token/lookup-self", "auth/token/lookup*", "auth/token/renew-self", "é\u00a0", "\u2028*",
    "kv", "auth/userpass", "ns/kv/",
    "identity/oidc/provider/+/token", "identity/*", "+/+/+",
)  # fmt: skip
_CAPABILITIES = ("create", "read", "update", "delete", "list", "sudo", "deny", "patch")
MOUNTS = policy.MountTable.default().with_mounts(
    {"pki": "pki", "kv": "kv-v1", "auth/userpass": "userpass", "n/m": "ssh", "a": "transit"}
)
NAMESPACES = ("ns/", "ns/in/")


def random_pattern(random: Random) -> str:
    if random.random() < 0.35:
        return random.choice(_GUARDED)
    count = random.choice((1, 2, 2, 3))
    parts = [random.choice(_SEGMENTS) for _ in range(count)]
    ending = random.choice(("", "", "", "/", "*", "*", "/*"))
    text = "/".join(parts) + ending
    return text.replace("+*", "+/*")


def random_text(random: Random, rules: int) -> str:
    lines = []
    for _ in range(rules):
        held = random.sample(_CAPABILITIES[:7], random.choice((1, 1, 2, 3, 0)))
        words = ", ".join(f'"{word}"' for word in held)
        lines.append(f'path "{random_pattern(random)}" {{ capabilities = [{words}] }}')
    return "\n".join(lines)


def random_acl(random: Random, *, dialect: str | None = None, text: str | None = None) -> ACL:
    dialect = dialect or random.choice(tuple(DIALECTS))
    text = random_text(random, random.choice((1, 2, 4, 8, 16))) if text is None else text
    parsed = policy.parse(text, "p", dialect=dialect)
    namespaces = random.choice(((), (), NAMESPACES, NAMESPACES[:1]))
    own = random.choice(("", "", "", *namespaces[:1]))
    policies = policy.PolicySet([replace(parsed, namespace=own)], dialect)
    token = policy.Token(["p"], namespace=own)
    return policies.acl(token, mounts=MOUNTS, namespaces=namespaces, now=NOW)


def paths_near(random: Random, acl: ACL, count: int) -> Iterator[str]:
    """Paths that match a rule of the ACL, or nearly do."""
    patterns = [str(grant.pattern) for grant in acl.table] or ["a"]
    patterns += [f"{mount.path}x" for mount in MOUNTS.mounts]
    for _ in range(count):
        chosen = random.choice(patterns) if random.random() < 0.7 else random_pattern(random)
        parts = chosen.removesuffix("*").split("/")
        parts = [random.choice(("a", "b", "ns", "é")) if p == "+" else p for p in parts]
        match random.randrange(8):
            case 0:
                parts.append(random.choice(("", "a", "b")))
            case 1:
                parts[-1] += random.choice(("a", "b", "/a", "\x00", "z"))
            case 2 if len(parts) > 1:
                parts.pop()
            case 3:
                parts.insert(0, random.choice(("ns", "a", "ns/in")))
            case 4:
                parts[random.randrange(len(parts))] = random.choice(("a", "b", "", ".", "json"))
            case _:
                pass
        path = "/".join(parts)
        # A `.` at the beginning never arrives either: it is the URL that is cleaned.
        if not {".", ".."} & set(parts[:1]) and not path.startswith(("ns/.", "ns/in/.")):
            yield path
