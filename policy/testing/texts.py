"""Strategies for policy texts: well-formed ones, damaged ones, and heaps of tokens.

A rule is drawn as a value (`RuleText`) and then written down, in HCL or in JSON. What is drawn
is what OpenBao 2.7 understands; a Vault refuses some of its keys and words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from policy.testing.paths import patterns
from policy.testing.soups import SOUPS
from policy.testing.values import ATTRIBUTES, Labelled, Source, Value
from policy.testing.vocabulary import FRAGMENTS

if TYPE_CHECKING:
    from random import Random

    from hypothesis.strategies import SearchStrategy

__all__ = [
    "RuleText",
    "as_hcl",
    "as_json",
    "damage",
    "fits_json",
    "mutated",
    "policies",
    "random_soup",
    "rules",
    "token_soup",
]


@dataclass(frozen=True, slots=True)
class RuleText:
    """One `path` block before it is written down. A key may occur more than once."""

    path: str
    attributes: tuple[tuple[str, Value], ...]

    def get(self, key: str) -> Value | None:
        """The value of the last attribute of that name."""
        return dict(self.attributes).get(key)


# Writing down


def as_hcl(rules: Iterable[RuleText]) -> str:
    """The rules as HCL, one attribute a line."""
    blocks = []
    for rule in rules:
        lines = [f"  {key} = {_hcl_value(value)}\n" for key, value in rule.attributes]
        blocks.append(f"path {_quoted(rule.path)} {{\n{''.join(lines)}}}\n")
    return "\n".join(blocks)


def as_json(rules: Iterable[RuleText]) -> str:
    """The rules as JSON. Repeated paths and keys stay repeated, which a server understands.

    A server reads less into JSON than into HCL: in a list it skips `true` and `false`, and it does
    not understand a list inside a list at all (see `fits_json`).
    """
    blocks = [
        f"{_quoted(rule.path)}: {{"
        + ", ".join(f"{_quoted(key)}: {_json_value(value)}" for key, value in rule.attributes)
        + "}"
        for rule in rules
    ]
    return '{"path": {' + ",\n ".join(blocks) + "}}" if blocks else "{}"


def fits_json(rules: Iterable[RuleText]) -> bool:
    """Whether a server would understand the rules in JSON: no list lies inside a list."""
    return not any(_nests(value) for rule in rules for _, value in rule.attributes)


def _nests(value: Value, *, in_list: bool = False) -> bool:
    match value:
        case str() | bool() | int() | float() | Source():
            return False
        case Labelled():
            return _nests(value.blocks)
        case Mapping():
            return any(_nests(inner) for inner in value.values())
        case _:
            return in_list or any(_nests(inner, in_list=True) for inner in value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _hcl_value(value: Value) -> str:
    return " ".join(_value_tokens(value))


def _value_tokens(value: Value) -> Iterator[str]:
    match value:
        case Source():
            yield value.text
        case str():
            yield _quoted(value)
        case bool() | int() | float():
            yield json.dumps(value)
        case Labelled():
            yield from _value_tokens(value.blocks)
        case Mapping():
            yield "{"
            for key, inner in value.items():
                if isinstance(inner, Labelled):
                    for label, block in inner.blocks.items():
                        yield from (key, _quoted(label), *_value_tokens(block))
                else:
                    yield from (_quoted(key), "=", *_value_tokens(inner), ",")
            yield "}"
        case _:
            yield "["
            for inner in value:
                yield from (*_value_tokens(inner), ",")
            yield "]"


def _json_value(value: Value) -> str:
    match value:
        case Source():
            return value.text
        case str():
            return _quoted(value)
        case bool() | int() | float():
            return json.dumps(value)
        case Labelled():
            return _json_value(value.blocks)
        case Mapping():
            members = (f"{_quoted(key)}: {_json_value(inner)}" for key, inner in value.items())
            return "{" + ", ".join(members) + "}"
        case _:
            return "[" + ", ".join(_json_value(inner) for inner in value) + "]"


# Drawing


@st.composite
def rules(
    draw: st.DrawFn,
    paths: SearchStrategy[str] | None = None,
    *,
    odd: bool = False,
    max_attributes: int = 4,
) -> RuleText:
    """One rule. With `odd`, also values a server refuses, keys given twice, and unusual types.

    Without `odd` every server of the OpenBao 2.7 dialect accepts the rule.
    """
    path = draw(patterns() if paths is None else paths)
    attributes = [("capabilities", draw(ATTRIBUTES["capabilities"].usual))]
    if draw(st.integers(0, 3)) > 1:
        keys = st.lists(st.sampled_from(tuple(ATTRIBUTES)), max_size=max_attributes, unique=not odd)
        for key in draw(keys):
            kind = ATTRIBUTES[key]
            value = draw(kind.odd if odd and draw(st.booleans()) else kind.usual)
            if odd or key != "capabilities":
                attributes.append((key, value))
    if odd and draw(st.integers(0, 4)) == 0:
        attributes = draw(st.permutations(attributes))[: draw(st.integers(0, len(attributes)))]
    return RuleText(path, tuple(attributes))


def policies(
    paths: SearchStrategy[str] | None = None,
    *,
    odd: bool = False,
    max_rules: int = 4,
) -> SearchStrategy[str]:
    """Policy texts, in HCL and JSON, in many spellings: comments, quoting, separators, escapes.

    Without `odd` a server of the OpenBao 2.7 dialect accepts every one of them.
    """
    drawn = st.lists(rules(paths, odd=odd), max_size=max_rules)
    return drawn.flatmap(
        lambda found: st.one_of(
            st.just(as_hcl(found)),
            st.just(as_json(found) if odd or fits_json(found) else as_hcl(found)),
            _spelled_hcl(found),
        )
    )


_SEPARATORS = ("\n", "\t", "\r\n", " # c\n", ' // path "x" {}\n', " /* } */ ", "  \n\n")


@st.composite
def _spelled_hcl(draw: st.DrawFn, found: Sequence[RuleText]) -> str:
    """The same rules with unusual white space, comments, keys, blocks and escapes."""
    tokens: list[str] = []
    for rule in found:
        tokens += (draw(_key("path")), draw(_string(rule.path)), "{")
        for key, value in rule.attributes:
            tokens.append(draw(_key(key)))
            if not (isinstance(value, Mapping) and draw(st.booleans())):
                tokens.append("=")
            tokens += _value_tokens(value)
            if draw(st.integers(0, 4)) == 0:
                tokens.append(",")
        tokens.append("}")
    unusual = draw(
        st.dictionaries(st.integers(0, len(tokens)), st.sampled_from(_SEPARATORS), max_size=4)
    )
    pieces = [unusual.get(index, " ") + token for index, token in enumerate(tokens)]
    return "".join(pieces) + unusual.get(len(tokens), "")


def _key(name: str) -> SearchStrategy[str]:
    return st.sampled_from((name, name, name, f'"{name}"'))


def _string(text: str) -> SearchStrategy[str]:
    """A double-quoted string, sometimes with its last character spelled as an escape."""
    plain = _quoted(text)
    if not text or not text[-1].isascii():
        return st.just(plain)
    code, start = ord(text[-1]), _quoted(text[:-1])[:-1]
    escapes = (f'{start}\\x{code:02x}"', f'{start}\\{code:03o}"', f'{start}\\u{code:04x}"')
    return st.sampled_from((plain,) * 9 + escapes)


# Damaging


def damage(text: str, random: Random, *, max_edits: int = 3) -> str:
    """The text after one to `max_edits` random edits: cut, doubled, moved, replaced, inserted.

    Inserted pieces include bytes that are not UTF-8, as lone surrogates: encode with
    `surrogateescape`.
    """
    for _ in range(random.randint(1, max_edits)):
        start = random.randint(0, len(text))
        length = random.choice((1, 1, 1, 2, 3, 8, 30))
        head, piece, tail = text[:start], text[start : start + length], text[start + length :]
        match random.choice(("replace", "insert", "cut", "double", "move", "truncate")):
            case "replace":
                text = head + random.choice(FRAGMENTS) + tail
            case "insert":
                text = head + random.choice(FRAGMENTS) + piece + tail
            case "cut":
                text = head + tail
            case "double":
                text = head + piece + piece + tail
            case "move":
                rest = head + tail
                place = random.randint(0, len(rest))
                text = rest[:place] + piece + rest[place:]
            case _:
                text = head
    return text


def mutated(texts: SearchStrategy[str], *, max_edits: int = 3) -> SearchStrategy[str]:
    """Texts with one to `max_edits` random edits; see `damage`."""
    dice = st.randoms(use_true_random=False)
    return st.builds(lambda text, random: damage(text, random, max_edits=max_edits), texts, dice)


def random_soup(random: Random, *, max_tokens: int = 6) -> str:
    """Random tokens of the language, bare or at some place inside a well-formed text: also
    durations, dates, escapes, heredocs and list filters, made of their own pieces."""
    frames, pieces, separators = SOUPS[random.choice(tuple(SOUPS))]
    head, *tails = random.choice(frames).split("@")
    separator = random.choice(separators)
    for tail in tails:
        chosen = [random.choice(pieces) for _ in range(random.randint(1, max_tokens))]
        head += separator.join(chosen) + tail
    return head


def token_soup(*, max_tokens: int = 6) -> SearchStrategy[str]:
    """Random tokens of the language; see `random_soup`."""
    dice = st.randoms(use_true_random=False)
    return st.builds(lambda random: random_soup(random, max_tokens=max_tokens), dice)
