"""The policies of HashiCorp Vault and OpenBao, decided offline as the servers decide them.

import policy

policies = policy.load("policies/")
acl = policies.acl(policy.Token(policies=["ops"]))
decision = acl.decide(policy.STEP_DOWN)
print(decision.explain())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.catalog import MountTable
    from policy.diagnostics import Diagnostic, Severity
    from policy.errors import (
        InvalidPolicyError,
        InventoryError,
        PolicyError,
        SourceError,
        UsageError,
    )
    from policy.evaluate import ACL, Decision, Outcome, Reason
    from policy.model import (
        DEFAULT_DIALECT,
        DIALECTS,
        STEP_DOWN,
        Alias,
        Capability,
        Dialect,
        Entity,
        Group,
        Operation,
        Policy,
        Request,
        Rule,
        Token,
        http_request,
    )
    from policy.policies import PolicySet, load, parse

__all__ = [
    "ACL",
    "DEFAULT_DIALECT",
    "DIALECTS",
    "STEP_DOWN",
    "Alias",
    "Capability",
    "Decision",
    "Diagnostic",
    "Dialect",
    "Entity",
    "Group",
    "InvalidPolicyError",
    "InventoryError",
    "MountTable",
    "Operation",
    "Outcome",
    "Policy",
    "PolicyError",
    "PolicySet",
    "Reason",
    "Request",
    "Rule",
    "Severity",
    "SourceError",
    "Token",
    "UsageError",
    "http_request",
    "load",
    "parse",
]

# Where each name lives. It is imported when first used, so that a program which only decides does
# not pay for what it does not touch.
_HOMES = {
    "ACL": "policy.evaluate",
    "Alias": "policy.model",
    "Capability": "policy.model",
    "DEFAULT_DIALECT": "policy.model",
    "DIALECTS": "policy.model",
    "Decision": "policy.evaluate",
    "Diagnostic": "policy.diagnostics",
    "Dialect": "policy.model",
    "Entity": "policy.model",
    "Group": "policy.model",
    "InvalidPolicyError": "policy.errors",
    "InventoryError": "policy.errors",
    "MountTable": "policy.catalog",
    "Operation": "policy.model",
    "Outcome": "policy.evaluate",
    "Policy": "policy.model",
    "PolicyError": "policy.errors",
    "PolicySet": "policy.policies",
    "Reason": "policy.evaluate",
    "Request": "policy.model",
    "Rule": "policy.model",
    "STEP_DOWN": "policy.model",
    "Severity": "policy.diagnostics",
    "SourceError": "policy.errors",
    "Token": "policy.model",
    "UsageError": "policy.errors",
    "http_request": "policy.model",
    "load": "policy.policies",
    "parse": "policy.policies",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module `policy` has no attribute `{name}`")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
