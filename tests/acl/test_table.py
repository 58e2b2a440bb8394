"""The lookup of the winning rule, and how LIST finds one on each server."""

from __future__ import annotations

import pytest

from policy.acl import build_table
from policy.model import DIALECTS, Policy, Token, byte_text
from tests.acl.tables import OPENBAO, policies_of, table_of, winner

PATTERNS = """
path "a" {}
path "a/b" {}
path "a/*" {}
path "a/+" {}
path "a/+/c" {}
path "é/+" {}
path "" {}
"""


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("a", "a"),
        ("a/", "a/+"),
        ("a/b", "a/b"),
        ("a/x", "a/+"),
        ("a/x/c", "a/+/c"),
        ("a/x/d", "a/*"),
        ("é/x", "é/+"),
        ("", ""),
        ("b", None),
    ],
)
def test_find(path: str, pattern: str | None) -> None:
    assert winner(table_of(PATTERNS), path) == pattern


def test_a_rule_that_grants_nothing_wins_like_any_other() -> None:
    table = table_of('path "a" {} path "*" { policy = "read" }')
    assert winner(table, "a") == "a"


LISTINGS = [
    # policy, path, then the winner of 1.11, 1.21, 2.0 and OpenBao 2.7
    ('path "a/b/" {} path "a/b" {} path "a/*" {}', "a/b/", "a/b/ a/b/ a/b/ a/b/"),
    ('path "a/b" {} path "a/*" {}', "a/b/", "a/b a/b a/b a/b"),
    ('path "a/+" {}', "a/b/", "- a/+ a/+ a/+"),
    (
        'path "a/*" {policy = "read"} path "a/b/*" {policy = "deny"}',
        "a/b/",
        "a/b/* a/* a/b/* a/b/*",
    ),
    ('path "a/+" {policy = "read"} path "a/*" {policy = "deny"}', "a/b/", "a/* a/+ a/+ a/*"),
    (
        'path "a/*" {policy = "read"} path "a/b/*" {capabilities = ["read"]}',
        "a/b/",
        "a/b/* a/* a/* a/b/*",
    ),
    ('path "a/+/" {} path "a/+" {policy = "read"}', "a/b/", "a/+/ a/+ a/+ a/+/"),
    ('path "a/*" {}', "a/b", "a/* a/* a/* a/*"),
    ('path "a/*" {policy = "read"} path "a/b*" {}', "a/b", "a/b* a/b* a/b* a/b*"),
    ('path "b" {}', "a/", "- - - -"),
    ('path "b" {}', "a", "- - - -"),
]


@pytest.mark.parametrize(("text", "path", "winners"), LISTINGS)
def test_find_listing(text: str, path: str, winners: str) -> None:
    dialects = ("vault-1.11", "vault-1.21", "vault-2.0", OPENBAO)
    found = [winner(table_of(text, dialect=d), path, listing=True) or "-" for d in dialects]
    assert found == winners.split()


def test_find_listing_with_the_slash_still_missing() -> None:
    for dialect in DIALECTS:
        for text, path, _ in LISTINGS:
            table = table_of(text, dialect=dialect)
            sent = path.removesuffix("/")
            assert table.find_sent_listing(sent) == table.find_listing(sent + "/")
            assert table.find_sent_listing(sent + "/") == table.find_listing(sent + "/")


def test_vault_2_takes_the_best_deny_or_the_best_rule_that_lists() -> None:
    def found(*rules: tuple[str, str]) -> str | None:
        text = "".join(f'path "{path}" {{ policy = "{word}" }} ' for path, word in rules)
        return winner(table_of(text, dialect="vault-2.0"), "a/b/c", listing=True)

    assert found(("a/*", "read"), ("a/b/*", "deny")) == "a/b/*"
    assert found(("a/*", "deny"), ("a/b/*", "read")) == "a/b/*"
    assert found(("a/+/c", "deny"), ("a/b/*", "read"), ("+/b/c", "")) == "a/b/*"
    assert found(("a/+/c", ""), ("+/b/c", "read")) == "+/b/c"
    assert found(("a/+/c", ""), ("+/b/c", "")) == "a/+/c"


