"""Table and request to a decision: which rule wins, what it lets through, and why."""

from policy.evaluate.acl import ACL
from policy.evaluate.decision import Decision, Outcome, Reason
from policy.evaluate.trace import Candidate, RankingStep

__all__ = ["ACL", "Candidate", "Decision", "Outcome", "RankingStep", "Reason"]
