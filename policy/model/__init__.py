"""The values of the domain: capability, operation, pattern, rule, policy, token, dialect."""

from policy.model.capability import Capability, Operation
from policy.model.dialect import DEFAULT_DIALECT, DIALECTS, Dialect, Listing, TemplateValue
from policy.model.http import http_request, operation_request
from policy.model.identity import Alias, Entity, Group, Token
from policy.model.pattern import Pattern, PatternKind, byte_text, plain_text
from policy.model.request import STEP_DOWN, Request
from policy.model.rule import (
    Conditions,
    ControlGroup,
    ControlGroupFactor,
    ObjectList,
    ParameterMap,
    ParameterValue,
    Policy,
    Rule,
)
from policy.model.template import Selector, split_template

__all__ = [
    "DEFAULT_DIALECT",
    "DIALECTS",
    "STEP_DOWN",
    "Alias",
    "Capability",
    "Conditions",
    "ControlGroup",
    "ControlGroupFactor",
    "Dialect",
    "Entity",
    "Group",
    "Listing",
    "ObjectList",
    "Operation",
    "ParameterMap",
    "ParameterValue",
    "Pattern",
    "PatternKind",
    "Policy",
    "Request",
    "Rule",
    "Selector",
    "TemplateValue",
    "Token",
    "byte_text",
    "http_request",
    "operation_request",
    "plain_text",
    "split_template",
]
