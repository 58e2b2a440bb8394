"""The linter: mistakes in policies, found by the syntax, the meaning and the exact analysis."""

from policy.lint.block import Block
from policy.lint.config import Config, find_config, read_config
from policy.lint.findings import Confidence, Edit, Finding, Fix, Level, Problem
from policy.lint.registry import all_rules, find_rule
from policy.lint.rule import Rule
from policy.lint.runner import Selection, lint
from policy.lint.target import PolicyFile, Project

__all__ = [
    "Block",
    "Confidence",
    "Config",
    "Edit",
    "Finding",
    "Fix",
    "Level",
    "PolicyFile",
    "Problem",
    "Project",
    "Rule",
    "Selection",
    "all_rules",
    "find_config",
    "find_rule",
    "lint",
    "read_config",
]
