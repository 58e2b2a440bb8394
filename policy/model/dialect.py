"""Servers and how they differ. Every difference between dialects stands in this one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policy.errors import UsageError
from policy.model.capability import Capability

__all__ = ["DEFAULT_DIALECT", "DIALECTS", "Dialect", "Listing", "TemplateValue"]


class Listing(StrEnum):
    """How LIST (and SCAN) find a pattern; the two exact lookups come first everywhere."""

    WITH_SLASH_ONLY = "with-slash-only"
    """Only the path with its final slash is looked up (Vault before 1.13.10)."""
    WITHOUT_SLASH_FIRST = "without-slash-first"
    """First the path without its final slash, then the path with it (Vault 1.21)."""
    WITH_SLASH_FIRST = "with-slash-first"
    """First the path with its final slash, then the path without it (OpenBao since 2.6)."""
    BEST_DENY_OR_LIST = "best-deny-or-list"
    """Among the matches of both: the best deny, unless a rule with the capability to list ranks
    at least as high (Vault 2.0)."""


class TemplateValue(StrEnum):
    """What happens to a rule when an identity puts a special character into its path."""

    USED = "used"
    """The value is used as if it had been typed."""
    RULE_LEFT_OUT = "rule-left-out"
    """That rule is left out; the others stand."""
    NO_ACL = "no-acl"
    """No ACL is built: every request of the token fails. A policy option can allow the value."""
    UNKNOWN = "unknown"
    """Not determined for this server. We build no ACL and answer `undetermined`."""


_COMMON_CAPABILITIES = frozenset(
    {
        Capability.CREATE,
        Capability.DELETE,
        Capability.DENY,
        Capability.LIST,
        Capability.PATCH,
        Capability.READ,
        Capability.SUDO,
        Capability.UPDATE,
    }
)

_COMMON_KEYS = frozenset(
    {
        "allowed_parameters",
        "capabilities",
        "comment",
        "control_group",
        "denied_parameters",
        "max_wrapping_ttl",
        "mfa_methods",
        "min_wrapping_ttl",
        "policy",
        "required_parameters",
    }
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One product and version, and everything in which it differs from the others.

    The OpenBao column was observed on a 2.7.2 server; the Vault columns were read from published
    source and documentation (spec of the ACL, section 13, and of the language, section 12).
    """

    name: str
    product: str
    version: tuple[int, int]
    capabilities: frozenset[Capability]
    """The words `capabilities` may hold."""
    rule_keys: frozenset[str]
    """The keys a `path` block may hold."""
    refuses_repeated_arguments: bool
    """HCL: an assigned key may not occur twice in one object (Vault from 1.21)."""
    forgives_error_before_brace: bool
    """HCL: a syntax error at a `}` inside an object is dropped when the next token is a `}` too
    (parser library before the end of 2024)."""
    openbao_control_groups: bool
    """`control_group` as OpenBao checks it; otherwise as Vault does."""
    listing: Listing
    template_slash: TemplateValue
    template_wildcard: TemplateValue
    time_offset_units: bool
    """`time.now.plus.X` takes days and plain seconds besides Go durations."""
    matches_list_elements: bool
    """Parameter lists and comma-separated strings are also compared element by element."""
    lowercases_policies_parameter: bool
    """Values of the parameters `policies` and `token_policies` are lower-cased first."""
    help_needs_sudo: bool
    """Help on a root-protected path needs `sudo` (Vault before 1.13)."""
    root_in_child_namespace: bool
    """The `root` policy may be held in a child namespace, and is then root there and below."""
    self_requests_follow_token: bool
    """`auth/token/lookup-self`, `renew-self` and `revoke-self` always go to the namespace of the
    token, whatever the request names. Not determined for Vault."""
    legacy_default_policy: bool
    """The default policy also allows `sys/renew` and `sys/control-group/request`."""

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str | Dialect) -> Dialect:
        """The dialect of that name. Raises `UsageError` for an unknown one."""
        if isinstance(name, Dialect):
            return name
        try:
            return DIALECTS[name]
        except KeyError:
            known = ", ".join(DIALECTS)
            raise UsageError(f"unknown dialect `{name}`; known are {known}") from None


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            name="openbao-2.7",
            product="openbao",
            version=(2, 7),
            capabilities=_COMMON_CAPABILITIES | {Capability.SCAN},
            rule_keys=_COMMON_KEYS
            | {"expiration", "list_scan_response_keys_filter_path", "pagination_limit"},
            refuses_repeated_arguments=False,
            forgives_error_before_brace=False,
            openbao_control_groups=True,
            listing=Listing.WITH_SLASH_FIRST,
            template_slash=TemplateValue.NO_ACL,
            template_wildcard=TemplateValue.NO_ACL,
            time_offset_units=True,
            matches_list_elements=False,
            lowercases_policies_parameter=False,
            help_needs_sudo=False,
            root_in_child_namespace=True,
            self_requests_follow_token=True,
            legacy_default_policy=False,
        ),
        Dialect(
            name="vault-1.11",
            product="vault",
            version=(1, 11),
            capabilities=_COMMON_CAPABILITIES,
            rule_keys=_COMMON_KEYS,
            refuses_repeated_arguments=False,
            forgives_error_before_brace=True,
            openbao_control_groups=False,
            listing=Listing.WITH_SLASH_ONLY,
            template_slash=TemplateValue.USED,
            template_wildcard=TemplateValue.USED,
            time_offset_units=False,
            matches_list_elements=False,
            lowercases_policies_parameter=False,
            help_needs_sudo=True,
            root_in_child_namespace=False,
            self_requests_follow_token=False,
            legacy_default_policy=True,
        ),
        Dialect(
            name="vault-1.21",
            product="vault",
            version=(1, 21),
            capabilities=_COMMON_CAPABILITIES | {Capability.RECOVER, Capability.SUBSCRIBE},
            rule_keys=_COMMON_KEYS | {"subscribe_event_types"},
            refuses_repeated_arguments=True,
            forgives_error_before_brace=False,
            openbao_control_groups=False,
            listing=Listing.WITHOUT_SLASH_FIRST,
            template_slash=TemplateValue.UNKNOWN,
            template_wildcard=TemplateValue.UNKNOWN,
            time_offset_units=True,
            matches_list_elements=True,
            lowercases_policies_parameter=False,
            help_needs_sudo=False,
            root_in_child_namespace=False,
            self_requests_follow_token=False,
            legacy_default_policy=False,
        ),
        Dialect(
            name="vault-2.0",
            product="vault",
            version=(2, 0),
            capabilities=_COMMON_CAPABILITIES | {Capability.RECOVER, Capability.SUBSCRIBE},
            rule_keys=_COMMON_KEYS | {"subscribe_event_types"},
            refuses_repeated_arguments=True,
            forgives_error_before_brace=False,
            openbao_control_groups=False,
            listing=Listing.BEST_DENY_OR_LIST,
            template_slash=TemplateValue.USED,
            template_wildcard=TemplateValue.RULE_LEFT_OUT,
            time_offset_units=True,
            matches_list_elements=True,
            lowercases_policies_parameter=True,
            help_needs_sudo=False,
            root_in_child_namespace=False,
            self_requests_follow_token=False,
            legacy_default_policy=False,
        ),
    )
}
"""All dialects by name."""

DEFAULT_DIALECT = DIALECTS["vault-2.0"]
"""The newest Vault."""
