"""What may stand between `{{` and `}}` of a path.

Source: OpenBao 2.7.2, recorded as `template-*`; the same selectors as in `policy.acl.templates`.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from policy.lower.scalars import template_delay

if TYPE_CHECKING:
    from policy.model import Dialect

__all__ = ["is_known", "is_of_another_tool", "suggestion"]

_SHOWN: Final = (
    "identity.entity.id",
    "identity.entity.name",
    "identity.entity.metadata.KEY",
    "identity.entity.aliases.ACCESSOR.name",
    "identity.entity.aliases.ACCESSOR.metadata.KEY",
    "identity.groups.ids.ID.name",
    "identity.groups.names.NAME.id",
    "time.now",
)


def is_known(selector: str, dialect: Dialect) -> bool:
    """Whether some identity or time gives the selector a value."""
    match selector.split("."):
        case ["identity", "entity", "aliases", _, "custom_metadata", _, *_]:
            return True
        case ["identity", "entity", "aliases", _, *field] | ["identity", "entity", *field]:
            return _is_field(field)
        case ["identity", "groups", "ids" | "names", _, *field]:
            return _is_field(field)
        case ["time", "now"]:
            return True
        case ["time", "now", "plus" | "minus", *delay]:
            try:
                template_delay(".".join(delay), dialect.time_offset_units)
            except ValueError:
                return False
            return True
    return False


def is_of_another_tool(selector: str) -> bool:
    """Whether a text template of some other kind is plain to see: `.Values.mount` of Go and Helm,
    or a `${…}` in the middle, such as the accessor of a mount in Terraform."""
    return selector.startswith(".") or "${" in selector


def _is_field(field: list[str]) -> bool:
    return field in (["id"], ["name"]) or (len(field) > 1 and field[0] == "metadata")


def suggestion(selector: str) -> str:
    """What to write instead, for the person who wrote `selector`."""
    near = get_close_matches(selector, _SHOWN, n=1, cutoff=0.7)
    if near:
        return f"did you mean `{near[0]}`?"
    return "known are " + ", ".join(f"`{text}`" for text in _SHOWN)
