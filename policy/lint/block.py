"""One `path` block as rules look at it: what it became, and the text it stands in."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from policy.lint.plain_item import plain_item
from policy.source import Span
from policy.syntax import ListNode, Literal, LiteralKind, ObjectNode, decode_key, decode_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policy.acl import Grant
    from policy.lint.target import PolicyFile
    from policy.model import Capability, Pattern, Rule
    from policy.syntax import Item

__all__ = ["Block", "ValueList"]


class Block:
    """One `path` block: the rule it became, and the text it stands in."""

    def __init__(self, file: PolicyFile, rule: Rule) -> None:
        self.file = file
        self.rule = rule

    @property
    def path(self) -> str:
        """The path as written."""
        return self.rule.path

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this block alone grants."""
        return self.rule.capabilities

    @cached_property
    def grant(self) -> Grant | None:
        """The merged rule of its pattern in this policy; None for a block that is left out."""
        return self.file.grants.get(id(self.rule))

    @cached_property
    def pattern(self) -> Pattern | None:
        """Its pattern, templates filled with text that stands for any one value."""
        return None if self.grant is None else self.grant.pattern

    @property
    def is_first(self) -> bool:
        """Whether no earlier block of the policy has the same pattern: a finding about what both
        say together is shown there."""
        return self.grant is not None and self.grant.rules[0][1] is self.rule

    @cached_property
    def item(self) -> Item:
        """Its syntax."""
        plain = plain_item(self.file.source, self.rule.span)
        return self.file.items[self.rule.span] if plain is None else plain

    @property
    def label(self) -> Span:
        """Where the path stands."""
        keys = self.item.keys
        return keys[min(1, len(keys) - 1)].span

    @property
    def inner_label(self) -> Span:
        """Where the path stands, without its quotes."""
        start, end = self.label
        quoted = self.file.source.text[start] == '"'
        return Span(start + 1, end - 1) if quoted else Span(start, end)

    @property
    def is_literal(self) -> bool:
        """Whether the path stands in the text letter by letter, so that it can be edited."""
        return self.file.source.text[slice(*self.inner_label)] == self.path

    def attributes(self, name: str) -> Iterator[Item]:
        """The items of that key."""
        body = self.item.value
        if isinstance(body, ObjectNode):
            for item in body.items:
                if decode_key(item.keys[0], is_json=self.file.source.is_json) == name:
                    yield item

    def attribute_span(self, name: str) -> Span:
        """Where the key stands first; the path if it does not."""
        return next((item.keys[0].span for item in self.attributes(name)), self.label)

    @cached_property
    def words(self) -> tuple[tuple[str, Span], ...]:
        """The words of `capabilities`, each with its place."""
        return tuple(
            (decode_text(element, is_json=self.file.source.is_json), element.span)
            for item in self.attributes("capabilities")
            if isinstance(item.value, ListNode)
            for element in item.value.elements
            if isinstance(element, Literal)
            and element.kind in (LiteralKind.STRING, LiteralKind.HEREDOC)
        )

    def word_span(self, capability: Capability) -> Span:
        """Where a capability stands; the path if some shorthand brought it."""
        return next((span for word, span in self.words if word == capability), self.label)

    @property
    def list_span(self) -> Span | None:
        """Where the list of capabilities stands, if there is exactly one and it is HCL."""
        items = list(self.attributes("capabilities"))
        if self.file.source.is_json or len(items) != 1:
            return None
        return items[0].value.span if isinstance(items[0].value, ListNode) else None

    def without_word(self, word: str) -> tuple[Span, str] | None:
        """The edit that takes a word, in every place, out of a list written on its own; None in
        JSON and where the word comes from elsewhere."""
        span = self.list_span
        if span is None or "\n" in self.file.source.text[slice(*span)]:
            return None
        texts = [self.file.source.text[slice(*place)] for kept, place in self.words if kept != word]
        if len(texts) == len(self.words):
            return None
        return span, "[" + ", ".join(texts) + "]"


class ValueList(NamedTuple):
    """What a block allows or denies for one parameter; for `*`, for all others."""

    block: Block
    attribute: str
    name: str
    values: Collection[object]

    @property
    def span(self) -> Span:
        """Where the attribute stands."""
        return self.block.attribute_span(self.attribute)
