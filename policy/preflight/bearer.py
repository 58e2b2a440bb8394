"""Questions that carry the token, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import UsageError
from policy.preflight.address import Address
from policy.preflight.failures import RequestError
from policy.preflight.snapshot import Missing, Unknown, Uses

if TYPE_CHECKING:
    from policy.preflight.client import Answer, Client
    from policy.preflight.secret import Secret

__all__ = ["Bearer"]

_UNKNOWN_LIMIT = Unknown(Missing.DENIED, "how many uses the token has left is not known")


class Bearer:
    """Asks with a token, counts, and keeps one use for the step-down.

    A server takes a use for every request with the token of a known holder, allowed or not
    (OpenBao 2.7.2), and nobody can look at the limit without paying one. `leader` is where the
    token may be sent besides: a redirect to anywhere else is not followed.
    """

    def __init__(self, client: Client, token: Secret, leader: str = "") -> None:
        self._client = client
        self._token = token
        self._leader = _origin(leader)
        self._requests = 0
        self._left: int | None = None
        self._is_limit_known = False
        self._may_ask_once = False
        self._is_refused = False
        self._skipped: list[str] = []

    @property
    def uses(self) -> Uses:
        """What it cost so far."""
        left = self._left if self._is_limit_known else _UNKNOWN_LIMIT
        return Uses(self._requests, left, tuple(self._skipped))

    def learn(self, num_uses: int) -> None:
        """Take note of what the look at the token showed: 0 is without limit, and -1 is that the
        look took the last use (OpenBao 2.7.2)."""
        self._is_limit_known = True
        self._left = None if num_uses == 0 else max(num_uses, 0)

    def ask_no_more_than_once(self) -> None:
        """The token could not be looked at, so every further question may be its last use."""
        self._may_ask_once = True

    def give_up(self) -> None:
        """The server does not accept the token: nothing more is asked with it."""
        self._is_refused = True

    def get(self, path: str, what: str) -> Answer | Unknown:
        """Ask for `path`; `what` names it for people."""
        return self._ask("GET", path, what, None)

    def post(self, path: str, what: str, body: dict[str, Any]) -> Answer | Unknown:
        """Ask by a request with a body."""
        return self._ask("POST", path, what, body)

    def _ask(
        self, method: str, path: str, what: str, body: dict[str, Any] | None
    ) -> Answer | Unknown:
        if self._is_refused:
            return Unknown(Missing.NOT_ASKED, f"{what}: not asked, the token is not accepted")
        if not self._may_spend():
            self._skipped.append(what)
            return Unknown(
                Missing.NOT_ASKED,
                f"{what}: not asked, to leave a use of the token for the step-down",
            )
        try:
            answer = self._pay(self._client, method, path, body)
            if answer.is_redirect:
                answer = self._follow(answer, method, path, body)
        except RequestError as error:
            return Unknown(Missing.NO_ANSWER, f"{what}: {error}", error.failure)
        return answer if answer.status == 200 and answer.body is not None else refused(answer, what)

    def _may_spend(self) -> bool:
        if self._requests == 0:
            return True
        if self._is_limit_known:
            return self._left is None or self._left > 1
        may, self._may_ask_once = self._may_ask_once, False
        return may

    def _pay(self, client: Client, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        self._requests += 1
        if self._left is not None:
            self._left -= 1
        # Not `get`, which may send twice.
        return client.send(method, path, self._token, body)

    def _follow(
        self, answer: Answer, method: str, path: str, body: dict[str, Any] | None
    ) -> Answer:
        """Go where a standby sends us, if that is the active node it has named before."""
        target = _origin(answer.location)
        if target is None or self._leader is None or target.origin != self._leader.origin:
            return answer
        if self._client.address.is_encrypted and not target.is_encrypted:
            return answer
        # What only redirects takes no use: the node that decides does.
        self._requests -= 1
        if self._left is not None:
            self._left += 1
        with self._client.at(self._leader) as client:
            return self._pay(client, method, path, body)


def refused(answer: Answer, what: str) -> Unknown:
    """What an answer without the thing asked for means.

    The two shapes of 403: bare for "who are you", a list of errors for "you may not"; newer
    servers of Vault say `invalid token` beside the first.
    """
    said = " ".join(answer.errors)
    if answer.status == 403 and (
        "invalid token" in said or answer.errors == ("permission denied",)
    ):
        return Unknown(Missing.INVALID, f"{what}: the server does not accept the token")
    if answer.status == 403:
        return Unknown(Missing.DENIED, f"{what}: the token may not ask")
    if answer.status == 404 and answer.body is not None:
        return Unknown(Missing.ABSENT, f"{what}: there is none")
    if answer.is_redirect:
        return Unknown(
            Missing.NOT_UNDERSTOOD,
            f"{what}: redirected to `{answer.location}`, which is not the active node we know of; "
            "the token was not sent there",
        )
    if answer.body is None:
        return Unknown(
            Missing.NOT_UNDERSTOOD, f"{what}: no JSON came back ({answer.words()}); is it a proxy?"
        )
    return Unknown(Missing.NO_ANSWER, f"{what}: {answer.words()}")


def _origin(text: str) -> Address | None:
    if not text:
        return None
    try:
        # The target of a redirect has a path of its own; only its origin counts.
        scheme, _, rest = text.partition("://")
        return Address.parse(f"{scheme}://{rest.partition('/')[0]}")
    except UsageError:
        return None
