"""Requests, tokens, rules, templates, dialects: values that hold or are refused at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from policy import (
    DEFAULT_DIALECT,
    DIALECTS,
    STEP_DOWN,
    Alias,
    Capability,
    Dialect,
    Entity,
    Group,
    Operation,
    Request,
    Rule,
    Token,
    UsageError,
)
from policy.model import Listing, Selector, TemplateValue, split_template
from policy.source import Span

# operations and requests


def test_every_operation_says_what_it_needs() -> None:
    without = {operation for operation in Operation if operation.capability is None}
    assert without == {Operation.HEADER, Operation.HELP, Operation.WRITE}
    for operation in ("renew", "revoke", "rollback"):
        assert Operation(operation).capability is Capability.UPDATE
    assert {operation for operation in Operation if operation.is_listing} == {"list", "scan"}


def test_capabilities_stand_in_alphabetical_order() -> None:
    assert list(Capability) == sorted(Capability)


def test_a_request_takes_words_and_completes_the_namespace() -> None:
    request = Request("read", "a", "ns1")  # type: ignore[arg-type]  # words are welcome
    assert request.operation is Operation.READ
    assert request.namespace == "ns1/"
    assert Request(Operation.READ, "a", "ns1/").namespace == "ns1/"


def test_an_unknown_operation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown operation `fly`; known are create"):
        Request("fly", "a")  # type: ignore[arg-type]


def test_step_down_is_one_value() -> None:
    assert Request(Operation.UPDATE, "sys/step-down") == STEP_DOWN
    with pytest.raises(FrozenInstanceError):
        STEP_DOWN.path = "other"  # type: ignore[misc]


# tokens


def test_policies_are_a_list_of_names() -> None:
    with pytest.raises(UsageError, match="not one string"):
        Token("root")
    assert Token(["b", "a"]).policies == ("b", "a")
    assert hash(Token(["a"])) == hash(Token(("a",)))


def test_the_names_of_a_token_are_clean_single_and_sorted() -> None:
    token = Token([" B ", "a", "A", "", "  "])
    assert token.policy_names == (("", "a"), ("", "b"))


def test_entity_and_groups_bring_policies() -> None:
    entity = Entity("id", "name", policies=("e",))
    groups = (
        Group("g1", "one", policies=("g",)),
        Group("g2", "two", policies=("other",), namespace="ns1/"),
    )
    token = Token(["t"], entity, groups)
    assert token.policy_names == (("", "e"), ("", "g"), ("ns1/", "other"), ("", "t"))
    # Groups of a namespace above or beside that of the token do not count.
    below = Token(["t"], entity, groups, namespace="ns1/")
    assert below.policy_names == (("ns1/", "e"), ("ns1/", "other"), ("ns1/", "t"))


def test_an_alias_has_metadata_of_two_kinds() -> None:
    alias = Alias("id", "name", "accessor")
    assert alias.metadata == alias.custom_metadata == {}


# rules


def test_a_rule_denies_by_its_capability() -> None:
    deny = Rule("a", None, frozenset({Capability.DENY}), Span(0, 0))
    assert deny.is_deny
    assert not deny._replace(capabilities=frozenset()).is_deny


# templates


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ("a",)),
        ("", ("",)),
        ("{{x}}", ("", Selector("x"), "")),
        ("a/{{ x }}/b", ("a/", Selector("x"), "/b")),
        ("a{{x}}{{\u00a0y\n}}", ("a", Selector("x"), "", Selector("y"), "")),
        ("{{}}", ("", Selector(""), "")),
        ("{{{x}}}", ("", Selector("{x"), "}")),
        ("{a}", ("{a}",)),
    ],
)
def test_split_template(path: str, parts: tuple[str | Selector, ...]) -> None:
    assert split_template(path) == parts


@pytest.mark.parametrize("path", ["{{a", "a}}", "{{a}}}}", "{{{{a}}}}", "}}{{", "{{a}}}}{{b}}"])
def test_unbalanced_templates(path: str) -> None:
    with pytest.raises(ValueError, match="unbalanced template"):
        split_template(path)


# dialects


def test_dialects_by_name() -> None:
    assert Dialect.named("vault-1.11") is DIALECTS["vault-1.11"]
    assert Dialect.named(DEFAULT_DIALECT) is DEFAULT_DIALECT
    assert str(DEFAULT_DIALECT) == "vault-2.0"
    with pytest.raises(UsageError, match=r"unknown dialect `bao`; known are openbao-2\.7, vault-"):
        Dialect.named("bao")


def test_the_default_is_the_newest_vault() -> None:
    vaults = [dialect for dialect in DIALECTS.values() if dialect.product == "vault"]
    assert max(vaults, key=lambda dialect: dialect.version) is DEFAULT_DIALECT


def test_every_way_of_the_table_is_some_dialects() -> None:
    assert {dialect.listing for dialect in DIALECTS.values()} == set(Listing)
    treatments = {d.template_slash for d in DIALECTS.values()}
    treatments |= {d.template_wildcard for d in DIALECTS.values()}
    assert treatments == set(TemplateValue)


def test_every_column_tells_two_dialects_apart() -> None:
    """A field in which none differs would have no place in the table."""
    for field in fields(Dialect):
        values = [getattr(dialect, field.name) for dialect in DIALECTS.values()]
        assert any(value != values[0] for value in values), field.name
