"""What comes out, one format a file."""

from policy.report.decision_json import DecisionReport, decision_report
from policy.report.diagnostic_json import DiagnosticReport, FileReport, diagnostic_report

__all__ = [
    "DecisionReport",
    "DiagnosticReport",
    "FileReport",
    "decision_report",
    "diagnostic_report",
]
