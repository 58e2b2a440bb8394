"""Policies by name: loading them, and merging those of a token into its ACL."""

from policy.policies.builtin import ROOT, builtin_policy
from policy.policies.loading import (
    is_policy_file,
    load,
    parse,
    policy_files,
    policy_name,
    read_source,
)
from policy.policies.policy_set import PolicySet

__all__ = [
    "ROOT",
    "PolicySet",
    "builtin_policy",
    "is_policy_file",
    "load",
    "parse",
    "policy_files",
    "policy_name",
    "read_source",
]
