"""What is known and accepted: findings of `escalate`, each with the reason why it may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from policy.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AcceptedFinding", "read_baseline"]


class AcceptedFinding(BaseModel):
    """One finding that is accepted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    holder: str = Field(min_length=1, description="kind and name, `token ops`; `*` is everybody")
    id: str = Field(min_length=1, description="the id of the grant, e.g. policy-write-acl")
    reason: str = Field(min_length=1, description="why it may stay")


_FILE = TypeAdapter(list[AcceptedFinding])


def read_baseline(data: bytes, name: str) -> Mapping[str, frozenset[str]]:
    """A baseline file: the accepted ids by holder. Raises `InventoryError`."""
    try:
        accepted = _FILE.validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise InventoryError(f"{name}: {where}: {problem['msg']}") from None
    found: dict[str, frozenset[str]] = {}
    for each in accepted:
        found[each.holder] = found.get(each.holder, frozenset()) | {each.id}
    return found
