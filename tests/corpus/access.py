"""Policies and a token: what is refused, what capabilities are reported, what is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy import Dialect, MountTable, Operation, Outcome, PolicySet, Request, Token
from policy.lower import decode_policy_field
from policy.source import Source
from tests.corpus.engine import NOW, compilation, entity_of, groups_of
from tests.corpus.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy import ACL, Policy
    from tests.corpus.rows import AccessRow, Sent

__all__ = ["access_verdicts"]

# What the recording servers had besides the mounts of every namespace.
_MOUNTS = MountTable().with_mounts(
    {"a/": "kv-v1", "b/": "kv-v1", "kv1/": "kv-v1", "pki/": "pki", "auth/userpass/": "userpass"}
)
_NAMESPACES = ("ns1/", "ns1/ns2/", "ns3/", "nsu/", "nsu/kid/", "nsub/")


def access_verdicts(row: AccessRow) -> Iterator[Verdict]:
    """Everything recorded about one token."""
    dialect = Dialect.named(row.dialect)
    policies = []
    for name in row.policies:
        source = Source.of(decode_policy_field(row.policies[name]), name)
        policy, accepted = compilation(source, name, dialect)
        yield Verdict(f"policy {name!a} accepted", name not in row.rejected, accepted)
        if policy is not None:
            policies.append(_placed(policy, row))
    acl = PolicySet(policies, dialect=dialect).acl(
        _token(row), mounts=_MOUNTS, namespaces=_NAMESPACES, now=NOW
    )
    yield Verdict("an ACL is built", row.acl_error is None, acl.error is None)
    for asked in row.capabilities:
        where = f"capabilities of {asked.namespace}{asked.path!a}"
        found = acl.capabilities(asked.path, asked.namespace)
        yield Verdict(where, asked.capabilities, found)
    for sent in row.requests:
        where = f"{sent.operation} {sent.namespace}{sent.path!a}"
        yield Verdict(where, sent.allowed, _allowed(acl, sent))


def _placed(policy: Policy, row: AccessRow) -> Policy:
    """The policy with its namespace and the options stored beside it."""
    options = row.policy_options.get(policy.name)
    return replace(policy, namespace=row.namespace, **(options.model_dump() if options else {}))


def _token(row: AccessRow) -> Token:
    names = row.policies if row.token_policies is None else row.token_policies
    # A server that makes a token drops every other policy beside `root`.
    policies = ("root",) if "root" in names else tuple(names)
    return Token(policies, entity_of(row), groups_of(row, row.namespace), row.namespace)


def _allowed(acl: ACL, sent: Sent) -> bool | str:
    """The verdict, or a word about it when the two ways to ask for it differ."""
    request = Request(
        Operation(sent.operation), sent.path, sent.namespace, sent.data, sent.wrap_ttl_seconds
    )
    decided = acl.decide(request).outcome is Outcome.ALLOW
    is_plain = sent.data is None and sent.wrap_ttl_seconds is None and not sent.namespace
    if is_plain and acl.allows(request.operation, request.path) != decided:
        return f"`decide` and `allows` differ: `decide` says {decided}"
    return decided
