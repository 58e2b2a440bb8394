"""Guards an application by policies: an ASGI middleware, and a plain function for everything else.

from policy.middleware import Gate, LivePolicies, PolicyMiddleware

policies = LivePolicies("policies/")
application = PolicyMiddleware(application, Gate(policies, prefix="app/"), resolve)
"""

from policy.middleware.asgi import PolicyMiddleware
from policy.middleware.gate import Gate, Refusal, Verdict
from policy.middleware.live import LivePolicies
from policy.middleware.metrics import Counters, prometheus_text

__all__ = [
    "Counters",
    "Gate",
    "LivePolicies",
    "PolicyMiddleware",
    "Refusal",
    "Verdict",
    "prometheus_text",
]
