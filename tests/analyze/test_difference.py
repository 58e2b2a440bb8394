"""A difference says what two evaluators decide differently, all of it and nothing else."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

import policy
from policy.analyze.difference import OPERATIONS, Change, Direction, difference
from policy.model import DIALECTS, Operation, byte_text
from tests.analyze.worlds import MOUNTS, NAMESPACES, NOW, paths_near, random_acl, random_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy import ACL


def acl(text: str, dialect: str = "openbao-2.7", mounts: policy.MountTable = MOUNTS) -> ACL:
    policies = policy.PolicySet([policy.parse(text, "p", dialect=dialect)], dialect)
    return policies.acl(policy.Token(["p"]), mounts=mounts, now=NOW)


def edited(random: Random, text: str) -> str:
    """The rules with some changed, left out, or new."""
    lines = []
    for line in text.split("\n"):
        match random.randrange(5):
            case 0:
                lines.append(random_text(random, 1))
            case 1:
                pass
            case _:
                lines.append(line)
    return "\n".join(lines)


def reported(changes: Sequence[Change], operation: Operation, path: str) -> set[Direction]:
    sent = byte_text(path).lstrip("/")
    if operation.is_listing:
        sent = sent.removesuffix("/")
    return {
        each.direction
        for change in changes
        if change.is_listing is operation.is_listing and policy_path(sent) in change.paths
        for each in change.operations
        if each.operation is operation
    }


def policy_path(sent: str) -> str:
    return sent.encode("latin-1").decode("utf-8", "surrogateescape")


def check_complete(old: ACL, new: ACL, random: Random, count: int) -> None:
    changes = difference(old, new)
    for path in [*paths_near(random, old, count), *paths_near(random, new, count)]:
        if old.namespaces != new.namespaces and path in NAMESPACES:
            continue  # a write to it is refused by the one and looked up by the other
        for operation in OPERATIONS:
            request = policy.Request(operation, path)
            had, has = old.decide(request).allowed, new.decide(request).allowed
            said = reported(changes, operation, path)
            if had != has:
                assert said == {Direction.GAINED if has else Direction.LOST}, request
            elif said and (had or has):
                # Both allow: conditions, or a path that is refused before any rule is looked at.
                assert not said & {Direction.GAINED, Direction.LOST}, request


@pytest.mark.parametrize("seed", range(25))
def test_nothing_lies_outside_what_is_reported(seed: int) -> None:
    random = Random(seed)
    dialect = random.choice(tuple(DIALECTS))
    text = random_text(random, random.choice((2, 5, 10)))
    old = random_acl(Random(seed), dialect=dialect, text=text)
    new = random_acl(Random(seed), dialect=dialect, text=edited(random, text))
    check_complete(old, new, random, 150)


@pytest.mark.parametrize("seed", range(10))
def test_servers_are_compared_too(seed: int) -> None:
    random = Random(seed)
    text = random_text(random, 8)
    check_complete(
        acl(text, random.choice(tuple(DIALECTS))),
        acl(text, random.choice(tuple(DIALECTS))),
        random,
        200,
    )
    check_complete(acl(text), acl(text, mounts=policy.MountTable.default()), random, 200)


@pytest.mark.parametrize("seed", range(6))
def test_knowing_of_namespaces_makes_a_difference(seed: int) -> None:
    random = Random(seed)
    text = random_text(random, 12) + '\npath "ns/*" { capabilities = ["update", "read"] }'
    policies = policy.PolicySet([policy.parse(text, "p", dialect="openbao-2.7")], "openbao-2.7")
    flat, nested = (
        policies.acl(policy.Token(["p"]), mounts=MOUNTS, namespaces=known, now=NOW)
        for known in ((), NAMESPACES)
    )
    check_complete(flat, nested, random, 150)
    assert difference(flat, nested)


def test_one_rule_that_takes_away_from_another() -> None:
    old = acl('path "secret/*" { capabilities = ["read", "list"] }')
    new = acl(
        'path "secret/*" { capabilities = ["read", "list"] }\n'
        'path "secret/app/*" { capabilities = ["read"] }'
    )
    (change,) = difference(old, new)
    assert str(change.paths) == "`secret/app` and `secret/app/*`"
    assert change.is_listing
    assert [(c.operation, c.direction) for c in change.operations] == [("list", "lost")]
    assert str(change.old and change.old.pattern) == "secret/*"
    assert str(change.new and change.new.pattern) == "secret/app/*"
    (lost,) = change.operations
    assert lost.old.allowed
    assert not lost.new.allowed
    assert lost.old.request == lost.new.request


def test_root_protected_paths_come_first() -> None:
    old = acl('path "sys/*" { capabilities = ["update"] }')
    new = acl(
        'path "sys/*" { capabilities = ["update", "sudo"] }\npath "a" { capabilities = ["read"] }'
    )
    changes = difference(old, new)
    protected = [bool(change.protected) for change in changes]
    assert protected == sorted(protected, reverse=True)
    assert "sys/step-down" in next(c for c in changes if "sys/step-down" in c.paths).paths
    assert not any(not c.protected and c.paths >= changes[0].paths for c in changes[1:])


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("", 'required_parameters = ["ticket"]', "tightened"),
        ('required_parameters = ["ticket"]', "", "loosened"),
        ('denied_parameters = { "a" = ["x*"] }', 'denied_parameters = { "a" = [] }', "tightened"),
        ('allowed_parameters = { "a" = ["x"] }', 'allowed_parameters = { "a" = [] }', "loosened"),
        ('min_wrapping_ttl = "10s"', 'min_wrapping_ttl = "20s"', "tightened"),
        ('max_wrapping_ttl = "10s"', 'max_wrapping_ttl = "20s"', "loosened"),
        (
            'min_wrapping_ttl = "5s"\n max_wrapping_ttl = "10s"',
            'min_wrapping_ttl = "5s"',
            "loosened",
        ),
        (
            'max_wrapping_ttl = "10s"',
            'min_wrapping_ttl = "5s"\n max_wrapping_ttl = "10s"',
            "tightened",
        ),
    ],
)
def test_conditions_are_compared_by_requests(before: str, after: str, direction: str) -> None:
    rule = 'path "c" {{ capabilities = ["update"] {} }}'
    (change,) = difference(acl(rule.format("\n" + before)), acl(rule.format("\n" + after)))
    (each,) = change.operations
    assert each.direction == direction
    assert each.old.allowed is not each.new.allowed


def test_page_sizes_are_compared() -> None:
    rule = 'path "c/*" {{ capabilities = ["list"]\n pagination_limit = {} }}'
    (change,) = difference(acl(rule.format(5)), acl(rule.format(10)))
    (each,) = change.operations
    assert each.direction == "loosened"
    assert each.old.request.data == {"limit": "6"}
    assert not difference(acl(rule.format(0)), acl(rule.format(-1)))


def test_conditions_that_come_to_the_same_are_no_difference() -> None:
    rule = 'path "c" {{ capabilities = ["update"]\n allowed_parameters = {{ {} }} }}'
    assert not difference(
        acl(rule.format('"b" = ["x", "y"]\n "c" = []')),
        acl(rule.format('"c" = []\n "b" = ["y", "x"]')),
    )


def test_a_rule_nobody_can_meet_allows_nothing() -> None:
    rule = 'path "c" {{ capabilities = ["update"]\n {} }}\n'
    never = rule.format('min_wrapping_ttl = "9s"') + rule.format('max_wrapping_ttl = "3s"')
    assert not difference(acl('path "b" { capabilities = [] }'), acl(never))


def test_equal_texts_do_not_differ() -> None:
    text = random_text(Random(3), 20)
    assert difference(acl(text), acl(text)) == ()
