"""The engine, asked the way the server is."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from policy import InvalidPolicyError, MountTable, Outcome, PolicySet, Reason, parse
from policy.catalog import Mount
from policy.model import DIALECTS
from tests.live.verdict import Verdict
from tests.live.world import MOUNTS, NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy import ACL, Decision, Dialect, Policy, Token

__all__ = ["OPENBAO", "UNDETERMINED", "acl_of", "mount_table", "read", "verdict_of_engine"]

OPENBAO = DIALECTS["openbao-2.7"]
UNDETERMINED = "undetermined-"


def read(
    name: str, text: str | bytes, dialect: Dialect, *, namespace: str = ""
) -> tuple[Policy | None, str]:
    """The engine's policy, or None and why it refuses the text."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    try:
        policy = parse(raw, name, dialect=dialect, now=time.time())
    except InvalidPolicyError as error:
        # What it knows to be wrong comes before what it cannot tell.
        known = sorted(error.diagnostics, key=lambda d: d.code.startswith(UNDETERMINED))
        return None, "; ".join(f"{d.code}: {d.message}" for d in known[:3])
    return replace(policy, namespace=namespace), ""


def acl_of(policies: Sequence[Policy], token: Token, dialect: Dialect, now: float) -> ACL:
    """The engine's ACL over the mounts of the prepared server."""
    return PolicySet(policies, dialect=dialect).acl(
        token, mounts=mount_table(), namespaces=NAMESPACES, now=now
    )


@cache
def mount_table() -> MountTable:
    """The mounts of the prepared server, the same in every namespace."""
    secret = (Mount(path, "kv-v1") for path in MOUNTS)
    return MountTable((*secret, Mount("pki/", "pki"), Mount("auth/userpass/", "userpass")))


def verdict_of_engine(decision: Decision) -> Verdict:
    if decision.reason is Reason.REFUSED_BEFORE_ACL:
        return Verdict.BEFORE_ACL
    return Verdict.ALLOWED if decision.outcome is Outcome.ALLOW else Verdict.DENIED
