"""What can go wrong between us and a server."""

from __future__ import annotations

from enum import StrEnum

from policy.errors import PolicyError

__all__ = ["Failure", "RequestError"]


class Failure(StrEnum):
    """Why there is no answer, or none that can be used."""

    REFUSED = "refused"
    """Nobody listens at the address."""
    TIMEOUT = "timeout"
    NAME = "name"
    """The name of the host is not known."""
    NETWORK = "network"
    TLS = "tls"
    CUT = "cut"
    """The connection ended without an answer, or in the middle of it."""
    NOT_OURS = "not-ours"
    """An answer, but not one of Vault or OpenBao: a web page, a redirect elsewhere."""


class RequestError(PolicyError):
    """A server could not be asked, or its answer was none.

    `may_be_heard` tells whether the request was under way: what it does may have been done.
    """

    def __init__(self, failure: Failure, message: str, *, may_be_heard: bool = True) -> None:
        super().__init__(message)
        self.failure = failure
        self.may_be_heard = may_be_heard
