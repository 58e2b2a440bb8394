"""Questions over all paths: exact sets, differences, who can, what leads to more."""

from policy.analyze.limits import AnalysisLimitError
from policy.analyze.path_set import PathSet
from policy.analyze.witness import Form

__all__ = ["AnalysisLimitError", "Form", "PathSet"]
