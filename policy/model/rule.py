"""Rules and policies: what one policy text means, before it is merged with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from policy.model.capability import Capability

if TYPE_CHECKING:
    from policy.model.pattern import Pattern
    from policy.source import Source, Span

__all__ = [
    "Conditions",
    "ControlGroup",
    "ControlGroupFactor",
    "ObjectList",
    "ParameterMap",
    "ParameterValue",
    "Policy",
    "Rule",
]

ParameterValue = (
    str | bool | int | float | Sequence["ParameterValue"] | Mapping[str, "ParameterValue"]
)
"""A value in a parameter constraint. Lists and maps are never changed."""


class ObjectList(list["ParameterValue"]):
    """What the server's decoder makes of an object inside an object: a list that holds only
    objects. It equals nothing that a request can send (OpenBao 2.7.2, recorded as `hand-043`)."""


ParameterMap = Mapping[str, tuple[ParameterValue, ...]]
"""Parameter names, in lower case, to the values allowed or denied. An empty tuple is any value."""


class ControlGroupFactor(NamedTuple):
    """One `factor` of a control group: who must approve which operations."""

    name: str
    controlled_capabilities: tuple[str, ...]
    group_names: tuple[str, ...]
    approvals: int


class ControlGroup(NamedTuple):
    """Makes an allowed request wait for approvals. It does not change the ACL's verdict."""

    ttl_nanoseconds: int
    factors: tuple[ControlGroupFactor, ...]


class Conditions(NamedTuple):
    """Everything a rule can say besides its path, capabilities and expiration.

    Wrapping TTLs are nanoseconds, because the server compares fractions of a second; 0 is none.
    `pagination_limit` is a number of entries; 0 or less is none.
    """

    allowed_parameters: ParameterMap
    denied_parameters: ParameterMap
    required_parameters: tuple[str, ...] = ()
    min_wrapping_ttl: int = 0
    max_wrapping_ttl: int = 0
    pagination_limit: int = 0
    list_filter: str = ""
    control_group: ControlGroup | None = None
    mfa_methods: tuple[str, ...] = ()
    subscribe_event_types: tuple[str, ...] = ()


class Rule(NamedTuple):
    """One `path` block.

    `path` is as written, with templates unfilled; `pattern` is its compiled form in the root
    namespace, or None while the path holds a template. `capabilities` is exactly `{deny}` for a
    deny rule and empty for a rule that grants nothing, which still wins like any other.
    `expiration` is in seconds since 1970. `span` covers the block in the policy's source.
    """

    path: str
    pattern: Pattern | None
    capabilities: frozenset[Capability]
    span: Span
    conditions: Conditions | None = None
    expiration: float | None = None

    @property
    def is_deny(self) -> bool:
        """Whether the rule denies everything on its pattern."""
        return Capability.DENY in self.capabilities


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of rules, with the options a server stores beside the text.

    `name` is in lower case. `namespace` is empty or ends in a slash. `expiration`, in seconds
    since 1970, makes the whole policy count as missing once it has passed (OpenBao).
    """

    name: str
    rules: tuple[Rule, ...]
    source: Source
    namespace: str = ""
    expiration: float | None = None
    allow_slashes_in_identity_templates: bool = False
    allow_wildcards_in_identity_templates: bool = False
