"""What servers guard and what paths understand: mounts, root-protected and unauthenticated paths,
writes. A fact says where it was seen; what is not known is said to be unknown."""

from policy.catalog.facts import Fact, FactKind, facts
from policy.catalog.guard import Guard
from policy.catalog.mounts import AUTH_TYPES, SECRET_TYPES, Mount, MountTable
from policy.catalog.operations import WriteKind

__all__ = [
    "AUTH_TYPES",
    "SECRET_TYPES",
    "Fact",
    "FactKind",
    "Guard",
    "Mount",
    "MountTable",
    "WriteKind",
    "facts",
]
