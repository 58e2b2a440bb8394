"""A policy text formatted, with the proof that it means what it meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, PolicyError
from policy.format.layout import format_document
from policy.lower import compile_policy
from policy.source import Source, Span
from policy.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Dialect
    from policy.syntax import Document

__all__ = ["Formatted", "format_policy"]

_NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text before and after."""

    source: Source
    text: str

    @property
    def changed(self) -> bool:
        """Whether the text was laid out differently; line breaks of Windows count."""
        return self.source.text != self.text


def format_policy(source: Source, dialect: Dialect, now: float | None = None) -> Formatted:
    """Format an HCL policy as `bao policy fmt` does (OpenBao 2.7.2).

    `now` is as for `compile_policy`: a rule that has expired is not checked. Raises
    `InvalidPolicyError` when the server would refuse the text, or when it is JSON, which the
    servers' formatter does not take either; and `PolicyError` when the result would not mean
    exactly what the text means, or lack one of its comments. That was seen for a heredoc whose
    closing anchor has several carriage returns behind it, which the binary takes one from.
    """
    compiled = compile_policy(source, "policy", dialect, now)
    if compiled.policy is None:
        errors = [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
        raise InvalidPolicyError(f"{source.name}: is refused", errors)
    if source.is_json:
        raise InvalidPolicyError(f"{source.name}: is JSON, and only HCL can be formatted")
    document = parse(source, dialect).document
    formatted = Formatted(source, format_document(document))
    if not formatted.changed:
        return formatted
    after = Source(source.name, formatted.text)
    clocks = {now, None}
    if any(_meaning(source, dialect, at) != _meaning(after, dialect, at) for at in clocks):
        raise PolicyError(f"{source.name}: formatting would change what it means: left as it is")
    if _comments(document) != _comments(parse(after, dialect).document):
        raise PolicyError(f"{source.name}: formatting would lose a comment: left as it is")
    return formatted


class _Meaning(NamedTuple):
    """What a text means to a server, without places in the text. The order of rules is kept, for
    it decides as well."""

    rules: list[object]
    errors: list[tuple[str, str]]


def _meaning(source: Source, dialect: Dialect, now: float | None) -> _Meaning:
    compiled = compile_policy(source, "policy", dialect, now)
    rules = compiled.policy.rules if compiled.policy is not None else ()
    return _Meaning(
        list(_flat([rule._replace(span=_NOWHERE) for rule in rules])),
        [(d.code, d.message) for d in compiled.diagnostics if d.severity is Severity.ERROR],
    )


def _flat(value: object) -> Iterator[object]:
    """A value as a flat sequence, which compares also where it nests a thousand levels deep, and
    tells `1` from `true`."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, (list, tuple)):
            yield type(part), len(part)
            pending += part
        elif isinstance(part, Mapping):
            yield type(part), len(part)
            pending += part.items()
        else:
            yield type(part), part


def _comments(document: Document) -> Counter[str]:
    """The words of the comments: the layout joins some, and indents the lines of others."""
    return Counter(word for comment in document.comments for word in comment.text.split())
