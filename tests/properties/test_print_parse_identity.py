"""Printing a tree and parsing the text gives the tree again, but for its places.

White space, comments, and what a server drops are not printed.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy.model import DIALECTS as DIALECT_VALUES
from policy.source import Source
from policy.syntax import (
    Document,
    Item,
    ListNode,
    Literal,
    ObjectNode,
    Value,
    parse,
    print_document,
)
from tests.properties import texts
from tests.properties.profiles import examples

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded" / "language" / "cases.jsonl.gz"
OPENBAO = DIALECT_VALUES["openbao-2.7"]


def bare(document: Document) -> list[object]:
    """The tree as a flat list without places; flat, because texts nest a thousand levels deep."""
    found: list[object] = [document.dangling and document.dangling.text]
    pending: list[Item | Value] = list(document.items)
    while pending:
        node = pending.pop()
        if isinstance(node, Literal):
            found.append((node.kind, node.text))
        elif isinstance(node, ListNode):
            found.append(("list", len(node.elements)))
            pending += node.elements
        elif isinstance(node, ObjectNode):
            found.append(("object", len(node.items)))
            pending += node.items
        else:
            found.append((*(key.text for key in node.keys), node.assign >= 0))
            pending.append(node.value)
    return found


def check(text: str) -> None:
    first = parse(Source.of(text), OPENBAO)
    printed = print_document(first.document)
    second = parse(Source.of(printed), OPENBAO)
    assert second.accepted, printed
    assert bare(second.document) == bare(first.document)
    assert print_document(second.document) == printed


@examples(500)
@given(st.one_of(texts.printed(), texts.blocks(), texts.mutated(texts.blocks()), texts.texts()))
def test_of_any_text_that_parses(text: str) -> None:
    assume(parse(Source.of(text), OPENBAO).accepted)
    check(text)


@pytest.mark.parametrize("share", range(8))
def test_of_every_recorded_text(share: int) -> None:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        recorded = [json.loads(line)["policy"] for line in lines][share::8]
    shallow = [text for text in recorded if len(text) < 20_000]
    assert len(shallow) > 100
    for text in shallow:
        if parse(Source.of(text), OPENBAO).accepted:
            check(text)
