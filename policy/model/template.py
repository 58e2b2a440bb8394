"""Templates in paths: `{{identity.entity.name}}` and the like, cut apart but not filled in."""

from __future__ import annotations

from typing import NamedTuple

from policy.source import UNICODE_SPACE

__all__ = ["Selector", "split_template"]


class Selector(NamedTuple):
    """What stands between `{{` and `}}`, without the white space around it."""

    text: str


def split_template(path: str) -> tuple[str | Selector, ...]:
    """Cut a path into plain text and selectors; a path without a template is one piece of text.

    Raises `ValueError` when the braces do not balance: a `}}` before the first `{{`, or not
    exactly one `}}` after a `{{` (OpenBao 2.7.2, recorded as `template-*`).
    """
    head, *tails = path.split("{{")
    if "}}" in head:
        raise ValueError("unbalanced template: `}}` without `{{`")
    parts: list[str | Selector] = [head]
    for tail in tails:
        pieces = tail.split("}}")
        if len(pieces) != 2:
            raise ValueError("unbalanced template: each `{{` needs exactly one `}}` behind it")
        parts += [Selector(pieces[0].strip(UNICODE_SPACE)), pieces[1]]
    return tuple(parts)
