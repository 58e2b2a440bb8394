"""Policies and a token to an ACL: what the tests of the decision share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from policy import ACL, Decision, MountTable, PolicySet, Request, Token, parse
from policy.model import Policy

__all__ = ["NOW", "OPENBAO", "acl_of", "decided", "in_namespace"]

OPENBAO = "openbao-2.7"
NOW = 1_800_000_000.0


def acl_of(
    *texts: str,
    dialect: str = OPENBAO,
    token: Token | None = None,
    mounts: dict[str, str] | None = None,
    namespaces: tuple[str, ...] = (),
) -> ACL:
    """The ACL of a token that holds the texts as policies `p0`, `p1` and so on."""
    policies = [parse(text, f"p{at}", dialect=dialect, now=NOW) for at, text in enumerate(texts)]
    return PolicySet(policies, dialect).acl(
        token or Token([policy.name for policy in policies]),
        mounts=MountTable.default().with_mounts(mounts or {}),
        namespaces=namespaces,
        now=NOW,
    )


def in_namespace(policy: Policy, namespace: str) -> Policy:
    return replace(policy, namespace=namespace)


def decided(text: str, operation: str, path: str, dialect: str = OPENBAO, **more: Any) -> Decision:
    """The decision about one request of a token with one policy."""
    request = Request(operation, path, **more)  # type: ignore[arg-type]  # words are welcome
    return acl_of(text, dialect=dialect).decide(request)
