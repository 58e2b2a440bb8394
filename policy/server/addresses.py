"""Addresses that a token may be bound to. The mock keeps them and holds nobody to them."""

from __future__ import annotations

from ipaddress import ip_network

from policy.server.answers import Refused
from policy.server.go_text import quoted

__all__ = ["check_addresses"]


def check_addresses(texts: list[str]) -> list[str]:
    """The addresses and blocks as they are shown. Raises `Refused`."""
    for text in texts:
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise Refused(
                400,
                f"error parsing address {quoted(text)}: Unable to convert {quoted(text)} to an "
                "IPv4 or IPv6 address, or a UNIX Socket",
            ) from None
    return texts
