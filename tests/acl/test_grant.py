"""Rules of one pattern, merged: the table of the specification, line by line. Recorded on OpenBao
2.7.2 as `merge-*`, `params-merge-*` and `hand-*`."""

from __future__ import annotations

from typing import Any

import pytest

from policy.acl import BITS
from policy.model import Capability, Conditions
from tests.acl.tables import grant_of, table_of

SECOND = 1_000_000_000


def words(*bodies: str) -> str:
    return " ".join(grant_of(*bodies).capabilities)


def conditions(*bodies: str) -> Conditions:
    found = grant_of(*bodies).conditions
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("bodies", "held"),
    [
        (['policy = "read"', 'capabilities = ["update"]'], "list read update"),
        (['policy = "read"', 'policy = "deny"'], "deny"),
        (['policy = "deny"', 'policy = "read"'], "deny"),
        (['policy = "read"', ""], "list read"),
        (["", 'policy = "read"'], "list read"),
        (["", ""], ""),
        (["", 'policy = "deny"', ""], "deny"),
    ],
)
def test_capabilities_are_united_but_one_deny_is_all(bodies: list[str], held: str) -> None:
    assert words(*bodies) == held
    assert grant_of(*bodies).is_deny == (held == "deny")


@pytest.mark.parametrize(
    ("first", "later", "merged"),
    [
        ("{}", '{ k = ["1"] }', {"k": ("1",)}),
        ('{ k = ["1"] }', "{}", {"k": ("1",)}),
        ('{ k = ["1"] }', '{ k = ["2"] }', {"k": ("2", "1")}),
        ('{ k = ["1"] }', "{ k = [] }", {"k": ()}),
        ("{ k = [] }", '{ k = ["2"] }', {"k": ()}),
        ('{ k = ["1"] }', '{ l = ["2"] }', {"k": ("1",), "l": ("2",)}),
        ('{ K = ["1"] }', '{ k = ["1"] }', {"k": ("1", "1")}),
    ],
)
@pytest.mark.parametrize("attribute", ["allowed_parameters", "denied_parameters"])
def test_parameters(attribute: str, first: str, later: str, merged: dict[str, Any]) -> None:
    found = conditions(f"{attribute} = {first}", f"{attribute} = {later}")
    assert getattr(found, attribute) == merged


def test_a_rule_without_parameters_does_not_lift_those_of_another() -> None:
    grant = grant_of(
        'capabilities = ["update"]', 'capabilities = ["read"] allowed_parameters = { k = ["1"] }'
    )
    assert " ".join(grant.capabilities) == "read update"
    assert grant.conditions is not None
    assert grant.conditions.allowed_parameters == {"k": ("1",)}


@pytest.mark.parametrize(
    ("first", "later", "merged"),
    [
        ('["a"]', '["b"]', ("a", "b")),
        ('["a"]', '["a", "A"]', ("a", "A")),
        ('["a"]', '["b", "b"]', ("a", "b")),
        ("[]", '["b", "b"]', ("b", "b")),
        ('["a", "a"]', '["b"]', ("a", "a", "b")),
    ],
)
@pytest.mark.parametrize("attribute", ["required_parameters", "mfa_methods"])
def test_names_are_united(attribute: str, first: str, later: str, merged: tuple[str, ...]) -> None:
    found = conditions(f"{attribute} = {first}", f"{attribute} = {later}")
    assert getattr(found, attribute) == merged


@pytest.mark.parametrize(
    ("first", "later", "merged"),
    [(0, 5, 5), (5, 0, 5), (5, 3, 3), (3, 5, 3), (-5, 3, -5), (3, -5, 3), (0, -5, 0), (0, 0, 0)],
)
def test_of_two_ttls_the_smaller_positive_one_counts(first: int, later: int, merged: int) -> None:
    for name in ("min_wrapping_ttl", "max_wrapping_ttl"):
        # The required parameter makes sure that there are conditions at all.
        found = conditions(f'{name} = {first} required_parameters = ["x"]', f"{name} = {later}")
        assert getattr(found, name) == merged * SECOND


def test_merging_can_make_ttls_that_contradict_each_other() -> None:
    found = conditions("min_wrapping_ttl = 10", "max_wrapping_ttl = 5")
    assert (found.min_wrapping_ttl, found.max_wrapping_ttl) == (10 * SECOND, 5 * SECOND)


@pytest.mark.parametrize(
    ("first", "later", "merged"), [(0, 5, 5), (5, 0, 5), (5, 3, 3), (-5, 3, 3), (3, -5, 3)]
)
def test_the_smallest_positive_limit_counts(first: int, later: int, merged: int) -> None:
    found = conditions(f"pagination_limit = {first}", f"pagination_limit = {later}")
    assert found.pagination_limit == merged


def test_the_first_list_filter_counts() -> None:
    one, two = (
        f'policy = "read" list_scan_response_keys_filter_path = "{text}{{{{ .key }}}}"'
        for text in ("x", "y")
    )
    assert conditions(one, two).list_filter == "x{{ .key }}"
    assert conditions('required_parameters = ["x"]', two, one).list_filter == "y{{ .key }}"


def test_the_first_rules_control_group_counts_even_where_it_has_none() -> None:
    group = """control_group {
      factor "f" {
        controlled_capabilities = ["read"]
        identity {
          group_names = ["g"]
          approvals = 1
        }
      }
    }"""
    assert conditions(group, 'required_parameters = ["x"]').control_group is not None
    assert conditions('required_parameters = ["x"]', group).control_group is None
    assert conditions("", group + ' required_parameters = ["x"]').control_group is None


def test_a_deny_keeps_only_what_was_required_before_it() -> None:
    one = 'policy = "read" required_parameters = ["x"] allowed_parameters = { k = [] }'
    assert grant_of('policy = "deny"', one).conditions is None
    assert grant_of(one, 'policy = "deny"').conditions == Conditions({}, {}, ("x",))
    assert grant_of('policy = "read"', 'policy = "deny"').conditions is None


def test_every_rule_is_remembered_with_its_policy() -> None:
    grant = grant_of('policy = "read"', "", 'policy = "deny"')
    assert [policy.name for policy, _ in grant.rules] == ["p0", "p1", "p2"]


def test_the_same_pattern_however_it_is_written() -> None:
    assert len(table_of('path "/a" {} path "a" {}')) == 1
    assert len(table_of('path "a/*" {} path "a/" {} path "a" {}')) == 3


def test_every_capability_has_a_bit_of_its_own() -> None:
    assert sorted(BITS.values()) == [1 << at for at in range(len(Capability))]
