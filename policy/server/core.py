"""The state of one cluster, as handlers see it: policies, tokens, identity, mounts, namespaces.

What a token may do is decided by the evaluator and by nothing here: this module only gathers what
the evaluator needs and keeps the ACLs it built until something they were built from changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.catalog import Guard, MountTable
from policy.lower import compile_policy
from policy.model import Alias, Dialect, Entity, Group, Token
from policy.policies import PolicySet
from policy.server.identity import Identity
from policy.server.mounts import Mounts
from policy.server.records import NamespaceRecord, PolicyRecord, TokenRecord
from policy.server.tokens import Tokens
from policy.source import Source

if TYPE_CHECKING:
    from policy.evaluate import ACL
    from policy.model import Policy
    from policy.server.cluster import Cluster
    from policy.server.storage import Record, Storage

__all__ = ["Core", "policy_key"]

_ACL_AREAS = ("policy", "identity", "mount", "namespace")
_MAX_CACHED = 10_000


class Core:
    """Everything a handler may read, and the one way to write it."""

    def __init__(self, cluster: Cluster, dialect: Dialect) -> None:
        self.cluster = cluster
        self.dialect = dialect
        self.storage: Storage = cluster.storage
        self.tokens = Tokens(self)
        self.identity = Identity(self)
        self.mounts = Mounts(self)
        self._writes = self._revision = -1
        self._policies = PolicySet((), dialect)
        self._compiled: dict[tuple[str, str], tuple[object, Policy | None]] = {}
        self._acls: dict[tuple[object, ...], ACL] = {}
        self._guards: dict[str, Guard] = {}
        self._tables: dict[str, MountTable] = {}
        self._namespaces: dict[str, NamespaceRecord] = {}

    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self.cluster.clock.now()

    def write(self, changes: dict[str, Record | None]) -> None:
        """Store some records as the active node. Raises `FencedError` when there is none."""
        active = self.cluster.active()
        fence = -1 if active is None or active.fence is None else active.fence
        self.storage.write(changes, fence)

    # What is cached

    def _refresh(self) -> None:
        writes = self.storage.revision()
        if writes == self._writes:
            return
        self._writes = writes
        revision = self.storage.revision(*_ACL_AREAS)
        if revision == self._revision:
            return
        self._revision = revision
        self._acls.clear()
        self._guards.clear()
        self._tables.clear()
        self._namespaces = {
            record["path"]: NamespaceRecord.of(record)
            for _, record in self.storage.scan("namespace/")
        }
        compiled: dict[tuple[str, str], tuple[object, Policy | None]] = {}
        for _, record in self.storage.scan("policy/"):
            key = record["namespace"], record["name"]
            known = self._compiled.get(key)
            compiled[key] = (
                known if known and known[0] is record else (record, self._compile(record))
            )
        self._compiled = compiled
        self._policies = PolicySet(
            (policy for _, policy in compiled.values() if policy is not None), self.dialect
        )

    def _compile(self, record: Record) -> Policy | None:
        stored = PolicyRecord.of(record)
        source = Source.of(stored.text, stored.name)
        policy = compile_policy(source, stored.name, self.dialect, self.now()).policy
        return policy and replace(
            policy,
            namespace=stored.namespace,
            expiration=stored.expiration,
            allow_slashes_in_identity_templates=stored.allow_slashes,
            allow_wildcards_in_identity_templates=stored.allow_wildcards,
        )

    # Namespaces

    @property
    def namespaces(self) -> dict[str, NamespaceRecord]:
        """The child namespaces by path."""
        self._refresh()
        return self._namespaces

    def split_namespace(self, full: str) -> tuple[str, str]:
        """The innermost namespace a path lies in, and the rest of the path."""
        inner = ""
        if self.namespaces:
            for path in self._namespaces:
                if len(path) > len(inner) and full.startswith(path):
                    inner = path
        return inner, full[len(inner) :]

    # Policies

    def policy(self, name: str, namespace: str) -> PolicyRecord | None:
        """The stored policy of that name; one that has expired is as good as missing."""
        record = self.storage.read(policy_key(name, namespace))
        if record is None:
            return None
        found = PolicyRecord.of(record)
        if found.expiration is not None and found.expiration < self.now():
            return None
        return found

    # ACLs

    def table(self, namespace: str) -> MountTable:
        """What is mounted in a namespace, for the evaluator."""
        self._refresh()
        found = self._tables.get(namespace)
        if found is None:
            found = self._tables[namespace] = self.mounts.table(namespace)
        return found

    def guard(self, namespace: str) -> Guard:
        """What the server guards in a namespace: which paths need no token, which need sudo."""
        self._refresh()
        found = self._guards.get(namespace)
        if found is None:
            found = self._guards[namespace] = Guard(self.dialect, self.table(namespace))
        return found

    def acl(self, token: TokenRecord, namespace: str = "") -> ACL:
        """What a token may do, for requests in a namespace."""
        self._refresh()
        key = (token.namespace, tuple(token.policies), token.entity_id, namespace)
        found = self._acls.get(key)
        if found is not None and (found.expires_at is None or found.expires_at >= self.now()):
            return found
        if len(self._acls) >= _MAX_CACHED:
            self._acls.clear()
        found = self._policies.acl(
            self._subject(token),
            mounts=self.table(namespace),
            namespaces=self._namespaces,
            now=self.now(),
        )
        if not any(p.expiration is not None for p in self._policies):
            self._acls[key] = found
        return found

    def _subject(self, token: TokenRecord) -> Token:
        """The token as the evaluator knows it, with the identity behind it."""
        entity: Entity | None = None
        groups: tuple[Group, ...] = ()
        stored = self.identity.entity(token.entity_id) if token.entity_id else None
        if stored is not None:
            aliases = tuple(
                Alias(
                    alias.id,
                    alias.name,
                    alias.mount_accessor,
                    alias.metadata or {},
                    alias.custom_metadata or {},
                )
                for alias in self.identity.aliases_of(stored.id)
            )
            entity = Entity(
                stored.id,
                stored.name,
                stored.metadata or {},
                tuple(stored.policies or ()),
                aliases,
            )
            groups = tuple(
                Group(
                    group.id,
                    group.name,
                    group.metadata or {},
                    tuple(group.policies or ()),
                    group.namespace,
                )
                for group in self.identity.groups_of(stored.id)
            )
        return Token(tuple(token.policies), entity, groups, token.namespace)

    def identity_policies(self, token: TokenRecord) -> list[str]:
        """The names a token has from its entity and groups, sorted."""
        subject = self._subject(token)
        names = set(subject.entity.policies if subject.entity else ())
        for group in subject.groups:
            names.update(group.policies)
        return sorted(names)


def policy_key(name: str, namespace: str) -> str:
    """Where a policy is stored."""
    return f"policy/{namespace}|{name}"
