"""Policies by name: loading them, and merging those of a token into its ACL."""

from policy.policies.builtin import ROOT, builtin_policy
from policy.policies.loading import (
    POLICY_SUFFIXES,
    load,
    parse,
    policy_files,
    policy_name,
    read_source,
)
from policy.policies.policy_set import PolicySet

__all__ = [
    "POLICY_SUFFIXES",
    "ROOT",
    "PolicySet",
    "builtin_policy",
    "load",
    "parse",
    "policy_files",
    "policy_name",
    "read_source",
]
