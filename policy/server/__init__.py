"""The mock server: what a client of a real OpenBao or Vault sees, with our evaluator inside.

    mock = Mock(Options(nodes=3))
    application = mock.applications[0]      # an ASGI application, one for each node

`policy.testing.server` has what tests need; `sudopath serve` listens on real ports.
"""

from policy.server.clock import Clock, ManualClock, SystemClock
from policy.server.cluster import Cluster, Node, Timing
from policy.server.mock import InitialState, Mock, Options
from policy.server.storage import (
    FencedError,
    MemoryStorage,
    Storage,
    UnreachableError,
    open_storage,
)

__all__ = [
    "Clock",
    "Cluster",
    "FencedError",
    "InitialState",
    "ManualClock",
    "MemoryStorage",
    "Mock",
    "Node",
    "Options",
    "Storage",
    "SystemClock",
    "Timing",
    "UnreachableError",
    "open_storage",
]
