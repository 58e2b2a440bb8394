"""What one request takes, asked of the engine: it is decided before an ACL without any rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.catalog import WriteKind
from policy.evaluate import Outcome, Reason
from policy.model import Capability, Operation, Token, byte_text
from policy.policies import PolicySet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.catalog import Fact, Guard, MountTable
    from policy.evaluate import Decision
    from policy.model import Dialect, Request

__all__ = ["Need", "in_order", "need_of"]


# A query parameter of one of these names says what the request is.
_METHODS = frozenset({"help", "list", "scan"})
_WRITES = frozenset({Operation.CREATE, Operation.PATCH, Operation.UPDATE, Operation.WRITE})


_ORDER = (
    *(Capability.CREATE, Capability.READ, Capability.UPDATE, Capability.PATCH, Capability.DELETE),
    *(Capability.LIST, Capability.SCAN, Capability.RECOVER, Capability.SUBSCRIBE),
    *(Capability.SUDO, Capability.DENY),
)


@dataclass(frozen=True, slots=True)
class Need:
    """What one request takes.

    `path` is relative to the namespace of the request, as a rule has to name it: without a
    leading slash, with a final one for lists. `capabilities` is empty where no policy has a say;
    `reason` then tells why. `notes` are facts for people.
    """

    request: Request
    path: str
    capabilities: tuple[Capability, ...]
    reason: str
    sudo: Fact | None
    parameters: tuple[str, ...]
    hangs_on_existence: bool
    notes: tuple[str, ...]

    @property
    def is_impossible(self) -> bool:
        """Whether no policy but root could allow the request."""
        return not self.capabilities and self.reason not in (Reason.HELP, Reason.UNAUTHENTICATED)


def need_of(request: Request, dialect: Dialect, mounts: MountTable) -> Need:
    """What `request` takes of a server with those mounts."""
    token = Token((), namespace=request.namespace)
    acl = PolicySet((), dialect).acl(token, mounts=mounts, now=0)
    decision = acl.decide(request)
    path = decision.path.removeprefix(request.namespace)
    is_settled = decision.outcome is Outcome.ALLOW or not decision.needed
    needed = () if is_settled else decision.needed
    hangs = Capability.CREATE in needed and Capability.UPDATE in needed
    return Need(
        request=request,
        path=path,
        capabilities=in_order(needed),
        reason=str(decision.reason) if is_settled else "",
        sudo=decision.fact if Capability.SUDO in needed else None,
        parameters=_parameters(request),
        hangs_on_existence=hangs,
        notes=tuple(_notes(decision, acl.guard, path, settled=is_settled, hangs=hangs)),
    )


def _parameters(request: Request) -> tuple[str, ...]:
    names = {*(request.data or ())}
    return tuple(sorted(names if request.operation in _WRITES else names - _METHODS))


def in_order(capabilities: Iterable[Capability]) -> tuple[Capability, ...]:
    """Capabilities in the order people write them."""
    return tuple(sorted(capabilities, key=_ORDER.index))


def _notes(decision: Decision, guard: Guard, path: str, *, settled: bool, hangs: bool) -> list[str]:
    notes = []
    lookup = byte_text(path)
    if decision.reason is Reason.HELP:
        return ["help needs no capability"]
    if settled:
        return [decision.detail]
    kind = guard.write_becomes(lookup)
    if hangs and kind is WriteKind.UNKNOWN:
        notes.append(
            "what is mounted here is not in the catalogue or not known: `create` is needed if the "
            "object does not exist yet and the backend checks that, `update` in any other case"
        )
    elif hangs:
        notes.append(
            "existence decides: `create` is needed if the object does not exist yet, `update` if "
            "it does"
        )
    elif decision.operation in _WRITES and kind is WriteKind.UPDATE:
        notes.append("every write is an update here, whether or not the object exists")
    if path.endswith("*") or "+" in path.split("/"):
        notes.append("a rule cannot name this path alone: it also matches the paths it stands for")
    useful = guard.useful_capabilities(lookup)
    if useful is not None and not hangs:
        notes += [
            f"the catalogue knows no use of `{word}` here: is it the right path?"
            for word in decision.needed
            if word not in useful
        ]
    notes += [fact.describe() for fact in guard.advice(lookup)]
    if decision.fact is not None and decision.fact.note:
        notes.append(decision.fact.note)
    return notes
