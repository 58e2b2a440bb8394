"""Are two answers the same, apart from the identifiers and times that each side makes up?

Identifiers have to stand at the same places: whatever the real server calls A everywhere, the mock
may call B everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

__all__ = ["Answer", "Pairing"]

_CAPPED: Final = re.compile(r'effective max_ttl of "(\d+)h59m59s"')
_IS_AT_LIMIT: Final = re.compile(r'TTL of "(\d+h)" exceeded the effective max_ttl of "\1"')
_IDENTIFIER: Final = re.compile(
    r"[sb]\.[A-Za-z0-9_=-]{24,}(?:\.[A-Za-z0-9]{6})?"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b(?:\.[A-Za-z0-9]{6})?"
    r"|\b(?:auth_)?[a-z_]+_[0-9a-f]{8}\b(?:\.[A-Za-z0-9]{6}\b)?"
    r"|\b(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{24}(?:\.[A-Za-z0-9]{6})?\b"
)
_NAMESPACE_ID: Final = re.compile(r"[A-Za-z0-9]{6}")
_TIME: Final = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_TOLERANCE_SECONDS: Final = 3.0
_OF_TIME: Final = frozenset(
    ("creation_time", "last_renewal_time", "ttl", "lease_duration", "server_time_utc")
)
_FREE: Final = frozenset(
    (
        # Made up by each side for itself, and different every time.
        *("request_id", "raft_committed_index", "raft_applied_index", "encryptions", "nonce"),
        # How a server was built, and where it runs.
        *("commit_date", "cluster_name", "cluster_id", "hostname", "api_address"),
        *("cluster_address", "leader_address", "leader_cluster_address", "last_echo"),
    )
)
_HEADERS_FREE: Final = frozenset(
    ("date", "content-length", "transfer-encoding", "connection", "server", "x-vault-index")
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side said, and when, by its own clock."""

    status: int
    headers: dict[str, str]
    body: bytes
    now: float = 0.0

    @property
    def json(self) -> Any:
        """The decoded body, or the body as it is, as a text."""
        return _decoded(self.body.decode("utf-8", "replace"))


