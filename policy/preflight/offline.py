"""Our own verdict on the step-down: the token's policies, read from the server, decided here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from policy.errors import PolicyError
from policy.model import STEP_DOWN, Alias, Entity, Group, Token
from policy.policies import PolicySet, parse
from policy.preflight import reading
from policy.preflight.snapshot import Missing, Product, TokenFacts, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.evaluate import Decision
    from policy.model import Policy
    from policy.preflight.bearer import Bearer
    from policy.preflight.snapshot import Server

__all__ = ["dialect_of", "offline_decision"]

_ROOT = "root"


def dialect_of(server: Server) -> str:
    """The dialect that is nearest to the server. What nobody knows is judged as OpenBao, whose
    behaviour was observed rather than read."""
    if server.product is not Product.VAULT:
        return "openbao-2.7"
    major, _, rest = server.state.version.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdigit() and minor.isdigit()):
        return "vault-2.0"
    if int(major) >= 2:
        return "vault-2.0"
    return "vault-1.21" if int(minor) >= 14 else "vault-1.11"


def offline_decision(
    bearer: Bearer, token: TokenFacts, server: Server, now: float
) -> Decision | Unknown:
    """Read the policies (and the identity, where a template needs it), and decide.

    A policy that may not be read leaves the verdict open: it could hold a deny.
    """
    if token.namespace:
        return Unknown(Missing.NOT_ASKED, f"the token belongs to the namespace `{token.namespace}`")
    dialect = dialect_of(server)
    names = sorted({*token.policies, *token.identity_policies})
    policies = []
    for name in names:
        if name == _ROOT:
            continue
        found = _policy(bearer, name, dialect, now)
        if isinstance(found, Unknown):
            return found
        if found is not None:
            policies.append(found)
    holder = _holder(bearer, token, policies)
    if isinstance(holder, Unknown):
        return holder
    return PolicySet(policies, dialect).acl(holder, now=now).decide(STEP_DOWN)


def _policy(bearer: Bearer, name: str, dialect: str, now: float) -> Policy | Unknown | None:
    what = f"the policy `{name}`"
    # A name may hold slashes, which part the path as any other.
    answer = bearer.get(f"sys/policies/acl/{quote(name)}", what)
    if isinstance(answer, Unknown):
        # A missing policy is no obstacle: the server ignores its name.
        return None if answer.why is Missing.ABSENT else answer
    body = answer.data.get("policy")
    if not isinstance(body, str):
        return Unknown(Missing.NOT_UNDERSTOOD, f"{what}: there is no text in the answer")
    try:
        found = parse(body, name, dialect=dialect, now=now)
    except PolicyError:
        return Unknown(
            Missing.NOT_UNDERSTOOD, f"{what}: our reading of {dialect} refuses what the server took"
        )
    return replace(
        found,
        expiration=reading.seconds_since_epoch(reading.text(answer.data, "expiration")),
        allow_slashes_in_identity_templates=bool(
            reading.truth(answer.data, "allow_slashes_in_identity_templates")
        ),
        allow_wildcards_in_identity_templates=bool(
            reading.truth(answer.data, "allow_wildcards_in_identity_templates")
        ),
    )


def _holder(bearer: Bearer, token: TokenFacts, policies: Iterable[Policy]) -> Token | Unknown:
    """The token with as much of its identity as its policies ask for."""
    names = (*token.policies, *token.identity_policies)
    templates = {rule.path for policy in policies for rule in policy.rules if "{{" in rule.path}
    if not templates or not token.entity_id:
        return Token(names)
    answer = bearer.get(f"identity/entity/id/{quote(token.entity_id)}", "the entity of the token")
    if isinstance(answer, Unknown):
        return answer
    groups: list[Group] = []
    if any("identity.groups" in path for path in templates):
        for group_id in reading.texts(answer.data, "group_ids"):
            found = bearer.get(f"identity/group/id/{quote(group_id)}", f"the group `{group_id}`")
            if isinstance(found, Unknown):
                return found
            # Its policies are among those of the identity already.
            groups.append(Group(group_id, reading.text(found.data, "name"), _metadata(found.data)))
    return Token(names, _entity(token.entity_id, answer.data), groups)


def _entity(entity_id: str, data: dict[str, Any]) -> Entity:
    aliases = [
        Alias(
            reading.text(each, "id"),
            reading.text(each, "name"),
            reading.text(each, "mount_accessor"),
            _metadata(each),
            _metadata(each, "custom_metadata"),
        )
        for each in reading.items(data, "aliases")
    ]
    return Entity(entity_id, reading.text(data, "name"), _metadata(data), aliases=tuple(aliases))


def _metadata(data: dict[str, Any], name: str = "metadata") -> dict[str, str]:
    found = data.get(name)
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
