"""From requests to the policy they need: what each one takes, and the least policy for all."""

from policy.needs.commands import command_requests
from policy.needs.curl import curl_request
from policy.needs.least import LeastPolicy, least_policies
from policy.needs.need import Need, need_of
from policy.needs.protected import ProtectedPath, protected_paths

__all__ = [
    "LeastPolicy",
    "Need",
    "ProtectedPath",
    "command_requests",
    "curl_request",
    "least_policies",
    "need_of",
    "protected_paths",
]
