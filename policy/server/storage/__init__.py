"""The one place where state lies: in memory, or in a database that several processes share."""

from policy.server.storage.interface import (
    FencedError,
    Holder,
    Record,
    Storage,
    UnreachableError,
)
from policy.server.storage.memory import MemoryStorage
from policy.server.storage.opening import open_storage
from policy.server.storage.shared import SharedStorage

__all__ = [
    "FencedError",
    "Holder",
    "MemoryStorage",
    "Record",
    "SharedStorage",
    "Storage",
    "UnreachableError",
    "open_storage",
]
