"""Sections 2.2 and 3: patterns, what they match, and which one wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.reference.data import Refused


@dataclass(frozen=True)
class Pattern:
    """`text` is the namespaced path; of a prefix pattern without its final `*` (2.2, step 5)."""

    kind: str
    text: bytes


def as_bytes(text: str) -> bytes:
    """Section 3.2: everything is measured and ordered in UTF-8 bytes."""
    return text.encode("utf-8", "surrogateescape")


def pattern_of(path: str, namespace: str) -> Pattern:
    """Section 2.2, steps 2 to 5."""
    text = as_bytes(path)
    # 2. One leading `/` is removed.
    if text[:1] == b"/":
        text = text[1:]
    # 3. The path of the policy's namespace is put in front.
    text = as_bytes(namespace) + text
    # 4. `+*` anywhere in the result refuses the policy.
    if b"+*" in text:
        raise Refused("+*")
    # 5. The kind.
    if text == b"+" or text.startswith(b"+/") or b"/+" in text:
        return Pattern("segment", text)
    if text.endswith(b"*"):
        return Pattern("prefix", text[:-1])
    return Pattern("exact", text)


def is_open(pattern: Pattern) -> bool:
    """Section 3.1: the pattern ends in `*`, as written."""
    return pattern.kind == "prefix" or (pattern.kind == "segment" and pattern.text[-1:] == b"*")


def without_star(pattern: Pattern) -> bytes:
    """The pattern without its final `*`."""
    if pattern.kind == "segment" and pattern.text[-1:] == b"*":
        return pattern.text[:-1]
    return pattern.text


def matches(pattern: Pattern, path: bytes) -> bool:
    """Section 3.1."""
    if pattern.kind == "exact":
        return path == pattern.text
    if pattern.kind == "prefix":
        return path[: len(pattern.text)] == pattern.text
    wanted = without_star(pattern).split(b"/")
    given = path.split(b"/")
    if is_open(pattern):
        if len(given) < len(wanted):
            return False
    elif len(given) != len(wanted):
        return False
    for index, segment in enumerate(wanted):
        if segment == b"+":
            continue
        if is_open(pattern) and index == len(wanted) - 1:
            if given[index][: len(segment)] != segment:
                return False
        elif given[index] != segment:
            return False
    return True


def beats(one: Pattern, other: Pattern) -> bool:
    """Section 3.2: whether `one` is strictly better. Not for exact patterns."""
    # 1. First wildcard position, larger wins.
    if first_wildcard(one) != first_wildcard(other):
        return first_wildcard(one) > first_wildcard(other)
    # 2. Closed beats open.
    if is_open(one) != is_open(other):
        return is_open(other)
    # 3. Fewer `+` segments.
    if plus_segments(one) != plus_segments(other):
        return plus_segments(one) < plus_segments(other)
    # 4. Longer.
    if len(without_star(one)) != len(without_star(other)):
        return len(without_star(one)) > len(without_star(other))
    # 5. Lexicographically larger.
    return without_star(one) > without_star(other)


def first_wildcard(pattern: Pattern) -> int:
    """Section 3.2, rule 1: of a segment pattern the first `+` character, literal or not."""
    if pattern.kind == "prefix":
        return len(pattern.text)
    return pattern.text.index(b"+")


def plus_segments(pattern: Pattern) -> int:
    """Section 3.2, rule 3: the segments that are exactly `+`; a prefix pattern has none."""
    if pattern.kind == "prefix":
        return 0
    return without_star(pattern).split(b"/").count(b"+")


def best(patterns: Iterable[Pattern]) -> Pattern | None:
    """The best of some wildcard patterns, by asking each against each."""
    winner: Pattern | None = None
    for pattern in patterns:
        if winner is None or beats(pattern, winner):
            winner = pattern
    return winner


def wildcard_matches(patterns: Sequence[Pattern], path: bytes) -> list[Pattern]:
    """Section 3.2: of the matching prefix patterns only the longest, and all segment ones."""
    prefixes = [p for p in patterns if p.kind == "prefix" and matches(p, path)]
    segments = [p for p in patterns if p.kind == "segment" and matches(p, path)]
    longest = sorted(prefixes, key=lambda pattern: len(pattern.text))[-1:]
    return longest + segments


def find(
    patterns: Sequence[Pattern],
    path: bytes,
    *,
    listing: bool,
    dialect: str,
    is_deny: Callable[[Pattern], bool],
    may_list: Callable[[Pattern], bool],
) -> Pattern | None:
    """Section 3, and section 13 rows 1 to 4 for Vault: the one winning pattern of a full path."""
    trimmed = path[:-1] if path.endswith(b"/") else path
    exact = [pattern.text for pattern in patterns if pattern.kind == "exact"]
    if path in exact:
        return Pattern("exact", path)
    if listing and trimmed in exact:
        return Pattern("exact", trimmed)
    with_slash = wildcard_matches(patterns, path)
    if not listing:
        return best(with_slash)
    without_slash = wildcard_matches(patterns, trimmed)
    if dialect == "openbao-2.7":
        # First with the slash, then without.
        return best(with_slash) or best(without_slash)
    if dialect == "vault-1.11":
        # Only the path with the slash is looked up.
        return best(with_slash)
    if dialect == "vault-1.21":
        # First without the slash, then with it.
        return best(without_slash) or best(with_slash)
    # Vault 2.0: let D be the best deny and L the best one with the list capability.
    both = with_slash + without_slash
    deny = best(pattern for pattern in both if is_deny(pattern))
    lists = best(pattern for pattern in both if may_list(pattern))
    if deny is not None and (lists is None or beats(deny, lists)):
        return deny
    if lists is not None:
        return lists
    return best(both)
