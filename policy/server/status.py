"""The pages that need no token: health, leader, seal status; unsealing and initialising.

Source: OpenBao 2.7.2.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import DROP, Answer, Refused
from policy.server.inputs import parse_boolean
from policy.server.json_input import decode_struct
from policy.server.mount_types.namespaces import first_policies
from policy.server.mount_types.token import timestamp
from policy.server.records import TokenRecord
from policy.server.storage import FencedError
from policy.server.tokens import random_name
from policy.server.version import COMMIT_DATE, VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.server.cluster import Cluster, Node
    from policy.server.core import Core
    from policy.server.storage import Record

__all__ = ["Initialized", "health", "initialize", "leader", "seal_status", "start_up", "unseal"]

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_MIN_KEY_BYTES: Final = 16
_MAX_KEY_BYTES: Final = 33


def leader(cluster: Cluster, node: Node) -> dict[str, Any]:
    """`sys/leader`, on a node that is not sealed."""
    if not cluster.ha:
        return {"ha_enabled": False}
    found: dict[str, Any] = {"ha_enabled": True, "is_self": node.is_active}
    seen = cluster.leader_seen_by(node)
    if node.is_active:
        found["active_time"] = timestamp(node.active_since)
    if seen is not None:
        found["leader_address"] = seen.address
        found["leader_cluster_address"] = seen.cluster_address
    index = cluster.storage.revision()
    return found | {"raft_committed_index": index, "raft_applied_index": index}


def health(
    cluster: Cluster, node: Node, query: Mapping[str, list[str]], *, is_head: bool
) -> Answer:
    """`sys/health`: the status code tells what the node is; the query may choose other codes."""
    try:
        codes = _codes(query)
        standby_ok = query.get("standbyok")
        if standby_ok and standby_ok[0] and parse_boolean(standby_ok[0]):
            codes["standbycode"] = codes["activecode"]
    except ValueError:
        if is_head:
            return Answer.empty(400, content_type=False)
        return Answer.json(400, {"errors": []})
    is_standby = node.is_sealed or (cluster.ha and not node.is_active)
    if not cluster.is_initialized:
        code = codes["uninitcode"]
    elif node.is_sealed:
        code = codes["sealedcode"]
    else:
        code = codes["standbycode" if is_standby else "activecode"]
    if not 100 <= code <= 999:
        return Answer.empty(DROP)
    body = _health_body(cluster, node, is_standby=is_standby)
    if code < 200:
        # A final status has to follow one that only informs.
        code = 200
    if code in (204, 304):
        return Answer.empty(code)
    return Answer.json(code, body)


def _codes(query: Mapping[str, list[str]]) -> dict[str, int]:
    codes = {"activecode": 200, "standbycode": 429, "sealedcode": 503, "uninitcode": 501}
    for name in codes:
        if name in query:
            text = query[name][0]
            if not _INTEGER.fullmatch(text):
                raise ValueError(f"`{text}` is no status code")
            codes[name] = int(text)
    return codes


def _health_body(cluster: Cluster, node: Node, *, is_standby: bool) -> dict[str, Any]:
    performance, recovery = "primary", "disabled"
    if node.is_sealed or (is_standby and cluster.leader_seen_by(node) is None):
        performance = recovery = "unknown"
    elif not cluster.ha:
        performance = "disabled"
    body: dict[str, Any] = {
        "initialized": cluster.is_initialized,
        "sealed": node.is_sealed,
        "standby": is_standby,
        "replication_performance_mode": performance,
        "replication_dr_mode": recovery,
        "server_time_utc": int(cluster.clock.now()),
        "version": VERSION,
    }
    if not node.is_sealed:
        body |= {"cluster_name": cluster.name, "cluster_id": cluster.id}
    return body


def seal_status(cluster: Cluster, node: Node) -> dict[str, Any]:
    """`sys/seal-status`."""
    keys = cluster.storage.read("core/init")
    body: dict[str, Any] = {
        "type": "shamir",
        "initialized": keys is not None,
        "sealed": node.is_sealed,
        "t": keys["threshold"] if keys is not None else 0,
        "n": len(keys["shares"]) if keys is not None else 0,
        "progress": len(node.unseal_shares),
        "nonce": _nonce(node),
        "recovery_seal": False,
        "version": VERSION,
        "commit_date": COMMIT_DATE,
        "migration": False,
    }
    if not node.is_sealed:
        body |= {"cluster_name": cluster.name, "cluster_id": cluster.id}
    body["storage_type"] = "raft" if cluster.ha else "inmem"
    return body


def _nonce(node: Node) -> str:
    """Names the attempt to unseal that is going on, if there is one."""
    if not node.unseal_shares:
        return ""
    digest = hmac.digest(node.name.encode(), "".join(node.unseal_shares).encode(), "sha256").hex()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


# Keys


def unseal(cluster: Cluster, node: Node, body: bytes) -> Answer:
    """`sys/unseal`: one share of the key, or a fresh start. Raises `Refused`."""
    given = decode_struct(body, "UnsealRequest", {"key": str, "reset": bool, "migrate": bool})
    key = given.get("key")
    if given.get("reset"):
        if not node.is_sealed:
            raise Refused(400, "vault is unsealed")
        node.unseal_shares.clear()
        return Answer.json(200, seal_status(cluster, node))
    if not key:
        raise Refused(
            400, "'key' must be specified in request body as JSON, or 'reset' set to true"
        )
    share = _share(key)
    keys = cluster.storage.read("core/init")
    if keys is None:
        raise Refused(400, "Vault is not initialized")
    if not node.is_sealed:
        return Answer.json(200, seal_status(cluster, node))
    if len(share) < _MIN_KEY_BYTES:
        raise Refused(400, f"invalid key: key is shorter than minimum {_MIN_KEY_BYTES} bytes")
    if len(share) > _MAX_KEY_BYTES:
        raise Refused(400, f"invalid key: key is longer than maximum {_MAX_KEY_BYTES} bytes")
    if node.is_sealed:
        hashed = hmac.digest(b"share", share, "sha256").hex()
        if hashed not in node.unseal_shares:
            node.unseal_shares.append(hashed)
        if len(node.unseal_shares) >= keys["threshold"]:
            offered, node.unseal_shares = node.unseal_shares, []
            if not all(any(hmac.compare_digest(o, s) for s in keys["shares"]) for o in offered):
                raise Refused(
                    400,
                    "failed to decrypt encrypted stored keys: failed to unwrap: cipher: message "
                    "authentication failed",
                )
            cluster.unseal(node)
    return Answer.json(200, seal_status(cluster, node))


def _share(text: str) -> bytes:
    """A share of the key. Hexadecimal of another length may still be base64. Raises `Refused`."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if _MIN_KEY_BYTES <= len(found) <= _MAX_KEY_BYTES:
        return found
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "'key' must be a valid hex or base64 string") from None


