"""The least policy for some requests, for programs. The shape is versioned and published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import Dialect
    from policy.needs import LeastPolicy, Need

__all__ = ["LeastPolicyReport", "NeedReport", "NeedsReport", "needs_report"]


class NeedReport(TypedDict):
    """One request. `path` is relative to `namespace`; `capabilities` is empty where none is needed
    and where none helps, which `possible` tells apart. `reason` names what decides."""

    operation: str
    path: str
    namespace: str
    capabilities: list[str]
    sudo: str | None
    parameters: list[str]
    hangs_on_existence: bool
    possible: bool
    reason: str
    notes: list[str]


class LeastPolicyReport(TypedDict):
    """A policy, to be written in its namespace, and how many capabilities it grants."""

    namespace: str
    policy: str
    capabilities: int


class NeedsReport(TypedDict):
    """The whole answer. `version` changes when a field changes its meaning."""

    version: Literal[1]
    dialect: str
    requests: list[NeedReport]
    policies: list[LeastPolicyReport]
    notes: list[str]


def needs_report(
    needs: Iterable[Need], policies: Iterable[LeastPolicy], notes: Iterable[str], dialect: Dialect
) -> NeedsReport:
    """The answer as plain data."""
    return NeedsReport(
        version=1,
        dialect=dialect.name,
        requests=[_need(need) for need in needs],
        policies=[
            LeastPolicyReport(
                namespace=policy.namespace, policy=policy.text, capabilities=policy.capabilities
            )
            for policy in policies
        ],
        notes=list(dict.fromkeys(notes)),
    )


def _need(need: Need) -> NeedReport:
    return NeedReport(
        operation=str(need.request.operation),
        path=need.path,
        namespace=need.request.namespace,
        capabilities=[str(word) for word in need.capabilities],
        sudo=None if need.sudo is None else need.sudo.describe(),
        parameters=list(need.parameters),
        hangs_on_existence=need.hangs_on_existence,
        possible=not need.is_impossible,
        reason=need.reason,
        notes=list(need.notes),
    )
