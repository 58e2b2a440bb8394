"""Where grants lead: what a holder gains by using them, followed until nothing more is gained.

A holder starts with its own token. A grant may give everything at once, or another token: that of
a role it can take over, or a child of its own token with fewer policies and so without a deny.
What those can do counts as its own. A policy that one of these tokens can write and one of them
holds gives everything, since it can be made to say so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from policy.analyze.catalogue import Catalogue
from policy.analyze.evidence import allowed_request
from policy.analyze.findings import Finding, findings
from policy.analyze.inventory import Holder, HolderKind, SharedACLs
from policy.analyze.prospects import Prospects
from policy.catalog.escalations import Impact
from policy.model import Operation, Request, Token, byte_text
from policy.policies import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from policy.analyze.inventory import Inventory
    from policy.evaluate import ACL, Decision
    from policy.policies import PolicySet

__all__ = ["Chain", "HolderEscalation", "Step", "escalate"]

_POLICY_WRITES: Final = ("policy-write-acl", "policy-patch-acl", "policy-write-legacy")
_POLICY_PATHS: Final = {
    "policy-write-acl": "sys/policies/acl/",
    "policy-patch-acl": "sys/policies/acl/",
    "policy-write-legacy": "sys/policy/",
}
_CHILD: Final = "token-create-drop-deny"
_MOST_TOKENS: Final = 200
"""Tokens that are followed for one holder."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a holder does on the way, with the requests that do it, all of them allowed."""

    id: str
    title: str
    decisions: tuple[Decision, ...]
    gains: str
    """What it has afterwards, in a few words."""
    conditions: str = ""
    """What it depends on besides."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The shortest way to everything."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class HolderEscalation:
    """What a holder's grants lead to. `reached` are the other tokens it can get, each with the
    steps that lead there; `chain` is None when nothing was found that gives everything."""

    holder: Holder
    findings: tuple[Finding, ...]
    reached: tuple[tuple[str, tuple[Step, ...]], ...]
    chain: Chain | None
    is_root: bool = False

    @property
    def impacts(self) -> frozenset[Impact]:
        """Every impact of a complete finding, and root-equivalence by a chain."""
        found = {finding.entry.impact for finding in self.findings if finding.is_complete}
        # The catalogue speaks of policies in general; whether it is everything the chain tells.
        found.discard(Impact.ROOT_EQUIVALENT)
        return frozenset(
            found | ({Impact.ROOT_EQUIVALENT} if self.chain or self.is_root else set())
        )


def escalate(
    policies: PolicySet,
    inventory: Inventory,
    holders: Iterable[Holder] | None = None,
    *,
    accepted: Mapping[str, Collection[str]] | None = None,
    now: float | None = None,
) -> tuple[HolderEscalation, ...]:
    """Every holder whose grants lead further.

    `accepted` names entries of the catalogue that are known, by holder (`token ops`, or `*` for
    all): they are left out, and no chain goes by them. Raises `AnalysisLimitError`.
    """
    search = _Search(policies, inventory, accepted or {}, now)
    found = [search.follow(h) for h in (inventory.holders if holders is None else holders)]
    return tuple(each for each in found if each.findings or each.chain or each.is_root)


@dataclass(frozen=True)
class _Held:
    """A token somebody has got, and how."""

    name: str
    token: Token
    acl: ACL
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...] = ()


class _Search:
    """The way from each holder; what ACLs grant is computed once."""

    def __init__(
        self,
        policies: PolicySet,
        inventory: Inventory,
        accepted: Mapping[str, Collection[str]],
        now: float | None,
    ) -> None:
        self._accepted = accepted
        self._acls = SharedACLs(inventory, policies, now)
        self._findings: dict[int, tuple[Finding, ...]] = {}
        self._roles = [h for h in inventory.holders if h.kind is HolderKind.ROLE]
        self._catalogues: dict[object, Catalogue] = {}
        namespaces = (*inventory.namespaces, *(h.token.namespace for h in inventory.holders))
        anywhere = policies.acl(Token(()), mounts=inventory.mounts, namespaces=namespaces, now=now)
        self._anywhere = self._catalogue(anywhere)
        self._prospects = Prospects(policies, self._anywhere.touched)

    def follow(self, holder: Holder) -> HolderEscalation:
        token = holder.token
        if not _holds_root(token) and not self._anywhere.can_lead(self._prospects.of(token)):
            return HolderEscalation(holder, (), (), None)
        ignored = {*self._accepted.get(str(holder), ()), *self._accepted.get("*", ())}
        start = self._held(str(holder), holder.token, ignored)
        if start.acl.is_root:
            return HolderEscalation(holder, (), (), None, is_root="root" not in ignored)
        reached = [start]
        seen = {self._key(start.token)}
        pending = deque(reached)
        while pending and len(reached) < _MOST_TOKENS:
            held = pending.popleft()
            for name, token, step in self._others(held):
                if self._key(token) not in seen:
                    seen.add(self._key(token))
                    other = self._held(name, token, ignored, (*held.steps, step))
                    reached.append(other)
                    pending.append(other)
        chains = list(self._chains(reached))
        return HolderEscalation(
            holder,
            start.findings,
            tuple((held.name, held.steps) for held in reached[1:]),
            min(chains, key=_cost, default=None),
        )

    def _key(self, token: Token) -> object:
        return token.namespace, token.policy_names, id(token.entity)

    def _held(
        self, name: str, token: Token, ignored: Collection[str], steps: tuple[Step, ...] = ()
    ) -> _Held:
        acl = self._acls.of(token)
        found = self._findings.get(id(acl))
        if found is None:
            found = () if acl.is_root else findings(acl, self._catalogue(acl))
            self._findings[id(acl)] = found
        kept = tuple(finding for finding in found if finding.entry.id not in ignored)
        return _Held(name, token, acl, kept, steps)

    def _catalogue(self, acl: ACL) -> Catalogue:
        """The catalogue of the server as the token of an ACL sees it."""
        key = Catalogue.key(acl)
        catalogue = self._catalogues.get(key)
        if catalogue is None:
            catalogue = self._catalogues[key] = Catalogue(acl)
        return catalogue

    def _others(self, held: _Held) -> Iterator[tuple[str, Token, Step]]:
        """Further tokens that somebody who has this one can get."""
        own = {finding.entry.id: finding for finding in held.findings}
        if _CHILD in own and len(held.token.policies) > 1:
            for name in held.token.policies:
                token = replace(held.token, policies=(name,))
                step = _step(own[_CHILD], f"a token with the policy `{name}` alone")
                yield f"a child of {held.name} with `{name}` alone", token, step
        for role in self._roles:
            for id_, requests in _takeovers(role.name):
                if id_ not in own:
                    continue
                decisions = [self._allowed(held.acl, *request) for request in requests]
                done = tuple(decision for decision in decisions if decision is not None)
                if len(done) == len(requests):
                    gains = f"a token of the role `{role.name}`"
                    yield str(role), role.token, Step(id_, own[id_].entry.title, done, gains)

    def _chains(self, reached: list[_Held]) -> Iterator[Chain]:
        """Every way to everything that was found, rewriting a policy first."""
        for writer in reached:
            for finding in writer.findings:
                if finding.entry.id in _POLICY_WRITES:
                    yield from self._rewriting(writer, finding, reached)
        for held in reached:
            if held.acl.is_root:
                yield Chain(held.steps)
            for finding in held.findings:
                if (
                    finding.entry.id not in _POLICY_WRITES
                    and finding.is_complete
                    and finding.entry.impact is Impact.ROOT_EQUIVALENT
                ):
                    yield Chain((*held.steps, _step(finding, "everything a policy can grant")))

    def _rewriting(self, writer: _Held, finding: Finding, reached: list[_Held]) -> Iterator[Chain]:
        """One token writes a policy that another, or the same, holds."""
        for held in reached:
            for namespace, name in held.token.policy_names:
                decision = self._write(writer.acl, finding, namespace, name)
                if decision is None or name == "root":
                    continue
                whose = "its own policy" if held is reached[0] else f"a policy of {held.name}"
                gains = f"everything: `{name}` is {whose}, and now grants it"
                step = Step(finding.entry.id, finding.entry.title, (decision,), gains)
                others = [s for s in held.steps if s not in writer.steps]
                yield Chain((*writer.steps, step, *others))

    def _write(self, acl: ACL, finding: Finding, namespace: str, name: str) -> Decision | None:
        path = namespace + _POLICY_PATHS[finding.entry.id] + name
        if not any(path in part for part in finding.parts):
            return None
        return self._allowed(acl, finding.decision.request.operation, path)

    def _allowed(self, acl: ACL, operation: Operation, path: str) -> Decision | None:
        """An allowed request on exactly this path, if there is one."""
        decision = acl.decide(Request(operation, path))
        grant = decision.grant
        if decision.allowed or grant is None or grant.conditions is None:
            return decision if decision.allowed else None
        return allowed_request(acl, operation, byte_text(path), grant.conditions)


def _holds_root(token: Token) -> bool:
    return any(name == ROOT for _, name in token.policy_names)


def _takeovers(role: str) -> Iterator[tuple[str, list[tuple[Operation, str]]]]:
    """Entries of the catalogue by which a role is taken over, and the requests that take."""
    if role.startswith("auth/token/roles/"):
        name = role.removeprefix("auth/token/roles/")
        yield "token-role-use", [(Operation.UPDATE, f"auth/token/create/{name}")]
        return
    read_id = (Operation.READ, f"{role}/role-id")
    yield "auth-approle-secret-id", [(Operation.UPDATE, f"{role}/secret-id"), read_id]
    yield (
        "auth-approle-custom-secret-id",
        [
            (Operation.UPDATE, f"{role}/custom-secret-id"),
            read_id,
        ],
    )
    yield "auth-userpass-password", [(Operation.UPDATE, f"{role}/password")]


def _step(finding: Finding, gains: str) -> Step:
    entry = finding.entry
    return Step(entry.id, entry.title, (finding.decision, *finding.also), gains, entry.conditions)


def _cost(chain: Chain) -> tuple[int, int, int]:
    """Few steps, nothing that depends on settings, few requests."""
    return (
        len(chain.steps),
        sum(bool(step.conditions) for step in chain.steps),
        sum(len(step.decisions) for step in chain.steps),
    )
