"""The policies of a running program: read again when they change, swapped as one value.

Whoever asks gets the old set or the new one, never something between. What cannot be loaded
changes nothing: the set in use stays, and the log says why.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, SourceError
from policy.middleware.metrics import Counters
from policy.model import DEFAULT_DIALECT, Dialect
from policy.policies import load, policy_files

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterator

    from policy.catalog import MountTable
    from policy.evaluate import ACL
    from policy.model import Entity, Token
    from policy.policies import PolicySet

__all__ = ["LivePolicies"]

_LOG: Final = logging.getLogger("policy.middleware")
_MAX_ACLS: Final = 1024
"""How many ACLs are kept for one set of policies: one for each different subject."""


class LivePolicies:
    """The policies of some files and directories, as they were when they were last whole.

    Safe to share between threads. Raises `SourceError` or `InvalidPolicyError` if they cannot be
    loaded at the beginning: then there is no set to fall back to.
    """

    def __init__(
        self,
        *paths: str | os.PathLike[str],
        dialect: Dialect | str = DEFAULT_DIALECT,
        mounts: MountTable | None = None,
    ) -> None:
        self._paths = paths
        self._dialect = Dialect.named(dialect)
        self._mounts = mounts
        self._lock = threading.Lock()
        self._told = ""
        """The failure that the log has last: each is told once."""
        self._applied: Hashable = self._look()
        """What the files looked like when they were last read; None to read them again."""
        self._pending: Hashable = None
        """Another look that they had the last time."""
        self.reloads = Counters()
        """Attempts to load anew, by `("loaded",)` and `("failed",)`."""
        self._set = self._load()

    # What is in use

    @property
    def policies(self) -> PolicySet:
        """The policies in use."""
        return self._set.policies

    @property
    def loaded_at(self) -> float:
        """When they were read, in seconds since 1970."""
        return self._set.loaded_at

    def acl(self, token: Token) -> ACL:
        """What a token may do with the policies in use."""
        return self._set.acl(token)

    # Change

    def reload(self) -> bool:
        """Read all files again and swap the set. Returns whether that went well.

        Otherwise the set stays and the logger `policy.middleware` has every problem. May be
        called from any thread; it takes as long as reading and parsing do, so not from an event
        loop. Never raises for what is in the files.
        """
        with self._lock:
            before = self._look()
            try:
                loaded = self._load()
                if self._look() != before:
                    raise SourceError("the policy files changed while they were read")
            except Exception as error:  # noqa: BLE001 -- whatever it is, the old set has to stay
                # What the files say will not change by itself; what else it was may.
                self._applied = before if _is_final(error) else None
                self._failed(error)
                return False
            self._set = loaded
            self._applied = before
            self._told = ""
            self.reloads.count("loaded")
        _LOG.info("policies loaded anew: %d", len(loaded.policies))
        return True

    def poll(self) -> bool:
        """Look at names, sizes and times of the files, and reload if they have changed and have
        stood still since the last look, so that no half-written file is read. Returns whether
        there is a new set."""
        seen = self._look()
        if seen == self._applied:
            self._pending = None
            return False
        if seen != self._pending:
            self._pending = seen
            return False
        return self.reload()

    @contextmanager
    def watched(self, seconds: float = 2.0) -> Iterator[None]:
        """Poll in a thread of its own for as long as the block runs: a change is in use after one
        to two times `seconds`."""
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(seconds):
                self.poll()

        thread = threading.Thread(target=watch, name="policy-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _look(self) -> Hashable:
        try:
            found = []
            for file in policy_files(self._paths):
                about = file.stat()
                found.append((str(file), about.st_mtime_ns, about.st_size, about.st_ino))
        except (OSError, PolicyError) as error:
            return str(error)
        return tuple(found)

    def _load(self) -> _Set:
        now = time.time()
        return _Set(load(*self._paths, dialect=self._dialect, now=now), self._mounts, now)

    def _failed(self, error: Exception) -> None:
        self.reloads.count("failed")
        words = str(error) if isinstance(error, PolicyError) else type(error).__name__
        if words != self._told:
            self._told = words
            _LOG.error("the policies stay as they were, the new ones cannot be used:\n%s", words)


def _is_final(error: Exception) -> bool:
    return isinstance(error, PolicyError) and not isinstance(error, SourceError)


class _Set:
    """Policies that belong together, with the ACLs that were built from them."""

    def __init__(self, policies: PolicySet, mounts: MountTable | None, now: float) -> None:
        self.policies = policies
        self.loaded_at = now
        self._mounts = mounts
        self._acls: dict[Hashable, ACL] = {}
        self._lock = threading.Lock()

    def acl(self, token: Token) -> ACL:
        key = _key(token)
        found = self._acls.get(key)
        now = time.time()
        if found is not None and (found.expires_at is None or now < found.expires_at):
            return found
        found = self.policies.acl(token, mounts=self._mounts, now=now)
        with self._lock:
            if len(self._acls) >= _MAX_ACLS:
                # The oldest; who still needs it has it built anew.
                del self._acls[next(iter(self._acls))]
            self._acls[key] = found
        return found


def _key(token: Token) -> Hashable:
    """Everything about a token that its ACL hangs on, as a value that can be looked up."""
    groups = tuple(
        (group.id, group.name, tuple(group.metadata.items()), group.policies, group.namespace)
        for group in token.groups
    )
    return token.namespace, token.policies, token.entity and _entity_key(token.entity), groups


def _entity_key(entity: Entity) -> Hashable:
    aliases = tuple(
        (
            *(alias.id, alias.name, alias.mount_accessor),
            *(tuple(alias.metadata.items()), tuple(alias.custom_metadata.items())),
        )
        for alias in entity.aliases
    )
    return entity.id, entity.name, tuple(entity.metadata.items()), entity.policies, aliases
