"""What is asked: one request, as the server's ACL sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy.errors import UsageError
from policy.model.capability import Operation

__all__ = ["STEP_DOWN", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """An operation on a path, with everything else a verdict may hang on.

    `path` is without `/v1/` and relative to `namespace` (empty, or ending in a slash). For `list`
    and `scan` the slash the server appends need not be there. `data` holds the parameters: the
    body of a write, the query parameters of a read, list, scan or delete; None means none were
    sent. `wrap_ttl_seconds` is None for a request that is not wrapped.

    Raises `UsageError` for an unknown operation.
    """

    operation: Operation
    path: str
    namespace: str = ""
    data: Mapping[str, Any] | None = None
    wrap_ttl_seconds: float | None = None

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "operation", Operation(self.operation))
        except ValueError:
            known = ", ".join(Operation)
            raise UsageError(f"unknown operation `{self.operation}`; known are {known}") from None
        if self.namespace and not self.namespace.endswith("/"):
            object.__setattr__(self, "namespace", self.namespace + "/")


STEP_DOWN = Request(Operation.UPDATE, "sys/step-down")
"""The request that makes the active node of an HA cluster give up its active status.

Every door decides step-down by this one value. It needs `update` and `sudo`, both in the rule
that wins for `sys/step-down`, in the root namespace (OpenBao 2.7.2, recorded as `step-down`).
"""
