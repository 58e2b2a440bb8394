"""A table of what can be done, and who can, against the evaluator."""

from __future__ import annotations

from random import Random

import pytest

import policy
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.reach import reach
from policy.analyze.who_can import Question, who_can
from policy.evaluate import Reason
from policy.model import DIALECTS, Capability, Operation
from tests.analyze.worlds import MOUNTS, NOW, paths_near, random_acl, random_text

ASKED = [Operation(o) for o in ("create", "read", "update", "delete", "list", "patch")]


@pytest.mark.parametrize("seed", range(25))
def test_the_table_holds_exactly_what_is_allowed(seed: int) -> None:
    random = Random(seed)
    acl = random_acl(random)
    rows = reach(acl)
    for path in paths_near(random, acl, 200):
        for operation in ASKED:
            decision = acl.decide(policy.Request(operation, path))
            if decision.reason is Reason.REFUSED_BEFORE_ACL:
                continue
            asked = path.lstrip("/")
            if operation.is_listing:
                asked = asked.removesuffix("/")
            holding = [
                row
                for row in rows
                if operation in row.operations
                and row.is_listing is operation.is_listing
                and asked in row.paths
            ]
            allowed = decision.allowed and decision.reason is not Reason.UNAUTHENTICATED
            assert len(holding) == int(allowed), (operation, path)
            if allowed:
                assert holding[0].grant is decision.grant
                assert bool(holding[0].protected) is decision.is_root_protected


def test_every_row_is_shown_by_allowed_requests() -> None:
    for seed in range(10):
        for row in reach(random_acl(Random(seed))):
            assert row.decisions
            for decision in row.decisions:
                assert decision.allowed
                assert decision.grant is row.grant


@pytest.mark.parametrize("dialect", DIALECTS)
def test_who_can_agrees_with_every_acl(dialect: str) -> None:
    random = Random(dialect)
    policies = policy.PolicySet(
        [policy.parse(random_text(random, 6), f"p{n}", dialect=dialect) for n in range(6)], dialect
    )
    holders = tuple(
        Holder(
            HolderKind.TOKEN, f"t{n}", policy.Token(random.sample([f"p{i}" for i in range(6)], 2))
        )
        for n in range(10)
    )
    inventory = Inventory(holders, MOUNTS)
    some = inventory.acl(policies, holders[0], now=NOW)
    for path in paths_near(random, some, 60):
        for word in ("read", "update+sudo", "list", "create"):
            question = Question.of(word, path)
            found = {who.holder.name for who in who_can(policies, question, inventory, now=NOW)}
            for holder in holders:
                acl = inventory.acl(policies, holder, now=NOW)
                if not question.is_one_path:
                    continue
                decision = acl.decide(policy.Request(question.operation, path))
                expected = decision.allowed and decision.reason is not Reason.UNAUTHENTICATED
                if question.needs_sudo and expected:
                    assert decision.grant is not None
                    expected = Capability.SUDO in decision.grant.capabilities
                assert (holder.name in found) is expected, (word, path, holder)


def test_who_can_tells_the_exact_part_of_a_pattern() -> None:
    text = (
        'path "secret/data/*" { capabilities = ["read"] }\n'
        'path "secret/data/app/*" { capabilities = ["deny"] }\n'
    )
    policies = policy.PolicySet([policy.parse(text, "p")])
    inventory = Inventory((Holder(HolderKind.TOKEN, "t", policy.Token(["p"])),))
    (who,) = who_can(policies, Question.of("read", "secret/data/a*"), inventory, now=NOW)
    (row,) = who.rows
    assert str(row.paths) == "`secret/data/a*` except `secret/data/app/*`"


@pytest.mark.parametrize(
    ("operation", "path"), [("fly", "a"), ("read+list", "a"), ("read", "a/+*")]
)
def test_questions_that_cannot_be_asked(operation: str, path: str) -> None:
    with pytest.raises(policy.UsageError):
        Question.of(operation, path)


def test_a_namespace_can_be_written_to() -> None:
    """The one write that ends in a slash (OpenBao 2.7.2)."""
    policies = policy.PolicySet(
        [policy.parse('path "ns/" { capabilities = ["update"] }', "p", dialect="openbao-2.7")],
        "openbao-2.7",
    )
    (row,) = reach(policies.acl(policy.Token(["p"]), namespaces=["ns/"], now=NOW))
    assert [decision.request.path for decision in row.decisions] == ["ns/"]
    assert reach(policies.acl(policy.Token(["p"]), now=NOW)) == ()


def test_a_pattern_for_lists_is_read_with_the_slash_that_is_appended() -> None:
    policies = policy.PolicySet([policy.parse('path "a/*" { capabilities = ["list"] }', "p")])
    inventory = Inventory((Holder(HolderKind.TOKEN, "t", policy.Token(["p"])),))
    (who,) = who_can(policies, Question.of("list", "a/*"), inventory, now=NOW)
    (row,) = who.rows
    assert "a" in row.paths
    assert row.decisions[0].request.path == "a"
