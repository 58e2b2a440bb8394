"""Sets of request paths, exact: union, intersection, difference, complement, and a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze.path_map import Node, combine, constant, find, pattern_node, relabel, union
from policy.analyze.witness import Form, witness
from policy.model import Pattern, byte_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.analyze.description import Description

__all__ = ["PathSet"]


class PathSet:
    """A set of paths, as a value: immutable, hashable, equal exactly when the members are.

    Paths are without leading slashes; every text is one, also those no server answers. The
    operators are those of `frozenset`: `|`, `&`, `-`, `^`, `<=`, `<`, `in`; `~` is the complement.
    Each of them raises `AnalysisLimitError` when the exact answer would be too large.
    """

    __slots__ = ("node",)

    node: Node
    """1 for the members, 0 for all other paths."""

    def __init__(self, node: Node) -> None:
        object.__setattr__(self, "node", node)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a set of paths does not change")

    @classmethod
    def everything(cls) -> PathSet:
        """All paths."""
        return cls(constant(1))

    @classmethod
    def nothing(cls) -> PathSet:
        """No path."""
        return cls(constant(0))

    @classmethod
    def matching(cls, *patterns: Pattern | str) -> PathSet:
        """The paths that one of the patterns matches, written as in a policy.

        Raises `ValueError` for a pattern the server refuses.
        """
        return cls(
            union(
                pattern_node(p if isinstance(p, Pattern) else Pattern.compile(p)) for p in patterns
            )
        )

    @classmethod
    def union(cls, sets: Iterable[PathSet]) -> PathSet:
        """The union of any number of sets."""
        return cls(union(each.node for each in sets))

    def __or__(self, other: PathSet) -> PathSet:
        return PathSet(combine(self.node, other.node, max))

    def __and__(self, other: PathSet) -> PathSet:
        return PathSet(combine(self.node, other.node, min))

    def __sub__(self, other: PathSet) -> PathSet:
        return PathSet(combine(self.node, other.node, lambda one, two: one & ~two))

    def __xor__(self, other: PathSet) -> PathSet:
        return PathSet(combine(self.node, other.node, lambda one, two: one ^ two))

    def __invert__(self) -> PathSet:
        return PathSet(relabel(self.node, lambda one: 1 - one))

    def __contains__(self, path: str) -> bool:
        return find(self.node, byte_text(path).lstrip("/")) == 1

    def __le__(self, other: PathSet) -> bool:
        return not self - other

    def __lt__(self, other: PathSet) -> bool:
        return self != other and self <= other

    def __ge__(self, other: PathSet) -> bool:
        return other <= self

    def __gt__(self, other: PathSet) -> bool:
        return other < self

    def __eq__(self, other: object) -> bool:
        # Equal nodes are one object.
        return self.node is other.node if isinstance(other, PathSet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.node)

    def __bool__(self) -> bool:
        """Whether there is a member."""
        return self.node is not constant(0)

    def isdisjoint(self, other: PathSet) -> bool:
        """Whether no path is in both."""
        return not self & other

    def witness(self, form: Form = Form.ANY) -> str | None:
        """A short, readable member; None when there is none of that form."""
        found = witness(self.node, form)
        return None if found is None else plain_text(found)

    def describe(self) -> Description:
        """The set in the language of patterns: "`a/*` except `a/b`"."""
        from policy.analyze.description import describe  # needed only where somebody reads it

        return describe(self.node)

    def __str__(self) -> str:
        return str(self.describe())

    def __repr__(self) -> str:
        return f"<PathSet {self}>"
