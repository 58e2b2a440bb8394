"""Before a step-down on a real cluster: is it a go, and after it, what happened?

settings -> gather -> a snapshot -> judge (pure) -> a verdict
                                 -> execute -> watch -> what happened
"""

from policy.preflight.address import Address
from policy.preflight.client import Client, tls_context
from policy.preflight.failures import Failure, RequestError
from policy.preflight.finding import Check, Finding, Level
from policy.preflight.forecast import Forecast, forecast
from policy.preflight.gather import gather
from policy.preflight.settings import Given, Settings, read_settings
from policy.preflight.snapshot import Snapshot
from policy.preflight.step_down import Execution, execute
from policy.preflight.timeline import Ending
from policy.preflight.verdict import Go, Verdict, judge

__all__ = [
    "Address",
    "Check",
    "Client",
    "Ending",
    "Execution",
    "Failure",
    "Finding",
    "Forecast",
    "Given",
    "Go",
    "Level",
    "RequestError",
    "Settings",
    "Snapshot",
    "Verdict",
    "execute",
    "forecast",
    "gather",
    "judge",
    "read_settings",
    "tls_context",
]
