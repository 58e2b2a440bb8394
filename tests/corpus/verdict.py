"""One recorded answer beside the engine's."""

from __future__ import annotations

import json
from typing import NamedTuple

__all__ = ["Verdict"]

_WIDTH = 160


class Verdict(NamedTuple):
    """What was asked, what the server said, and what the engine says. Values are plain data."""

    about: str
    recorded: object
    found: object

    @property
    def agrees(self) -> bool:
        """Whether both are the same, kinds included: `true` is not 1, and order counts."""
        return _written(self.recorded) == _written(self.found)

    def __str__(self) -> str:
        return f"{self.about}: recorded {_shown(self.recorded)}, found {_shown(self.found)}"


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: object) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
