"""Parameter constraints. Recorded on OpenBao 2.7.2 as `params-*`; lists in Vault 1.21 and 2.0 were
read (rows 8 to 10 of the differences)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.evaluate.parameters import parameter_refusal
from policy.lower import compile_policy
from policy.model import Conditions, Dialect
from policy.source import Source
from tests.evaluate.acls import OPENBAO


def refused(body: str, data: dict[str, Any] | None, dialect: str = OPENBAO) -> str | None:
    """The reason a rule with these parameters refuses the data; None if it does not."""
    text = f'path "a" {{ {body} }}'
    compiled = compile_policy(Source.of(text), "p", Dialect.named(dialect))
    assert compiled.policy is not None
    conditions = compiled.policy.rules[0].conditions or Conditions({}, {})
    refusal = parameter_refusal(conditions, data, Dialect.named(dialect))
    if refusal is None:
        return None
    reason, words = refusal
    assert words
    return reason


REQUIRED, DENIED = "required-parameter", "denied-parameter"
VALUE, NAME = "value-not-allowed", "parameter-not-allowed"


@pytest.mark.parametrize(
    ("body", "data", "reason"),
    [
        ('required_parameters = ["k"]', {"k": None}, None),
        ('required_parameters = ["K"]', {"k": 1}, None),
        ('required_parameters = ["K"]', {"K": 1}, REQUIRED),
        ('required_parameters = ["k"]', None, REQUIRED),
        ('required_parameters = ["k"]', {}, REQUIRED),
        ('denied_parameters = { "*" = ["x"] }', {"a": 1}, DENIED),
        ('denied_parameters = { "*" = ["x"] }', {}, None),
        ('denied_parameters = { k = ["x"] }', {"K": "x"}, DENIED),
        ('denied_parameters = { k = ["x"] }', {"k": "y", "x": "x"}, None),
        ("denied_parameters = { k = [] }", {"k": None}, DENIED),
        ('allowed_parameters = { "*" = ["x"] }', {"a": 1}, None),
        ('allowed_parameters = { "*" = [], k = ["x"] }', {"a": 1}, None),
        ('allowed_parameters = { "*" = [], k = ["x"] }', {"k": "y"}, VALUE),
        ('allowed_parameters = { k = ["x"] }', {"K": "x"}, None),
        ('allowed_parameters = { k = ["x"] }', {"k": "y"}, VALUE),
        ('allowed_parameters = { k = ["x"] }', {"l": "x"}, NAME),
        ("allowed_parameters = { k = [] }", {"k": {}}, None),
        ("allowed_parameters = {}", {"k": 1}, None),
        # Denied counts before allowed.
        ("allowed_parameters = { k = [] } denied_parameters = { k = [] }", {"k": "x"}, DENIED),
    ],
)  # fmt: skip
def test_names(body: str, data: dict[str, Any] | None, reason: str | None) -> None:
    assert refused(body, data) == reason


@pytest.mark.parametrize(
    ("listed", "value", "is_in"),
    [
        ('"v"', "v", True),
        ('"v"', "V", False),
        ('"v*"', "vx", True),
        ('"v*"', "xv", False),
        ('"*v"', "xv", True),
        ('"*v*"', "xvx", True),
        ('"**"', "", True),
        ('"*"', "*", True),
        ('"*"', "x", False),
        ('""', "", True),
        ('"a*b"', "a*b", True),
        ('"a*b"', "axb", False),
        ("true", True, True),
        ("true", False, False),
        ("true", "true", False),
        ('"true"', True, False),
        ("5", 5, False),
        ("5", "5", False),
        ('"5"', 5, False),
        ("1.5", 1.5, False),
        ("1", True, False),
        ('["v"]', ["v"], True),
        ('["v"]', ["v", "w"], False),
        ('["v", "w"]', ["w", "v"], False),
        ('["v*"]', ["vx"], False),
        ("[5]", [5], False),
        ("[true]", [True], True),
        ('["v"]', "v", False),
        ('"v"', ["v"], False),
        ('{ x = ["y"] }', {"x": ["y"]}, True),
        ('{ x = ["y"] }', {"x": ["z"]}, False),
        ('{ x = "y" }', {"x": "y", "z": 1}, False),
        ('{ x = "y" }', ["x"], False),
        ('{ x = { y = "z" } }', {"x": {"y": "z"}}, False),
        ('{ x = { y = "z" } }', {"x": [{"y": "z"}]}, False),
        ('{ x = [{ y = "z" }] }', {"x": [{"y": "z"}]}, True),
        ('"v"', None, False),
        ('"v"', {}, False),
        ("{}", {}, True),
        ("[[]]", [[]], True),
    ],
)
def test_values(listed: str, value: Any, is_in: bool) -> None:
    assert refused(f"allowed_parameters = {{ k = [{listed}] }}", {"k": value}) == (
        None if is_in else VALUE
    )
    assert refused(f"denied_parameters = {{ k = [{listed}] }}", {"k": value}) == (
        DENIED if is_in else None
    )


@pytest.mark.parametrize(
    ("value", "allowed", "denied"),
    [
        (["v", "w"], True, True),
        (["w", "z"], False, True),
        (["z"], False, False),
        ([], True, False),
        ("v,w", True, True),
        (" v , z", False, True),
        ("", True, False),
        (("v",), True, True),
        (5, False, False),
        (None, False, False),
        ([["v"]], False, False),
        ({"v": 1}, False, False),
    ],
)
@pytest.mark.parametrize("dialect", ["vault-1.21", "vault-2.0"])
def test_newer_vaults_look_into_lists(
    value: Any, allowed: bool, denied: bool, dialect: str
) -> None:
    body = '_parameters = { k = ["v", "w"] }'
    assert (refused("allowed" + body, {"k": value}, dialect) is None) == allowed
    assert (refused("denied" + body, {"k": value}, dialect) == DENIED) == denied
    for old in (OPENBAO, "vault-1.11"):
        assert refused("allowed" + body, {"k": value}, old) == VALUE
        assert refused("denied" + body, {"k": value}, old) is None


@pytest.mark.parametrize("name", ["policies", "token_policies", "Policies"])
@pytest.mark.parametrize("value", ["Root", ["a", "ROOT"], ["a", "Root", 5], "a, rOOt"])
def test_vault_2_compares_names_of_policies_in_lower_case(name: str, value: Any) -> None:
    body = f'denied_parameters = {{ {name} = ["root"] }}'
    assert refused(body, {name: value}, "vault-2.0") == DENIED
    assert refused(body, {name: value}, "vault-1.21") is None
    assert (
        refused('denied_parameters = { other = ["root"] }', {"other": value}, "vault-2.0") is None
    )
    assert refused(body, {name: 5}, "vault-2.0") is None


def test_values_may_nest_deeper_than_a_stack() -> None:
    depth = 3000
    value: Any = "v"
    for _ in range(depth):
        value = [value]
    listed = "[" * depth + '"v"' + "]" * depth
    assert refused(f"denied_parameters = {{ k = [{listed}] }}", {"k": value}) == DENIED
    assert refused(f"denied_parameters = {{ k = [{listed}] }}", {"k": value[0]}) is None
