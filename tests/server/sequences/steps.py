"""One request of a sequence, and what is remembered of its answer for later requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Memory", "Step"]

_REFERENCE: Final = re.compile(r"<([a-z-]+:?[0-9]*)>")
_REMEMBERED: Final = {
    "token": ("auth", "client_token"),
    "accessor": ("auth", "accessor"),
    "entity": ("auth", "entity_id"),
    "id": ("data", "id"),
    "canonical": ("data", "canonical_id"),
    "mount": ("data", "accessor"),
    "wrapped": ("wrap_info", "token"),
    "wrapping": ("wrap_info", "accessor"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A request in which `<token:3>` stands for the token that step 3 handed out.

    A reference whose step is missing, or got none, is sent as it stands, to both sides: so a
    sequence stays a sequence whatever is taken out of it. `sleep` is a pause before it, in
    seconds.
    """

    number: int
    method: str
    target: str
    json: Any = None
    text: str = ""
    """The body where it is no JSON."""
    token: str = "<root>"
    headers: Mapping[str, str] = field(default_factory=dict)
    sleep: float = 0.0

    def __str__(self) -> str:
        parts = [f"{self.number:>3}  {self.method} {self.target}"]
        if self.sleep:
            parts.insert(0, f"(after {self.sleep} s)")
        if self.json is not None or self.text:
            parts.append(self.text or orjson.dumps(self.json).decode())
        parts.append(f"as {self.token or 'nobody'}")
        parts += [f"{name}: {value}" for name, value in self.headers.items()]
        return "  ".join(parts)


class Memory:
    """What one side has handed out."""

    def __init__(self, root_token: str) -> None:
        self._known = {"root": root_token}

    def filled(self, value: Any) -> Any:
        """The value with every known reference replaced."""
        if isinstance(value, str):
            return _REFERENCE.sub(lambda match: self._known.get(match[1], match[0]), value)
        if isinstance(value, dict):
            return {self.filled(key): self.filled(inner) for key, inner in value.items()}
        return [self.filled(inner) for inner in value] if isinstance(value, list) else value

    def body(self, step: Step) -> bytes:
        """The body of a request."""
        if step.json is not None:
            return orjson.dumps(self.filled(step.json))
        text: str = self.filled(step.text)
        return text.encode("utf-8", "surrogateescape")

    def remember(self, step: Step, body: Any) -> None:
        """Keep what an answer hands out."""
        for kind, (outer, inner) in _REMEMBERED.items():
            part = body.get(outer) if isinstance(body, dict) else None
            value = part.get(inner) if isinstance(part, dict) else None
            if isinstance(value, str) and value:
                self._known[f"{kind}:{step.number}"] = value
