"""Questions over all paths: exact sets, differences, who can, what leads to more.

`docs/analysis.md` explains the idea. What needs an inventory stands in modules of its own:
`inventory`, `review`, `who_can`, `escalate`, `simplify`.
"""

from policy.analyze.difference import Change, Direction, OperationChange, difference, equivalent
from policy.analyze.limits import AnalysisLimitError
from policy.analyze.partition import Cell, Lookup, Partition
from policy.analyze.path_set import PathSet
from policy.analyze.reach import Reach, reach
from policy.analyze.witness import Form

__all__ = [
    "AnalysisLimitError",
    "Cell",
    "Change",
    "Direction",
    "Form",
    "Lookup",
    "OperationChange",
    "Partition",
    "PathSet",
    "Reach",
    "difference",
    "equivalent",
    "reach",
]
