"""The real OpenBao server, asked over one connection that is kept open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.live.server import RealServer, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PATHS_PER_REQUEST", "RealServer", "Seat", "ServerUnavailableError"]

PATHS_PER_REQUEST = 50
"""How many paths a request asks about where it asks about many. It may be nearly a thousand
(OpenBao 2.7.2, `max_request_json_strings`), but each of them costs the server as much as the
first: with 10,000 rules a full request would take half a minute."""


class Seat:
    """A token on the server that holds one policy besides `default`, which lets it ask."""

    def __init__(self, server: RealServer, name: str, text: str) -> None:
        written = server.write_policy(name, text)
        if not written.accepted:
            raise ValueError(f"the server refuses the policy: {written.error}")
        made = server.must("POST", "auth/token/create", {"policies": [name], "ttl": "24h"})
        self._server = server
        self.token: str = made.json["auth"]["client_token"]

    def capabilities(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """What `sys/capabilities-self` says about each of at most `PATHS_PER_REQUEST` paths."""
        answer = self._server.must(
            "POST", "sys/capabilities-self", {"paths": list(paths)}, token=self.token
        )
        data: dict[str, list[str]] = answer.json["data"]
        return data
