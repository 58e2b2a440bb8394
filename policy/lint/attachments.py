"""The names of policies in an inventory file, and where in the file they stand."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from policy.model import DEFAULT_DIALECT
from policy.syntax import ListNode, Literal, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import Project
    from policy.source import Source, Span
    from policy.syntax import Document, Value

__all__ = ["Attachment", "InventoryText"]

_KINDS: Final = {"tokens": "token", "roles": "role", "entities": "entity", "groups": "group"}


class Attachment(NamedTuple):
    """One name in one list: who holds it, and the policy as the server looks it up."""

    holder: str
    policy: str
    span: Span


class InventoryText:
    """The file that says who holds the policies, as something to find mistakes in."""

    name = ""
    """The policy a finding is about: none."""

    def __init__(self, project: Project, source: Source) -> None:
        self.project = project
        self.source = source.normalized

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every policy of the root namespace that somebody is given, in the order of the text.
        That the text has the form of an inventory is known by then."""
        # JSON is read alike for all servers.
        document = parse(self.source, DEFAULT_DIALECT).document
        return tuple(
            attachment
            for key, value in _members(document)
            if key in _KINDS
            for name, holder in _members(value)
            if not _is_elsewhere(holder)
            for attachment in _of_holder(f"{_KINDS[key]} `{name}`", holder)
        )

    def block_at(self, span: Span) -> None:
        """There are no blocks here."""


def _of_holder(holder: str, value: Value) -> Iterator[Attachment]:
    for key, names in _members(value):
        if key == "policies" and isinstance(names, ListNode):
            for name in names.elements:
                if isinstance(name, Literal):
                    yield Attachment(holder, _text(name).strip().lower(), name.span)


def _is_elsewhere(holder: Value) -> bool:
    """Whether its policies are those of a child namespace, which the files of a run are not."""
    return any(
        key == "namespace" and isinstance(value, Literal) and _text(value).strip("/")
        for key, value in _members(holder)
    )


def _members(value: Value | Document) -> Iterator[tuple[str, Value]]:
    if not isinstance(value, Literal | ListNode):
        for item in value.items:
            yield json.loads(item.keys[0].text), item.value


def _text(string: Literal) -> str:
    found: str = json.loads(string.text)
    return found
