"""What the catalogue says of every path, as one node: the guard of an ACL, over all paths."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from policy.analyze.path_map import Node, combine, find, graft, with_slash, with_value
from policy.analyze.winners import winners
from policy.catalog import Fact, FactKind, facts
from policy.catalog.data import guarded
from policy.evaluate.routing import WRITES, refusal
from policy.model import Operation, Pattern, PatternKind, byte_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.catalog import MountTable
    from policy.model import Dialect

__all__ = ["UNGUARDED", "GuardNode", "Guarded", "guard_node"]

_ANSWERED_APART: Final = (
    *("sys", "sys/health", "sys/init", "sys/leader"),
    *("sys/seal", "sys/seal-status", "sys/step-down"),
)
"""Paths that lack some operations, see `policy.evaluate.routing.refusal`."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a server does with a path apart from the rules."""

    protected: Fact | None = None
    """Why `sudo` is needed besides the capability of the operation."""
    open: Fact | None = None
    """Why no token is asked for, so that no rule counts."""
    refused: bool = False
    """The path is answered in the root namespace only, and this is another."""
    lacks: frozenset[Operation] = frozenset()
    """Operations that do not exist here."""


UNGUARDED: Final = Guarded()


class GuardNode(NamedTuple):
    """A node, the same for paths to which a slash is still to be appended, and what the numbers of
    both mean."""

    node: Node
    with_slash: Node
    meanings: tuple[Guarded, ...]


@lru_cache(maxsize=64)
def guard_node(dialect: Dialect, mounts: MountTable, namespaces: tuple[str, ...]) -> GuardNode:
    """What is guarded on every path.

    `namespaces` are the known child namespaces as byte text, each with a final slash. What is
    mounted is the same in all of them, as in `ACL`.
    """
    table = _Numbers()
    protected = _looked_up(table.fact, dialect, mounts, FactKind.SUDO)
    unauthenticated = _looked_up(table.fact, dialect, mounts, FactKind.UNAUTHENTICATED)
    anywhere = combine(protected, unauthenticated, table.both)
    outer = _answered_apart(anywhere, table, "")
    if namespaces:
        child = _answered_apart(anywhere, table, namespaces[0])
        only_root = winners((pattern, 1) for pattern in _root_namespace_only())
        child = combine(child, only_root, lambda one, two: table.refused if two else one)
        # The longest known namespace counts, so it is put in place last.
        for namespace in sorted(namespaces, key=len):
            outer = graft(outer, namespace[:-1].split("/"), child)
    return GuardNode(outer, with_slash(outer), table.meanings())


def _answered_apart(node: Node, table: _Numbers, namespace: str) -> Node:
    """Mark the paths that lack some operations in the root namespace, or in a child."""
    for path in (*_ANSWERED_APART, *(path + "/" for path in _ANSWERED_APART)):
        # That no write ends in a slash is a matter of the form of a request, not of this path.
        asked = frozenset(Operation) - WRITES if path.endswith("/") else frozenset(Operation)
        lacks = frozenset(operation for operation in asked if refusal(operation, path, namespace))
        if lacks:
            node = with_value(node, path, table.marked(node, path, lacks))
    return node


class _Numbers:
    """Numbers for facts, and for what is known of a path."""

    def __init__(self) -> None:
        self._facts: list[Fact | None] = [None]
        self._meanings: list[Guarded] = [UNGUARDED, Guarded(refused=True)]
        self._known: dict[object, int] = {(0, 0): 0}
        self.refused = 1

    def fact(self, fact: Fact) -> int:
        self._facts.append(fact)
        return len(self._facts) - 1

    def both(self, protected: int, unauthenticated: int) -> int:
        key = protected, unauthenticated
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self._meanings)
            self._meanings.append(Guarded(self._facts[protected], self._facts[unauthenticated]))
        return number

    def marked(self, node: Node, path: str, lacks: frozenset[Operation]) -> int:
        self._meanings.append(replace(self._meanings[find(node, path)], lacks=lacks))
        return len(self._meanings) - 1

    def meanings(self) -> tuple[Guarded, ...]:
        return tuple(self._meanings)


def _looked_up(
    number: Callable[[Fact], int], dialect: Dialect, mounts: MountTable, kind: FactKind
) -> Node:
    """For every path the number of the fact that the server's router finds, or 0.

    Of the entries without `+` the longest that the path begins with is taken, and hides shorter
    ones even where it does not fit; only when it does not fit are those with `+` tried, in order.
    """
    by_backend: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts(dialect):
        if fact.decides and fact.kind is kind:
            by_backend[fact.backend].append(fact)
    plain: list[tuple[Pattern, int]] = []
    segments: list[tuple[Pattern, int]] = []
    found: list[int] = [0]
    for mount in mounts.mounts:
        own = [replace(f, mount_path=mount.path) for f in by_backend.get(mount.backend, ())]
        with_plus = [fact for fact in own if "+" in fact.pattern.split("/")]
        for fact in reversed(with_plus):
            found.append(number(fact))
            segments.append((Pattern.compile(fact.path), len(found) - 1))
        literal = [fact for fact in own if "+" not in fact.pattern.split("/")]
        literal.sort(key=lambda f: (len(f.pattern.removesuffix("*")), f.pattern.endswith("*")))
        for fact in literal:
            text = byte_text(fact.path.removesuffix("*"))
            begins = Pattern(PatternKind.PREFIX, text, True)
            if not fact.pattern.endswith("*"):
                found.append(0)
                plain.append((begins, len(found) - 1))
                begins = Pattern(PatternKind.EXACT, text, False)
            found.append(number(fact))
            plain.append((begins, len(found) - 1))
    return combine(winners(plain), winners(segments), lambda one, two: found[one] or found[two])


def _root_namespace_only() -> Iterable[Pattern]:
    for path in guarded()["root_namespace_only"]:
        yield Pattern(PatternKind.EXACT, f"sys/{path}", False)
        yield Pattern(PatternKind.PREFIX, f"sys/{path}/", True)
