"""What users need to test policies of their own: hypothesis strategies for texts, paths, requests.

    from hypothesis import given
    from policy.testing import paths_near, policies, requests

Needs the package `hypothesis`, which is imported at the first use of a strategy, so that a test
run that uses none does not pay for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.testing.paths import (
        REALISTIC,
        TINY,
        neighbourhood,
        paths_near,
        patterns,
        patterns_near,
    )
    from policy.testing.strategies import (
        identities,
        parameters,
        policy_sets,
        random_parameters,
        random_request,
        requests,
        templates,
        tokens,
    )
    from policy.testing.texts import (
        RuleText,
        as_hcl,
        as_json,
        damage,
        fits_json,
        mutated,
        policies,
        random_soup,
        rules,
        token_soup,
    )

__all__ = [
    "REALISTIC",
    "TINY",
    "RuleText",
    "as_hcl",
    "as_json",
    "damage",
    "fits_json",
    "identities",
    "mutated",
    "neighbourhood",
    "parameters",
    "paths_near",
    "patterns",
    "patterns_near",
    "policies",
    "policy_sets",
    "random_parameters",
    "random_request",
    "random_soup",
    "requests",
    "rules",
    "templates",
    "token_soup",
    "tokens",
]

_MODULES = ("policy.testing.paths", "policy.testing.texts", "policy.testing.strategies")


def __getattr__(name: str) -> object:
    if name in __all__:
        for module in map(import_module, _MODULES):
            if name in module.__all__:
                found: object = getattr(module, name)
                return found
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
