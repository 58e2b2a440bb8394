"""Policies and identity merged into one immutable table, and the lookup of the winning rule."""

from policy.acl.grant import BITS, DENY_BIT, SUDO_BIT, Grant, capability_words
from policy.acl.index import Levels, Search
from policy.acl.table import Problem, Table, build_table

__all__ = [
    "BITS",
    "DENY_BIT",
    "SUDO_BIT",
    "Grant",
    "Levels",
    "Problem",
    "Search",
    "Table",
    "build_table",
    "capability_words",
]
