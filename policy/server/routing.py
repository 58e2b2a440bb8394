"""Paths of a mount and who handles them; and what a handler is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from policy.model import Operation
from policy.server.answers import Refused, Reply
from policy.server.inputs import Fields, Kind, Schema

if TYPE_CHECKING:
    from policy.evaluate import ACL
    from policy.server.cluster import Node
    from policy.server.core import Core
    from policy.server.records import MountRecord, TokenRecord

__all__ = ["NAME", "Call", "Handler", "Route", "Routes"]

NAME: Final = r"\w|\w[\w.-]*\w"
"""What most things may be called, as a pattern."""


@dataclass(slots=True)
class Call:
    """One request on its way to a handler: who asks what, with everything known about it."""

    core: Core
    node: Node
    operation: Operation
    namespace: str
    path: str
    """The path inside the namespace."""
    data: Mapping[str, Any]
    """The body of a write, or the query of anything else."""
    token: str
    entry: TokenRecord | None
    """The token as it is stored; None on paths that need none."""
    acl: ACL | None
    mount: MountRecord | None = None
    match: Mapping[str, str] = field(default_factory=dict)
    """The named parts of the path."""
    is_wrapped: bool = False
    """Whether the answer will be wrapped."""

    @property
    def fields(self) -> Fields:
        """The parameters, to be converted."""
        return Fields(self.data)

    @property
    def subject(self) -> TokenRecord:
        """The token. Raises `Refused` where there is none."""
        if self.entry is None:
            raise Refused.no_token()
        return self.entry


Handler = Callable[[Call], Reply | None]


class Route:
    """A path of a mount: a pattern with named groups, and a handler for each operation.

    `schema` has the parameters it knows, besides the named groups; None if it takes any.
    `exists` is the existence check: where there is one, a write to what does not exist is a
    create. `repeats` tells that the keys of `data` stand at the top of the answer, too;
    `is_lower_case`, that the path is put in lower case before anybody asks for a verdict.
    """

    __slots__ = (
        "exists",
        "handlers",
        "is_active_only",
        "is_lower_case",
        "pattern",
        "repeats",
        "schema",
    )

    def __init__(
        self,
        pattern: str,
        schema: Schema | None = MappingProxyType({}),
        *,
        read: Handler | None = None,
        update: Handler | None = None,
        delete: Handler | None = None,
        list: Handler | None = None,  # noqa: A002 -- the word of the operation
        patch: Handler | None = None,
        scan: Handler | None = None,
        exists: Callable[[Call], bool] | None = None,
        repeats: bool = False,
        is_active_only: bool = False,
        is_lower_case: bool = False,
    ) -> None:
        self.pattern = re.compile(pattern, re.DOTALL | re.ASCII)
        given = {
            Operation.READ: read,
            Operation.UPDATE: update,
            Operation.CREATE: update if exists is not None else None,
            Operation.DELETE: delete,
            Operation.LIST: list,
            Operation.PATCH: patch,
            Operation.SCAN: scan,
        }
        self.schema = schema
        if schema is not None:
            self.schema = {**schema, **dict.fromkeys(self.pattern.groupindex, Kind.TEXT)}
        self.handlers = {op: handler for op, handler in given.items() if handler is not None}
        self.exists = exists
        self.repeats = repeats
        self.is_active_only = is_active_only
        self.is_lower_case = is_lower_case


class Routes:
    """All paths of one kind of mount."""

    def __init__(self, *routes: Route) -> None:
        self._patterns = routes
        # A pattern without special characters is found by its text.
        self._exact = {
            route.pattern.pattern: route
            for route in routes
            if re.fullmatch(r"[a-z0-9/_-]+", route.pattern.pattern)
        }

    def __iter__(self) -> Iterator[Route]:
        return iter(self._patterns)

    def find(self, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The first route that fits, and the named parts of the path."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        for route in self._patterns:
            match = route.pattern.fullmatch(path)
            if match is not None:
                return route, match.groupdict(default="")
        return None
