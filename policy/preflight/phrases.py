"""One clear phrase for each way in which a request can fail."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING

from policy.preflight.failures import Failure, RequestError

if TYPE_CHECKING:
    from policy.preflight.address import Address

__all__ = ["request_error"]


def request_error(
    error: Exception, address: Address, seconds: float, *, may_be_heard: bool
) -> RequestError:
    """The phrase for an exception of `http.client`, `socket` or `ssl`."""
    failure, text = _phrase(error, address, seconds)
    return RequestError(failure, f"`{address}` {text}", may_be_heard=may_be_heard)


def _phrase(error: Exception, address: Address, seconds: float) -> tuple[Failure, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure.TLS, _certificate(error)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Failure.CUT, (
            "closed the TLS connection without an answer; does it want a certificate of ours "
            "(`--client-cert`)?"
        )
    if isinstance(error, ssl.SSLError):
        return Failure.TLS, _handshake(error)
    if isinstance(error, TimeoutError):
        return Failure.TIMEOUT, f"did not answer within {seconds:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return Failure.REFUSED, "refuses the connection: nothing listens there"
    if isinstance(error, socket.gaierror):
        return Failure.NAME, f"cannot be found: the name `{address.host}` is not known"
    if isinstance(error, UnicodeError):
        return Failure.NAME, f"cannot be found: `{address.host}` is no name of a host"
    if isinstance(error, ConnectionError | http.client.RemoteDisconnected):
        return Failure.CUT, "closed the connection without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return Failure.CUT, "closed the connection in the middle of the answer"
    if isinstance(error, http.client.HTTPException):
        return Failure.NOT_OURS, "answered with something that is no HTTP" + _speaks_tls(address)
    if isinstance(error, OSError) and error.strerror:
        return Failure.NETWORK, f"cannot be reached: {error.strerror}"
    return Failure.NETWORK, "cannot be reached"


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    reason = error.verify_message or "it does not verify"
    hint = "name its authority with `--ca-cert`, or `VAULT_CACERT`"
    if "mismatch" in reason.lower() or "doesn't match" in reason.lower():
        hint = "`--tls-server-name` says which name the certificate has"
    elif "expired" in reason.lower() or "not yet valid" in reason.lower():
        hint = "look at its dates, and at the clock of this machine"
    return f"has a certificate that is not trusted: {reason}; {hint}"


def _handshake(error: ssl.SSLError) -> str:
    reason = (error.reason or "").replace("_", " ").lower()
    if "wrong version number" in reason or "http request" in reason or "record layer" in reason:
        return "does not speak TLS; is it `http://`?"
    if "certificate required" in reason or "bad certificate" in reason:
        return (
            "wants a certificate of ours that it trusts: give `--client-cert` and `--client-key`, "
            "or `VAULT_CLIENT_CERT` and `VAULT_CLIENT_KEY`"
        )
    return f"cannot be spoken to over TLS: {reason or 'the handshake failed'}"


def _speaks_tls(address: Address) -> str:
    return "" if address.is_encrypted else "; is it `https://`?"
