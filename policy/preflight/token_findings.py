"""Is the token valid for long enough, has it uses left, and may it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.evaluate import Outcome
from policy.evaluate.explain import suggest
from policy.model import STEP_DOWN
from policy.preflight.finding import Check, Finding, Level
from policy.preflight.snapshot import Missing, TokenFacts, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evaluate import Decision
    from policy.preflight.snapshot import Snapshot

__all__ = ["duration", "token_findings"]

_SHORT_SECONDS: Final = 60
"""A token that lives no longer may end before the step-down is sent."""
_NEEDED: Final = frozenset({"sudo", "update"})
_RULE: Final = f'path "{STEP_DOWN.path}" {{ capabilities = ["update", "sudo"] }}'


def token_findings(snapshot: Snapshot) -> Iterator[Finding]:
    """Everything about the token, its namespace and its policies."""
    if snapshot.namespace:
        yield Finding(
            Check.NAMESPACE,
            Level.NO,
            f"the namespace `{snapshot.namespace}` is set, and a step-down works in none: the "
            "server refuses the request, also for the name `root`",
            "unset `VAULT_NAMESPACE` and `BAO_NAMESPACE`",
        )
    token = snapshot.token
    if isinstance(token, TokenFacts):
        yield from _lifetime(token)
        yield from _uses(snapshot)
        if snapshot.uses.left == 0:
            return
        if token.namespace:
            yield Finding(
                Check.NAMESPACE,
                Level.NO,
                f"the token belongs to the namespace `{token.namespace}`; only a token of the root "
                "namespace can step a node down",
            )
            return
    elif token.why is Missing.INVALID:
        yield Finding(
            Check.TOKEN,
            Level.NO,
            "the server does not accept the token: unknown, expired, revoked, used up, or from "
            "an address it is not bound to",
        )
        return
    elif token.why is Missing.NOT_ASKED:
        return
    else:
        yield Finding(
            Check.TOKEN,
            Level.UNKNOWN,
            f"TTL and uses of the token are not known ({token.text})",
            'grant `read` on "auth/token/lookup-self", as the policy `default` does',
        )
    yield from _policy(snapshot)


def _lifetime(token: TokenFacts) -> Iterator[Finding]:
    seconds = token.ttl_seconds
    if seconds is None:
        yield Finding(Check.TOKEN, Level.OK, f"valid, never expires ({token.kind} token)")
    elif seconds <= 0:
        yield Finding(Check.TOKEN, Level.NO, "the token expires this second")
    elif seconds < _SHORT_SECONDS:
        yield Finding(
            Check.TOKEN,
            Level.WARNING,
            f"valid, but for {duration(seconds)} only: it may end before you do",
        )
    else:
        yield Finding(
            Check.TOKEN, Level.OK, f"valid for another {duration(seconds)} ({token.kind} token)"
        )


def _uses(snapshot: Snapshot) -> Iterator[Finding]:
    uses = snapshot.uses
    left = uses.left
    if isinstance(left, Unknown):
        return
    if left is None:
        yield Finding(Check.USES, Level.OK, "the token has no limit of uses")
        return
    spent = f"preflight took {_times(uses.requests)}"
    if left < 1:
        yield Finding(
            Check.USES,
            Level.NO,
            f"the token is used up: {spent}, and none is left for the step-down",
            "make a token with more uses, or without a limit: looking at a token takes a use",
        )
        return
    text = f"{spent}, the step-down takes 1 of the {left} left"
    if uses.skipped:
        text += f"; not asked, to leave it one: {', '.join(uses.skipped)}"
    yield Finding(Check.USES, Level.WARNING if uses.skipped else Level.OK, text)


def _times(count: int) -> str:
    return "1 use" if count == 1 else f"{count} uses"


def _policy(snapshot: Snapshot) -> Iterator[Finding]:
    """The server's word and ours on `sys/step-down`, and whether they agree."""
    said, offline = snapshot.capabilities, snapshot.offline
    if isinstance(said, Unknown) and isinstance(offline, Unknown):
        yield Finding(
            Check.POLICY,
            Level.UNKNOWN,
            f"whether the token may step down is not known ({said.text}; {offline.text})",
            'grant `update` on "sys/capabilities-self", as the policy `default` does'
            if said.why is Missing.DENIED
            else "",
        )
        return
    if isinstance(offline, Unknown):
        assert not isinstance(said, Unknown)
        yield from _server_alone(said, offline)
        return
    yield from _ours(offline)
    if isinstance(said, Unknown):
        # That it may not be asked is an answer; that it gives none is a doubt.
        level = Level.WARNING if said.why is Missing.DENIED else Level.UNKNOWN
        yield Finding(Check.POLICY, level, f"the server's own word is missing ({said.text})")
    else:
        yield from _both(said, offline)


def _server_alone(said: tuple[str, ...], offline: Unknown) -> Iterator[Finding]:
    missing = _missing(said)
    if missing:
        yield Finding(Check.POLICY, Level.NO, _lacking(missing, said, "the server says"), _RULE)
        return
    yield Finding(Check.POLICY, Level.OK, f"the server says: {_listed(said)} on `{STEP_DOWN.path}`")
    yield Finding(
        Check.POLICY,
        Level.WARNING,
        f"not checked offline ({offline.text}); conditions on parameters, if the policies have "
        "any, do not show in the server's word",
    )


def _ours(decision: Decision) -> Iterator[Finding]:
    if decision.outcome is Outcome.UNDETERMINED:
        yield Finding(
            Check.POLICY, Level.UNKNOWN, f"by the policies it cannot be told: {decision.detail}"
        )
    elif decision.outcome is Outcome.DENY:
        yield Finding(
            Check.POLICY,
            Level.NO,
            f"{_names(decision)}: {decision.detail}",
            suggest(decision) or "",
        )
    elif decision.acl.is_root:
        yield Finding(Check.POLICY, Level.OK, "the token holds the policy `root`")
    else:
        by = ", ".join(f"`{name}`" for name in decision.granted_by)
        yield Finding(
            Check.POLICY, Level.OK, f"the policies allow `update` with `sudo` (by {by or 'none'})"
        )


def _both(said: tuple[str, ...], decision: Decision) -> Iterator[Finding]:
    ours = decision.acl.capabilities(STEP_DOWN.path)
    missing = _missing(said)
    if set(ours) != set(said):
        yield Finding(
            Check.POLICY,
            Level.UNKNOWN,
            f"the server and the policies do not agree: {_listed(said)} says the server, "
            f"{_listed(ours)} follows from the policies",
            "a policy may have changed between the two questions: ask again",
        )
        if missing:
            yield Finding(Check.POLICY, Level.NO, _lacking(missing, said, "the server says"), _RULE)
    else:
        yield Finding(
            Check.POLICY, Level.OK, f"the server agrees: {_listed(said)} on `{STEP_DOWN.path}`"
        )


def _names(decision: Decision) -> str:
    names = [name for _, name in decision.acl.token.policy_names]
    return f"denied by the policies ({', '.join(names)})" if names else "denied, without a policy"


def _missing(said: tuple[str, ...]) -> list[str]:
    return [] if "root" in said else sorted(_NEEDED - set(said))


def _lacking(missing: list[str], said: tuple[str, ...], who: str) -> str:
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{who}: {_listed(missing)} {verb} missing on `{STEP_DOWN.path}`, it holds {_listed(said)}"
    )


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return " and ".join(f"`{word}`" for word in words)


def duration(seconds: float) -> str:
    """Seconds as people say them, in its two largest units."""
    rest = int(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
