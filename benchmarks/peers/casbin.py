"""Casbin, through pycasbin: one enforcer, with the servers' priority in its policy."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from benchmarks.scan import rank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.workloads import RuleSpec

__all__ = ["Casbin"]

# The first line that matches decides. Operations come first: that is the cheaper test.
_MODEL = """
[request_definition]
r = op, path
[policy_definition]
p = kind, path, ops, eft
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = regexMatch(r.op, p.ops) && (p.kind == "key" && keyMatch(r.path, p.path) || \
p.kind == "segment" && keyMatch2(r.path, p.path))
"""


class Casbin:
    """An enforcer that is ready to be asked.

    Rules are sorted by the servers' priority. Behind the line of what a rule grants stands one
    that denies everything else on its path, for the best rule decides alone.
    """

    def __init__(self, rules: Iterable[RuleSpec]) -> None:
        logging.getLogger("casbin").setLevel(logging.ERROR)
        casbin = import_module("casbin")
        model = casbin.Model()
        model.load_model_from_text(_MODEL)
        lines = []
        for rule in sorted(rules, key=lambda rule: rank(rule.path), reverse=True):
            kind = "segment" if "+" in rule.path else "key"
            path = rule.path.replace("+", ":any")
            if rule.capabilities != ("deny",):
                lines.append(f"p, {kind}, {path}, ^({'|'.join(rule.capabilities)})$, allow")
            lines.append(f"p, {kind}, {path}, ^, deny")
        self._enforcer = casbin.Enforcer(model, casbin.StringAdapter("\n".join(lines)))

    def allows(self, operation: str, path: str) -> bool:
        """Whether the request passes."""
        allowed: bool = self._enforcer.enforce(operation, path)
        return allowed