@pytest.mark.parametrize(
    ("dialect", "forms"),
    [
        ("vault-1.11", [("a/b", "a/b"), ("a/b/", "a/*"), ("a/b/", "*")]),
        (
            "vault-1.21",
            [
                ("a/b", "a/b"),
                ("a/b", "a/+"),
                ("a/b", "a/*"),
                ("a/b", "*"),
                ("a/b/", "a/*"),
                ("a/b/", "*"),
            ],
        ),
        (
            OPENBAO,
            [
                ("a/b", "a/b"),
                ("a/b/", "a/*"),
                ("a/b/", "*"),
                ("a/b", "a/+"),
                ("a/b", "a/*"),
                ("a/b", "*"),
            ],
        ),
    ],
)
def test_candidates_of_a_listing(dialect: str, forms: list[tuple[str, str]]) -> None:
    table = table_of('path "a/b" {} path "a/+" {} path "a/*" {} path "*" {}', dialect=dialect)
    found = table.candidates("a/b/", listing=True)
    assert [(form, str(grant.pattern)) for form, grant in found] == forms


def test_candidates_of_anything_else() -> None:
    table = table_of('path "a/b" {} path "a/+" {} path "a/b/" {} path "*" {}')
    found = table.candidates("a/b", listing=False)
    assert [(form, str(grant.pattern)) for form, grant in found] == [
        ("a/b", "a/b"),
        ("a/b", "a/+"),
        ("a/b", "*"),
    ]
    assert table.candidates("c/", listing=False)[0][0] == "c/"
    assert table.candidates("a/b/", listing=False)[0][1].pattern.text == "a/b/"


def test_the_first_candidate_is_the_winner() -> None:
    for dialect in DIALECTS:
        if dialect == "vault-2.0":
            continue  # there a listing is no matter of order
        for text, path, _ in LISTINGS:
            table = table_of(text, dialect=dialect)
            found = table.candidates(path, listing=True)
            assert (found[0][1] if found else None) == table.find_listing(path)


def test_size_and_content() -> None:
    table = table_of(PATTERNS)
    assert len(table) == len(list(table)) == 7


# expiration


def test_expired_rules_are_dropped_before_merging() -> None:
    text = """
    path "a" { policy = "deny" expiration = 100 }
    path "a" { policy = "read" }
    path "b" { policy = "read" expiration = 200 }
    """
    table = table_of(text, now=150)
    assert [(str(g.pattern), " ".join(g.capabilities)) for g in table] == [
        ("a", "list read"),
        ("b", "list read"),
    ]
    assert table.expires_at == 200
    assert len(table_of(text, now=201)) == 1
    assert table_of(text, now=201).expires_at is None
    assert table_of(text, now=0).expires_at == 100
    # Without a clock nothing counts as expired.
    assert table_of(text, now=None).exact["a"].is_deny


def test_a_policy_may_expire_as_a_whole() -> None:
    (plain,) = policies_of('path "a" {}')
    policy = Policy(plain.name, plain.rules, plain.source, expiration=50.0)
    table = build_table([policy], Token(), DIALECTS[OPENBAO], 0)
    assert getattr(table, "expires_at", None) == 50.0


# namespaces


def test_the_namespace_of_a_policy_stands_before_its_patterns() -> None:
    (plain,) = policies_of('path "+a" { policy = "read" } path "/b" {}')
    policy = Policy(plain.name, plain.rules, plain.source, namespace="ns1/")
    table = build_table([policy], Token(), DIALECTS[OPENBAO], 0)
    assert {str(grant.pattern) for grant in table} == {"ns1/+a", "ns1/b"}  # type: ignore[union-attr]


def test_not_ascii() -> None:
    table = table_of('path "é" {} path "é/+" {}')
    assert byte_text("é") in table.exact
    assert winner(table, "é/é") == "é/+"
