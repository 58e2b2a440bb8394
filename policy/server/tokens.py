"""Tokens: made, found, used up, renewed, revoked.

A token is stored under the keyed hash of its text; the text itself is known to its owner alone.
"""

from __future__ import annotations

import hmac
import math
import secrets
import string
from typing import TYPE_CHECKING, Final

from policy.server.records import TokenRecord

if TYPE_CHECKING:
    from policy.server.core import Core
    from policy.server.storage import Record

__all__ = ["DEFAULT_TTL", "NewToken", "Tokens", "random_name"]

DEFAULT_TTL: Final = 2_764_800.0
"""768 hours, in seconds: the TTL of a token that asks for none, and the longest of a lease."""

_LETTERS: Final = string.ascii_letters + string.digits
_SWEEP_EVERY: Final = 1000
_MAX_VALUES: Final = 1000
"""How many tokens are kept ready as values, besides their records."""


def random_name(length: int = 24) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


class NewToken:
    """A token that was just made: its record, and its text, for the one answer that shows it."""

    __slots__ = ("record", "text")

    def __init__(self, text: str, record: TokenRecord) -> None:
        self.text = text
        self.record = record

    def __repr__(self) -> str:
        return f"NewToken(accessor={self.record.accessor!r})"


class Tokens:
    """The tokens of one cluster."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._key = b""
        self._made = 0
        self._values: dict[str, tuple[Record, TokenRecord]] = {}

    # Finding

    def hash_of(self, text: str) -> str:
        """The keyed hash under which a token is stored; empty while there is no key."""
        if not self._key:
            record = self._core.storage.read("core/init")
            if record is None:
                return ""
            self._key = bytes.fromhex(record["token_key"])
        return hmac.digest(self._key, text.encode("utf-8", "surrogateescape"), "sha256").hex()

    def by_hash(self, hashed: str) -> TokenRecord | None:
        """The living token with this hash. One that has spent its last use still counts."""
        record = self._core.storage.read(f"token/{hashed}")
        if record is None or not hmac.compare_digest(record["id"], hashed):
            return None
        expires = record["expires"]
        if expires is not None and expires <= self._core.now():
            return None
        known = self._values.get(hashed)
        if known is not None and known[0] is record:
            token = known[1]
        else:
            token = TokenRecord.of(record)
            if len(self._values) >= _MAX_VALUES:
                self._values.clear()
            self._values[hashed] = record, token
        if token.kind == "batch" and token.parent and self.by_hash(token.parent) is None:
            return None
        return token

    def find(self, text: str) -> TokenRecord | None:
        """The living token with this text, or None."""
        return self.by_hash(self.hash_of(text)) if text else None

    def by_accessor(self, accessor: str) -> TokenRecord | None:
        """The living token with this accessor."""
        record = self._core.storage.read(f"accessor/{accessor}")
        return None if record is None else self.by_hash(record["token"])

    # Making

    def create(
        self, record: TokenRecord, *, text: str = "", extra: dict[str, Record | None] | None = None
    ) -> NewToken:
        """Store a new token; hash and accessor of `record` are filled in. `text` is a chosen
        token, `extra` what is to be stored in the same step."""
        suffix = ""
        if record.namespace:
            suffix = "." + self._core.namespaces[record.namespace].id
        is_batch = record.kind == "batch"
        if not text:
            text = f"b.{random_name(96)}" if is_batch else f"s.{random_name()}"
            text += suffix
        accessor = "" if is_batch else random_name() + suffix
        record = record.but(
            id=self.hash_of(text),
            accessor=accessor,
            granted_ttl=record.ttl,
            granted_uses=record.uses,
            # A batch token is not stored by the real server, and so cannot be counted.
            uses=0 if is_batch else record.uses,
        )
        changes: dict[str, Record | None] = {f"token/{record.id}": record.record(), **(extra or {})}
        if accessor:
            changes[f"accessor/{accessor}"] = {"token": record.id}
        if record.parent:
            changes[f"child/{record.parent}/{record.id}"] = {}
        self._made += 1
        if self._made % _SWEEP_EVERY == 0:
            self._sweep(changes)
        self._core.write(changes)
        return NewToken(text, record)

    def _sweep(self, changes: dict[str, Record | None]) -> None:
        """Forget what has expired, so that memory stays flat."""
        now = self._core.now()
        for _, record in self._core.storage.scan("token/"):
            if record["expires"] is not None and record["expires"] <= now:
                self._forget(TokenRecord.of(record), changes)

    # Living

    def use(self, token: TokenRecord) -> TokenRecord | None:
        """Take one use from a token with a limit. None when none is left."""
        if token.uses == 0:
            return token
        if token.uses < 0:
            return None
        token = token.but(uses=token.uses - 1 if token.uses > 1 else -1)
        self._core.write({f"token/{token.id}": token.record()})
        return token

    def renew(self, token: TokenRecord, ttl: float) -> TokenRecord:
        """Set the end of a token anew: from now, for that many seconds."""
        now = self._core.now()
        token = token.but(expires=now + ttl, granted_ttl=ttl, last_renewal=now)
        self._core.write({f"token/{token.id}": token.record()})
        return token

    def remaining(self, token: TokenRecord) -> int:
        """Whole seconds until a token expires; 0 if it never does."""
        if token.expires is None:
            return 0
        return max(0, math.floor(token.expires - self._core.now() + 0.0001))

    def revoke(self, token: TokenRecord, *, keep_children: bool = False) -> None:
        """Forget a token and all its descendants, or make its children orphans."""
        changes: dict[str, Record | None] = {}
        if keep_children:
            for child in self._children(token.id):
                changes[f"token/{child.id}"] = child.but(parent="").record()
                changes[f"child/{token.id}/{child.id}"] = None
            self._forget(token, changes)
        else:
            pending = [token]
            while pending:
                last = pending.pop()
                pending += self._children(last.id)
                self._forget(last, changes)
        self._core.write(changes)

    def _children(self, hashed: str) -> list[TokenRecord]:
        prefix = f"child/{hashed}/"
        found = []
        for key, _ in self._core.storage.scan(prefix):
            record = self._core.storage.read(f"token/{key.removeprefix(prefix)}")
            if record is not None:
                found.append(TokenRecord.of(record))
        return found

    def _forget(self, token: TokenRecord, changes: dict[str, Record | None]) -> None:
        changes[f"token/{token.id}"] = None
        if token.accessor:
            changes[f"accessor/{token.accessor}"] = None
        if token.parent:
            changes[f"child/{token.parent}/{token.id}"] = None
        for key, _ in self._core.storage.scan(f"cubbyhole/{token.id}/"):
            changes[key] = None

    def accessors(self, namespace: str) -> list[str]:
        """The accessors of all living tokens of a namespace."""
        now = self._core.now()
        return [
            record["accessor"]
            for _, record in self._core.storage.scan("token/")
            if record["accessor"]
            and record["namespace"] == namespace
            and (record["expires"] is None or record["expires"] > now)
        ]