class Initialized:
    """What a new cluster gives away once: the shares of its key, and the first root token."""

    __slots__ = ("root_token", "shares")

    def __init__(self, shares: list[bytes], root_token: str) -> None:
        self.shares = shares
        self.root_token = root_token

    def __repr__(self) -> str:
        return f"Initialized(shares={len(self.shares)})"


_INIT: Final = {
    "secret_shares": int,
    "secret_threshold": int,
    "pgp_keys": list,
    "recovery_shares": int,
    "recovery_threshold": int,
    "recovery_pgp_keys": list,
    "root_token_pgp_key": str,
}


def initialize(core: Core, node: Node, body: bytes) -> Answer:
    """`sys/init` with PUT. Raises `Refused`."""
    given = decode_struct(body, "InitRequest", _INIT)
    if given.get("recovery_shares"):
        raise Refused(400, "parameters recovery_shares not applicable to seal type shamir")
    shares, threshold = given.get("secret_shares") or 0, given.get("secret_threshold") or 0
    wrong = _seal_problem(shares, threshold)
    if wrong is not None:
        raise Refused(400, f"invalid seal configuration: {wrong}")
    if core.cluster.is_initialized:
        raise Refused(400, "Vault is already initialized")
    try:
        made = start_up(core, node, shares=shares, threshold=threshold)
    except FencedError:
        raise Refused(500, "another node is initializing") from None
    return Answer.json(
        200,
        {
            "keys": [share.hex() for share in made.shares],
            "keys_base64": [base64.b64encode(share).decode() for share in made.shares],
            "root_token": made.root_token,
        },
    )


def _seal_problem(shares: int, threshold: int) -> str | None:
    if shares < 1:
        return "shares must be at least one"
    if threshold < 1:
        return "threshold must be at least one"
    if shares > 1 and threshold == 1:
        return "threshold must be greater than one for multiple shares"
    if shares > 255:
        return "shares must be less than 256"
    return "threshold cannot be larger than shares" if threshold > shares else None


def start_up(
    core: Core,
    node: Node,
    *,
    shares: int = 1,
    threshold: int = 1,
    root_token: str = "",
    key: bytes = b"",
    is_dev: bool = False,
) -> Initialized:
    """Fill an empty storage: keys, mounts, policies, the first root token.

    `root_token` and `key` (of one share) are taken where they are given. `is_dev` makes the root
    token look as that of a development server does. Raises `FencedError` when another node has
    the lock or was faster.
    """
    cluster = core.cluster
    size = 32 if shares == 1 else 33
    made = [key] if key else [secrets.token_bytes(size) for _ in range(shares)]
    text = root_token or f"s.{random_name()}"
    token_key = secrets.token_bytes(32)
    now = core.now()
    token = TokenRecord(
        id=hmac.digest(token_key, text.encode(), "sha256").hex(),
        accessor=random_name(),
        policies=["root"],
        created=now,
        path="auth/token/create" if is_dev else "auth/token/root",
        display_name="token" if is_dev else "root",
        is_first_root=not is_dev,
    )
    changes: dict[str, Record | None] = {
        "core/init": {
            "shares": [hmac.digest(b"share", share, "sha256").hex() for share in made],
            "threshold": threshold,
            "token_key": token_key.hex(),
            "cluster_id": str(uuid.uuid4()),
            "cluster_name": f"vault-cluster-{secrets.token_hex(4)}",
            "time": now,
        },
        f"token/{token.id}": token.record(),
        f"accessor/{token.accessor}": {"token": token.id},
        **core.mounts.first_records(""),
        **first_policies("", now),
    }
    with cluster.locked(node) as fence:
        if cluster.is_initialized:
            raise FencedError("another node was faster")
        cluster.storage.write(changes, fence)
    return Initialized(made, text)
