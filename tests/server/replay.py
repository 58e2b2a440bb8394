"""Plays a recorded scenario to a mock server in this process, on a clock turned by hand."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from policy.testing.server import InProcess
from tests.server.matching import differences, substitute, value_differences

if TYPE_CHECKING:
    from policy.server import Node
    from policy.testing.server import Pending, Response

__all__ = ["FOLDER", "Outcome", "Scenario", "load", "play"]

FOLDER = Path(__file__).parents[2] / "fixtures" / "http"
_KEY = "5f" * 32
_OPTIONS: dict[str, dict[str, Any]] = {
    "raft-1": {"unseal_key": _KEY},
    "raft-3": {"nodes": 3, "unseal_key": _KEY},
    "dev": {"is_dev": True},
    "uninit": {"state": "uninitialized"},
}
_STEP = 0.05
_TICK = 0.1


@dataclass(frozen=True, slots=True)
class Scenario:
    """One self-contained story out of a transcript."""

    name: str
    topology: str
    lines: list[dict[str, Any]]


@dataclass(slots=True)
class Outcome:
    """What came of playing a scenario."""

    probes: int = 0
    failures: list[str] = field(default_factory=list)


def load() -> list[Scenario]:
    """All scenarios of all transcripts."""
    found: list[Scenario] = []
    for file in sorted(FOLDER.glob("*.jsonl.gz")):
        for text in gzip.decompress(file.read_bytes()).splitlines():
            line = orjson.loads(text)
            if line["kind"] == "scenario":
                found.append(Scenario(line["name"], line["topology"], []))
            elif line["kind"] != "header":
                found[-1].lines.append(line)
    return found


def play(scenario: Scenario, topology: str = "") -> Outcome:
    """Play one scenario to a new server. Every line is played, also behind a failure."""
    with InProcess(**_OPTIONS[topology or scenario.topology]) as server:
        return _Player(server).play(scenario)


class _Player:
    def __init__(self, server: InProcess) -> None:
        self.server = server
        self.cluster = server.mock.cluster
        self.variables = {"root": server.mock.root_token, "unseal_key": server.mock.unseal_key}
        self.outcome = Outcome()
        self.roles: dict[str, int] = {}

    def play(self, scenario: Scenario) -> Outcome:
        for number, line in enumerate(scenario.lines, 1):
            match line["kind"]:
                case "exchange" | "race":
                    found = self._exchange(line)
                case "timeline":
                    found = self._timeline(line)
                case "sleep":
                    self.server.clock.advance(line["seconds"])
                    found = []
                case "wait":
                    found = self._settle()
                case _:
                    found = []
            if line.get("phase") == "probe":
                self.outcome.probes += 1
            where = f"line {number} ({line.get('note', line['kind'])})"
            self.outcome.failures += [f"{where}: {text}" for text in found]
        return self.outcome

    def _settle(self) -> list[str]:
        """Let time pass until a node is active and all others name it."""
        for _ in range(round(30 / _STEP)):
            self.cluster.settle()
            active = self.cluster.active()
            if active is not None and all(
                self.cluster.leader_seen_by(node) is active for node in self.cluster.nodes
            ):
                return []
            self.server.clock.advance(_STEP)
        return ["no node became active"]

    def _now_active(self) -> Node | None:
        self.cluster.settle()
        return self.cluster.active()

    def _find_roles(self, line: dict[str, Any]) -> None:
        """Which node has which role, as of now. A race is with the request before it."""
        if line["kind"] == "race":
            return
        names = list(range(len(self.cluster.nodes)))
        if not line.get("no_active"):
            self._settle()
            active = self._now_active()
            if active is not None:
                at = self.cluster.nodes.index(active)
                names.remove(at)
                names.insert(0, at)
        self.roles = dict(zip(("active", "standby", "standby2"), names, strict=False))
        for role, at in self.roles.items():
            self.variables[f"addr:{role}"] = self.cluster.nodes[at].address

    def _send(self, request: dict[str, Any], node: int) -> Pending:
        body = b""
        if "json" in request:
            body = orjson.dumps(substitute(request["json"], self.variables))
        elif "text" in request:
            body = substitute(request["text"], self.variables).encode()
        elif "repeat" in request:
            parts = request["repeat"]
            middle = parts["unit"] * parts["count"]
            body = (parts.get("prefix", "") + middle + parts.get("suffix", "")).encode()
        headers = substitute(request.get("headers") or {}, self.variables)
        target = substitute(request["path"], self.variables)
        return self.server.begin(
            request["method"], target, body=body, headers=headers, token="", node=node
        )

    def _exchange(self, line: dict[str, Any]) -> list[str]:
        self._find_roles(line)
        watched = self.cluster.nodes[self.roles["active"]]
        answer = self._send(line["request"], self.roles[line.get("node", "active")]).result()
        found = self._capture(line, answer)
        wanted = line["accept"] if line["kind"] == "race" else [line["response"]]
        unlike = [differences(one, answer, self.variables) for one in wanted]
        nearest: list[str] = min(unlike, key=len)
        found += nearest
        if "effect" in line:
            self.cluster.settle()
            effect = "none" if watched.is_active or not self.cluster.ha else "stepped-down"
            if effect != line["effect"]:
                found.append(f"effect {effect} instead of {line['effect']}")
        if line.get("settle"):
            found += self._settle()
        return found

    def _capture(self, line: dict[str, Any], answer: Response) -> list[str]:
        for name, path in (line.get("capture") or {}).items():
            try:
                value: Any = answer.json
                for part in path.split("."):
                    value = value[int(part) if isinstance(value, list) else part]
            except (ValueError, KeyError, IndexError, TypeError):
                return [f"nothing at {path} to be remembered as {name}"]
            self.variables[name] = value
        return []

    def _timeline(self, line: dict[str, Any]) -> list[str]:
        """Ask every node the same things every tenth of a second, before and after a trigger."""
        self._find_roles(line)
        nodes = range(len(self.cluster.nodes))
        old = self.roles[line["trigger_node"]]
        found: list[str] = []
        waiting: list[tuple[int, str, Pending]] = []
        active_again: float | None = None
        trigger: Pending | None = None
        start = self.server.clock.now() + line["lead_s"]
        while (now := self.server.clock.now()) < start + line["duration_s"]:
            if trigger is None and now >= start:
                trigger = self._send(line["trigger"], old)
                if not trigger.is_done or trigger.result().status != 204:
                    found.append("the trigger was not answered at once with 204")
            for node in nodes:
                for probe in line["probes"]:
                    waiting.append((node, probe["name"], self._send(probe["request"], node)))
            still = []
            for node, name, pending in waiting:
                if not pending.is_done:
                    still.append((node, name, pending))
                    continue
                role = "old" if node == old else "other"
                answer = pending.result()
                allowed = line["expect"]["answers"][f"{role} {name}"]
                if not any(self._fits(one, answer) for one in allowed):
                    found.append(f"{role} {name} at {now - start:.2f} s: {answer.body[:200]!r}")
                if name == "health" and answer.status == 200 and trigger and now > start:
                    active_again = active_again or now - start
            waiting = still
            self.server.clock.advance(_TICK)
        shortest, longest = line["expect"]["windows"]["any_active_again_ms"]
        if active_again is None or not shortest <= active_again * 1000 <= longest:
            found.append(f"active again after {active_again} s")
        new = self._now_active()
        is_old = new is self.cluster.nodes[old]
        if is_old != (line["expect"]["windows"]["new_active"] == "old"):
            found.append(f"the new active node is {new.name if new else None}")
        return found

    def _fits(self, expected: dict[str, Any], answer: Response) -> bool:
        if expected["status"] != answer.status:
            return False
        if "json" not in expected:
            return not answer.body
        body = answer.json
        return not list(value_differences(expected["json"], body, self.variables, ""))
