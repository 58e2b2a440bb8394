"""All rules, by id and alias."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from policy.errors import UsageError
from policy.lint import rules as _rules
from policy.lint.rule import Rule

__all__ = ["all_rules", "find_rule"]


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by alias: each module of `policy.lint.rules` has one, named `check`."""
    found = [
        import_module(f"{_rules.__name__}.{module.name}").check
        for module in iter_modules(_rules.__path__)
    ]
    return tuple(sorted(found, key=lambda each: each.alias))


def find_rule(name: str) -> Rule:
    """The rule of that id or alias, in any case. Raises `UsageError` when there is none."""
    wanted = name.strip().lower()
    for each in all_rules():
        if wanted in (each.id, each.alias.lower()):
            return each
    from difflib import get_close_matches

    near = get_close_matches(wanted, [each.id for each in all_rules()], n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    raise UsageError(f"there is no rule `{name}`{hint}")
