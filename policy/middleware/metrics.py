"""Counters that are read as a mapping, and as text that Prometheus reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.middleware.gate import Gate
    from policy.middleware.live import LivePolicies

__all__ = ["Counters", "prometheus_text"]


class Counters(Mapping[tuple[str, ...], int]):
    """How often each thing has happened. Only grows; safe to share between threads."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()

    def count(self, *key: str) -> None:
        """Once more."""
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1

    def __getitem__(self, key: tuple[str, ...]) -> int:
        return self._counts[key]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        with self._lock:
            return iter(sorted(self._counts))

    def __len__(self) -> int:
        return len(self._counts)


def prometheus_text(gate: Gate, policies: LivePolicies | None = None) -> str:
    """The decisions of a gate, and the state of its policies, in the text format of Prometheus
    (version 0.0.4). Every label value is one of a fixed set of words."""
    lines = _family(
        "sudopath_decisions_total",
        "Requests by outcome and reason.",
        ("outcome", "reason"),
        gate.decisions,
    )
    if policies is not None:
        lines += _family(
            "sudopath_policy_reloads_total",
            "Attempts to load the policies anew, by what came of them.",
            ("result",),
            policies.reloads,
        )
        lines += [
            "# HELP sudopath_policies Policies in use.",
            "# TYPE sudopath_policies gauge",
            f"sudopath_policies {len(policies.policies)}",
            "# HELP sudopath_policies_loaded_seconds When the policies in use were read.",
            "# TYPE sudopath_policies_loaded_seconds gauge",
            f"sudopath_policies_loaded_seconds {policies.loaded_at:.3f}",
        ]
    return "\n".join(lines) + "\n"


def _family(
    name: str, words: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> list[str]:
    lines = [f"# HELP {name} {words}", f"# TYPE {name} counter"]
    for key in counts:
        shown = ",".join(f'{label}="{value}"' for label, value in zip(labels, key, strict=True))
        lines.append(f"{name}{{{shown}}} {counts[key]}")
    return lines
