"""Templates filled with an identity. Recorded on OpenBao 2.7.2 as `template-*`; what other servers
do about `/`, `*` and `+` in a value was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy import Alias, Entity, Group, Token
from policy.acl import Problem, Table, build_table
from policy.acl.templates import uses_time
from policy.model import Dialect, Policy
from tests.acl.tables import OPENBAO, built, policies_of, table_of

ENTITY = Entity(
    id="e-1",
    name="ann",
    metadata={
        "team": "red",
        "a.b": "dotted",
        "empty": "",
        "slash": "x/y",
        "star": "x*",
        "plus": "+",
    },
    aliases=(
        Alias("al-1", "ann@ldap", "acc_1", {"uid": "7"}, {"custom": "c"}),
        Alias("al-2", "", "acc_2"),
    ),
)
GROUPS = (
    Group("g-1", "devs", {"tier": "gold"}),
    Group("g-2", "ops.eu"),
    Group("g-3", "away", namespace="ns1/"),
    Group("g-4", ""),
)
TOKEN = Token(entity=ENTITY, groups=GROUPS)
NOW = 1_000_000_000.7


def filled(template: str, token: Token = TOKEN, dialect: str = OPENBAO) -> str | None:
    """The path that `x/TEMPLATE` becomes; None where the rule is left out."""
    table = table_of(f'path "x/{template}" {{}}', token=token, dialect=dialect, now=NOW)
    assert len(table) + len(table.left_out) == 1
    for grant in table:
        return str(grant.pattern).removeprefix("x/")
    return None


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("identity.entity.id", "e-1"),
        ("identity.entity.name", "ann"),
        ("identity.entity.metadata.team", "red"),
        ("identity.entity.metadata.a.b", "dotted"),
        ("identity.entity.metadata.empty", ""),
        ("identity.entity.aliases.acc_1.id", "al-1"),
        ("identity.entity.aliases.acc_1.name", "ann@ldap"),
        ("identity.entity.aliases.acc_1.metadata.uid", "7"),
        ("identity.entity.aliases.acc_1.custom_metadata.custom", "c"),
        ("identity.groups.ids.g-1.id", "g-1"),
        ("identity.groups.ids.g-1.name", "devs"),
        ("identity.groups.ids.g-1.metadata.tier", "gold"),
        ("identity.groups.ids.g-2.name", "ops.eu"),
        ("identity.groups.ids.g-3.name", "away"),
        ("identity.groups.names.devs.id", "g-1"),
        ("identity.groups.names.devs.name", "devs"),
        ("identity.groups.names.devs.metadata.tier", "gold"),
        ("time.now", "1000000000"),
        ("time.now.plus.1h", "1000003600"),
        ("time.now.minus.1h", "999996400"),
        ("time.now.plus.90", "1000000090"),
        ("time.now.plus.1d", "1000086400"),
    ],
)
def test_selectors(selector: str, value: str) -> None:
    assert filled("{{" + selector + "}}") == value
    assert filled("{{ \t" + selector + "\u00a0}}/y") == value + "/y"


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "bogus",
        "identity",
        "identity.entity.",
        "identity.entity.ID",
        "identity.entity.metadata",
        "identity.entity.metadata.none",
        "identity.entity.metadata.Team",
        "identity.entity.groups.names",
        "identity.entity.aliases.acc_1",
        "identity.entity.aliases.acc_2.name",
        "identity.entity.aliases.acc_9.id",
        "identity.entity.aliases.acc_1.metadata.none",
        "identity.entity.aliases.acc_1.custom_metadata.none",
        "identity.entity.custom_metadata.custom",
        "identity.groups.ids.g-9.id",
        "identity.groups.ids.g-1",
        "identity.groups.ids.g-4.name",
        "identity.groups.names.ops.eu.id",
        "identity.groups.names.away.id",
        "identity.groups.other.devs.id",
        "identity.groups.names.devs.metadata.none",
        "time.then",
        "time.now.plus.x",
        "time.now.plus",
    ],
)
def test_without_a_value_the_rule_is_left_out(selector: str) -> None:
    assert filled("{{" + selector + "}}") is None


@pytest.mark.parametrize("selector", ["identity.entity.id", "identity.groups.ids.g-1.id"])
def test_without_an_identity(selector: str) -> None:
    assert filled("{{" + selector + "}}", Token()) is None


def test_time_needs_a_clock() -> None:
    assert len(table_of('path "{{time.now}}" {}', now=None)) == 0
    table = table_of('path "{{time.now}}" {}', now=NOW)
    assert table.expires_at == 1_000_000_001
    assert uses_time("a/{{ time.now }}")
    assert not uses_time("a/{{ identity.entity.id }}time.now")


def test_old_servers_take_durations_only() -> None:
    for offset in ("90", "1d", ""):
        assert filled(f"{{{{time.now.plus.{offset}}}}}", dialect="vault-1.11") is None
    assert filled("{{time.now.plus.90s}}", dialect="vault-1.11") == "1000000090"


def test_values_are_not_scanned_again() -> None:
    token = Token(entity=Entity("e", "{{identity.entity.id}}"))
    assert filled("{{identity.entity.name}}", token) == "{{identity.entity.id}}"


def test_group_names_are_those_of_the_policys_namespace() -> None:
    (plain,) = policies_of('path "{{identity.groups.names.away.id}}" {}')
    policy = Policy(plain.name, plain.rules, plain.source, namespace="ns1/")
    table = build_table([policy], TOKEN, Dialect.named(OPENBAO), NOW)
    assert isinstance(table, Table)
    assert set(table.exact) == {"ns1/g-3"}


# values that mean something in a path


@pytest.mark.parametrize(
    ("key", "dialect", "result"),
    [
        ("slash", "vault-1.11", "x/y"),
        ("slash", "vault-1.21", "undetermined"),
        ("slash", "vault-2.0", "x/y"),
        ("slash", OPENBAO, "no ACL"),
        ("star", "vault-1.11", "x*"),
        ("star", "vault-1.21", "undetermined"),
        ("star", "vault-2.0", None),
        ("star", OPENBAO, "no ACL"),
        ("plus", "vault-1.11", "+"),
        ("plus", "vault-1.21", "undetermined"),
        ("plus", "vault-2.0", None),
        ("plus", OPENBAO, "no ACL"),
    ],
)
def test_special_characters(key: str, dialect: str, result: str | None) -> None:
    template = f"{{{{identity.entity.metadata.{key}}}}}"
    table = built(f'path "x/{template}" {{}} path "y" {{}}', token=TOKEN, dialect=dialect, now=NOW)
    if isinstance(table, Problem):
        assert result == ("no ACL" if table.is_determined else "undetermined")
        assert "forbidden value" in table.message
        assert template in table.message
    else:
        assert filled(template, dialect=dialect) == result
        assert "y" in table.exact


def with_options(text: str, **options: bool) -> Table | Problem:
    (plain,) = policies_of(text)
    policy = replace(plain, **options)  # type: ignore[arg-type]
    return build_table([policy], TOKEN, Dialect.named(OPENBAO), NOW)


@pytest.mark.parametrize(
    ("key", "option", "pattern"),
    [
        ("slash", "allow_slashes_in_identity_templates", "x/y"),
        ("star", "allow_wildcards_in_identity_templates", "x*"),
        ("plus", "allow_wildcards_in_identity_templates", "+"),
    ],
)
def test_options_of_the_policy_lift_it(key: str, option: str, pattern: str) -> None:
    text = f'path "{{{{identity.entity.metadata.{key}}}}}" {{}}'
    table = with_options(text, **{option: True})
    assert isinstance(table, Table)
    assert [str(grant.pattern) for grant in table] == [pattern]
    assert isinstance(with_options(text), Problem)


def test_what_is_filled_in_may_spoil_the_pattern() -> None:
    text = 'path "a/{{identity.entity.metadata.plus}}*" {}'
    table = with_options(text, allow_wildcards_in_identity_templates=True)
    assert isinstance(table, Problem)
    assert table.message.startswith('"a/{{identity.entity.metadata.plus}}*": invalid use')


def test_from_left_to_right() -> None:
    missing, forbidden = "{{bogus}}", "{{identity.entity.metadata.slash}}"
    assert filled(missing + forbidden) is None
    assert isinstance(built(f'path "{forbidden}{missing}" {{}}', token=TOKEN), Problem)


def test_an_expired_rule_still_refuses_the_token() -> None:
    text = 'path "{{identity.entity.metadata.slash}}" { expiration = 5 }'
    assert isinstance(built(text, token=TOKEN, now=NOW), Problem)
