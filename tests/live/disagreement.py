"""A disagreement, and how it is written down: as a line of the recorded corpus."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.live.world import PROBE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live.cases import Case
    from tests.live.reduce import Asked
    from tests.live.server import Written
    from tests.live.world import Seat

__all__ = ["Disagreement", "DisagreementError", "case_line", "text_line"]

_NO_RESPONSE = "no response: the server dropped the connection"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One question with two answers. `line` is the case in the form of the recorded corpus, with
    the server's answer in it; `signature` is equal for what looks like the same cause."""

    about: str
    question: str
    server: str
    engine: str
    signature: str
    line: Mapping[str, object]

    def __str__(self) -> str:
        return (
            f"{self.about}: {self.question}\n"
            f"  server: {self.server}\n"
            f"  engine: {self.engine}\n"
            f"  as a corpus line:\n{json.dumps(self.line, ensure_ascii=False)}"
        )


class DisagreementError(AssertionError):
    """Carries one disagreement through hypothesis, which makes the case smaller."""

    def __init__(self, disagreement: Disagreement, asked: Asked) -> None:
        super().__init__(str(disagreement))
        self.disagreement = disagreement
        self.asked = asked


def text_line(text: str, written: Written) -> dict[str, object]:
    """The line of one policy text, without probes and rules."""
    field: dict[str, object] = {"policy": text}
    raw = text.encode("utf-8", "surrogateescape")
    if raw != text.encode("utf-8", "replace"):
        field = {"policy_base64": base64.b64encode(raw).decode("ascii")}
    return {
        "id": "found",
        **field,
        "accepted": written.accepted,
        "error": _NO_RESPONSE if written.dropped else written.error,
        "probes": {},
        "rules": None,
    }


def case_line(
    case: Case, seat: Seat, texts: Mapping[str, str], rejected: Mapping[str, str]
) -> dict[str, object]:
    """The line of a case, without answers. `texts` are the policies with the ids of the server."""
    token = seat.token
    line: dict[str, object] = {"id": "found", "dialect": "openbao-2.7", "topic": "found"}
    if token.namespace:
        line["namespace"] = token.namespace
    line["policies"] = texts
    if options := {name: chosen for name, chosen in case.options.items() if any(chosen.values())}:
        line["policy_options"] = options
    if rejected:
        line["rejected"] = rejected
    if token.entity is not None or "default" in token.policies:
        line["token_policies"] = [name for name in token.policies if name != PROBE]
    if token.entity is None:
        return {**line, "entity": None, "groups": [], "capabilities": [], "requests": []}
    entity = token.entity
    held = [*entity.policies, *(name for group in token.groups for name in group.policies)]
    return {
        **line,
        "identity_policies": held,
        "entity": {
            "id": entity.id,
            "name": entity.name,
            "metadata": entity.metadata,
            "policies": list(entity.policies),
            "aliases": [
                {
                    "id": alias.id,
                    "name": alias.name,
                    "mount_accessor": alias.mount_accessor,
                    "metadata": None,
                    "custom_metadata": alias.custom_metadata,
                }
                for alias in entity.aliases
            ],
        },
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "metadata": group.metadata,
                "policies": list(group.policies),
                "membership": "inherited" if group.policies else "direct",
            }
            for group in token.groups
        ],
        "capabilities": [],
        "requests": [],
    }


# Small things
