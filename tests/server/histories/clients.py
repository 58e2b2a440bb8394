"""Clients that ask random nodes for random things, and write down what came back."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.server.histories.history import NEVER, Kind, Operation, Outcome
from tests.server.histories.nodes import ask

if TYPE_CHECKING:
    from tests.server.histories.nodes import Node, Nodes

__all__ = ["Client", "insert", "prepare", "read_all"]

_REGISTERS: Final = ("a", "b")
_KINDS: Final = {Kind.WRITE: 4, Kind.READ: 6, Kind.INSERT: 5, Kind.COUNT: 3, Kind.LEADER: 4}
_LONGEST_PAUSE: Final = 0.03


def prepare(node: Node) -> bool:
    """Mount what the clients write to. Whether that worked."""
    mounted = [
        ask(node.address, "PUT", "/v1/sys/mounts/one", {"type": "kv"}, 5.0)[0],
        ask(
            node.address,
            "PUT",
            "/v1/sys/mounts/two",
            {"type": "kv", "options": {"version": "2"}},
            5.0,
        )[0],
    ]
    return all(status == 204 for status in mounted)


def insert(node: Node, name: str, seconds: float = 1.0) -> Operation:
    """Write a key that nobody else writes."""
    return _ended(
        Operation(Kind.INSERT, time.monotonic(), NEVER, node.number, name, name),
        ask(node.address, "PUT", f"/v1/one/log/{name}", {"value": name}, seconds),
    )


def read_all(nodes: Nodes) -> list[Operation]:
    """Every register, from every node."""
    return [_read(node, register) for node in nodes.all for register in _REGISTERS]


def _ended(operation: Operation, answer: tuple[int, Any], **more: Any) -> Operation:
    if 200 <= answer[0] < 300:
        return replace(operation, ended=time.monotonic(), **more)
    return replace(operation, outcome=Outcome.UNKNOWN)


def _read(node: Node, register: str) -> Operation:
    begun = Operation(Kind.READ, time.monotonic(), NEVER, node.number, register)
    status, found = ask(node.address, "GET", f"/v1/one/{register}")
    if status == 404 and found == {"errors": []}:
        return replace(begun, ended=time.monotonic())
    value = found["data"]["value"] if status == 200 else ""
    return _ended(begun, (status, found), value=value)


class Client(threading.Thread):
    """Works until `stop` is set; `operations` is what it did."""

    def __init__(self, name: str, nodes: Nodes, seed: str, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.operations: list[Operation] = []
        self._nodes = nodes
        self._random = random.Random(seed)
        self._ends = stop
        self._count = 0

    def run(self) -> None:
        kinds, weights = list(_KINDS), list(_KINDS.values())
        while not self._ends.is_set():
            (kind,) = self._random.choices(kinds, weights)
            node = self._random.choice(self._nodes.all)
            self._count += 1
            self.operations.append(self._do(kind, node, f"{self.name}-{self._count}"))
            time.sleep(self._random.uniform(0, _LONGEST_PAUSE))

    def _do(self, kind: Kind, node: Node, value: str) -> Operation:
        begun = Operation(kind, time.monotonic(), NEVER, node.number)
        match kind:
            case Kind.WRITE:
                begun = replace(begun, key=self._random.choice(_REGISTERS), value=value)
                body = {"value": value}
                return _ended(begun, ask(node.address, "PUT", f"/v1/one/{begun.key}", body))
            case Kind.READ:
                return _read(node, self._random.choice(_REGISTERS))
            case Kind.INSERT:
                return insert(node, value)
            case Kind.COUNT:
                begun = replace(begun, key="counter", value=value)
                answer = ask(node.address, "PUT", "/v1/two/data/counter", {"data": {"v": value}})
                number = answer[1]["data"]["version"] if answer[0] == 200 else 0
                return _ended(begun, answer, number=number)
            case Kind.LEADER:
                answer = ask(node.address, "GET", "/v1/sys/leader")
                found = answer[1] or {}
                reign = ""
                if answer[0] == 200 and found["is_self"]:
                    reign = f"node {node.number} at {node.address} since {found['active_time']}"
                return _ended(begun, answer, value=reign)