@dataclass(slots=True)
class Pairing:
    """Which identifier of the mock stands for which of the real server."""

    mocked: dict[str, str] = field(default_factory=dict)
    """By the real one."""
    real: dict[str, str] = field(default_factory=dict)
    """By the mock's."""
    gap: float = 0.0
    """How far the mock's clock is behind, in seconds."""
    in_order: bool = True

    def unlike(self, real: Answer, mock: Answer, *, in_order: bool = True) -> list[str]:
        """Everything in which two answers differ. Texts in lists may be in another order where
        `in_order` is false."""
        self.gap = real.now - mock.now
        self.in_order = in_order
        if real.status != mock.status:
            said = f"{mock.status} {mock.body[:300]!r}"
            return [f"status: {said} instead of {real.status} {real.body[:300]!r}"]
        found = self._headers(real, mock)
        self._values(real.json, mock.json, "body", found)
        if real.body[-1:] != mock.body[-1:]:
            found.append(f"the body ends in {mock.body[-5:]!r} instead of {real.body[-5:]!r}")
        return found

    def _headers(self, real: Answer, mock: Answer) -> list[str]:
        want = {name.lower(): value for name, value in real.headers.items()}
        have = {name.lower(): value for name, value in mock.headers.items()}
        return [
            f"header {name}: {have.get(name)!r} instead of {want.get(name)!r}"
            for name in sorted(want.keys() | have.keys())
            if name not in _HEADERS_FREE
            and not self._texts(want.get(name, "missing"), have.get(name, "missing"), name)
        ]

    # Values

    def _values(self, real: Any, mock: Any, where: str, found: list[str]) -> None:
        name = where.rpartition(".")[2]
        if where == "body.warnings":
            real, mock = _without_a_second(real), _without_a_second(mock)
        if name in _FREE and type(real) is type(mock):
            return
        if isinstance(real, dict) and isinstance(mock, dict):
            self._mappings(real, mock, where, found)
        elif isinstance(real, list) and isinstance(mock, list):
            self._lists(real, mock, where, found)
        elif isinstance(real, str) and real.startswith('{"') and isinstance(mock, str):
            self._values(_decoded(real), _decoded(mock), where, found)
        elif isinstance(real, str) and isinstance(mock, str):
            if not self._texts(real, mock, name) and not _are_one_of_many(real, mock):
                found.append(f"{where}: {mock!r} instead of {real!r}")
        elif name in _OF_TIME and _is_number(real) and _is_number(mock):
            gap = 0.0 if name in ("ttl", "lease_duration") else self.gap
            if abs(real - mock - gap) > _TOLERANCE_SECONDS:
                found.append(f"{where}: {mock!r} instead of {real!r}")
        elif real != mock or isinstance(real, bool) != isinstance(mock, bool):
            found.append(f"{where}: {mock!r} instead of {real!r}")

    def _mappings(
        self, real: dict[str, Any], mock: dict[str, Any], where: str, found: list[str]
    ) -> None:
        left = dict(mock)
        strange = []
        for key, value in real.items():
            paired = self._renamed(key)
            if paired in left:
                self._values(value, left.pop(paired), f"{where}.{key}", found)
            elif _IDENTIFIER.search(key) and paired == key:
                strange.append(key)
            else:
                found.append(f"{where}.{key}: missing; it is {value!r}")
        for key in strange:
            others = [k for k in left if _IDENTIFIER.search(k) and k not in self.real]
            if not others:
                found.append(f"{where}.{key}: missing; it is {real[key]!r}")
                continue
            fitting = [k for k in others if self._would_fit(key, k, real[key], left[k])]
            other = [*fitting, *others][0]
            self._pair(key, other)
            self._values(real[key], left.pop(other), f"{where}.{key}", found)
        found += [f"{where}.{key}: unexpected: {value!r}" for key, value in left.items()]

    def _would_fit(self, key: str, other: str, real: Any, mock: Any) -> bool:
        """Whether two things are alike if they are one."""
        trial = Pairing(dict(self.mocked), dict(self.real), self.gap)
        found: list[str] = []
        trial._pair(key, other)
        trial._values(real, mock, "", found)
        return not found

    def _lists(self, real: list[Any], mock: list[Any], where: str, found: list[str]) -> None:
        if len(real) != len(mock):
            found.append(f"{where}: {mock!r} instead of {real!r}")
            return
        if all(isinstance(v, str) and _IDENTIFIER.fullmatch(v) for v in [*real, *mock]):
            # In the order of identifiers that each side made up.
            known = [self.mocked[v] for v in real if v in self.mocked]
            if not set(known) <= set(mock) or len(known) != len(
                [v for v in mock if v in self.real]
            ):
                found.append(f"{where}: {mock!r} instead of {real!r}")
            return
        if all(isinstance(v, str) for v in [*real, *mock]) and (
            not self.in_order or all(v.endswith("/") for v in real)
        ):
            real, mock = sorted(map(self._renamed, real)), sorted(mock)
        for at, (one, other) in enumerate(zip(real, mock, strict=True)):
            self._values(one, other, f"{where}[{at}]", found)

    def _texts(self, real: str, mock: str, name: str) -> bool:
        if real == mock:
            return True
        if name == "id" and _NAMESPACE_ID.fullmatch(real) and _NAMESPACE_ID.fullmatch(mock):
            return self._pair(real, mock)
        if name == "namespace_id" and "root" not in (real, mock):
            return self._pair(real, mock)
        if _TIME.fullmatch(real) and _TIME.fullmatch(mock):
            return self._are_close(real, mock)
        for pattern, fits in ((_TIME, self._are_close), (_IDENTIFIER, self._pair)):
            ones, others = pattern.findall(real), pattern.findall(mock)
            if len(ones) != len(others) or pattern.sub("", real) != pattern.sub("", mock):
                continue
            if ones:
                return all(fits(one, other) for one, other in zip(ones, others, strict=True))
        return False

    def _pair(self, real: str, mock: str) -> bool:
        if self.mocked.setdefault(real, mock) != mock:
            return False
        return self.real.setdefault(mock, real) == real

    def _renamed(self, text: str) -> str:
        return _IDENTIFIER.sub(lambda match: self.mocked.get(match[0], match[0]), text)

    def _are_close(self, real: str, mock: str) -> bool:
        first, second = (datetime.fromisoformat(text).timestamp() for text in (real, mock))
        return abs(first - second - self.gap) <= _TOLERANCE_SECONDS


def _without_a_second(warnings: Any) -> Any:
    """Warnings without those of a limit that is missed by one second, as it happens to requests
    just before the next one."""
    if not isinstance(warnings, list):
        return warnings
    full = [_CAPPED.sub(_next_hour, w) if isinstance(w, str) else w for w in warnings]
    return [w for w in full if not (isinstance(w, str) and _IS_AT_LIMIT.match(w))] or None


def _next_hour(limit: re.Match[str]) -> str:
    return f'effective max_ttl of "{int(limit[1]) + 1}h"'


def _decoded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_one_of_many(real: str, mock: str) -> bool:
    """Of several parameters that are wrong, the server names any."""
    marker = "error converting input for field "
    return marker in real and marker in mock and real.split('"')[1] != mock.split('"')[1]
