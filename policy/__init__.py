"""The policies of HashiCorp Vault and OpenBao, decided offline as the servers decide them.

import policy

policies = policy.load("policies/")
acl = policies.acl(policy.Token(policies=["ops"]))
decision = acl.decide(policy.STEP_DOWN)
print(decision.explain())
"""

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
