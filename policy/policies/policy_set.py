"""All policies of one server, by name, and the way to a token's ACL."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from policy.acl import Problem, build_table
from policy.catalog import MountTable
from policy.errors import UsageError
from policy.evaluate import ACL
from policy.model import DEFAULT_DIALECT, Dialect
from policy.policies.builtin import ROOT, builtin_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.model import Policy, Token

__all__ = ["PolicySet"]


class PolicySet:
    """Policies by namespace and name. Immutable; `acl` gives what a token may do with them.

    Raises `UsageError` when two policies of one namespace have the same name.
    """

    __slots__ = ("_by_name", "_namespaces", "dialect")

    def __init__(
        self, policies: Iterable[Policy] = (), dialect: Dialect | str = DEFAULT_DIALECT
    ) -> None:
        self.dialect = Dialect.named(dialect)
        self._by_name: dict[tuple[str, str], Policy] = {}
        for policy in policies:
            key = policy.namespace, policy.name
            if key in self._by_name:
                first = self._by_name[key].source.name
                raise UsageError(
                    f"two policies are named `{policy.name}`: {first} and {policy.source.name}"
                )
            self._by_name[key] = policy
        self._namespaces = tuple(dict.fromkeys(namespace for namespace, _ in self._by_name))

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str, namespace: str = "") -> Policy | None:
        """The policy of that name, the server's own ones included; None if there is none."""
        name = name.strip().lower()
        found = self._by_name.get((namespace, name)) or builtin_policy(name, self.dialect)
        if found is None or found.namespace == namespace:
            return found
        # Every namespace has its own `default`.
        return replace(found, namespace=namespace)

    def acl(
        self,
        token: Token,
        *,
        mounts: MountTable | None = None,
        namespaces: Iterable[str] = (),
        now: float | None = None,
    ) -> ACL:
        """Merge the policies of a token into its ACL.

        Policies that do not exist, or have expired, are ignored, as on the server. `mounts` says
        which paths are root-protected besides those of the default mounts; `namespaces` names
        child namespaces, so that `ns1/sys/audit` is seen to be `sys/audit` there. `now` (seconds
        since 1970) is the clock's time unless given. Never raises for what the policies say: an
        ACL the server could not build denies everything, and its `error` says why.
        """
        if now is None:
            now = time.time()
        mounts = MountTable.default() if mounts is None else mounts
        names = token.policy_names
        known: list[Policy] = []
        unknown: list[str] = []
        for namespace, name in names:
            policy = self.get(name, namespace)
            if name == ROOT:
                continue
            if policy is None or (policy.expiration is not None and policy.expiration < now):
                unknown.append(name)
            else:
                known.append(policy)
        is_root = any(name == ROOT for _, name in names)
        table = build_table(known, token, self.dialect, now)
        if is_root:
            if known:
                table = Problem("the policy `root` cannot be mixed with others")
            elif token.namespace and not self.dialect.root_in_child_namespace:
                table = Problem("the policy `root` exists in the root namespace only")
        return ACL(
            table,
            token,
            self.dialect,
            mounts,
            is_root=is_root and not isinstance(table, Problem),
            namespaces=(*namespaces, *self._namespaces),
            unknown_policies=tuple(unknown),
        )
