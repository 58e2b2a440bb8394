"""Who can: nobody is left out because their policies were not even merged."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

import policy
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.path_set import PathSet
from policy.analyze.who_can import Question, who_can
from policy.evaluate import Reason
from policy.model import DIALECTS, Operation
from tests.analyze.worlds import MOUNTS, NAMESPACES, NOW, paths_near, random_text

_QUESTIONS = (
    *("+", "*", "ns", "ns/*", "+/ns", "a/+", "sys/raw/*", "auth/token/+", "auth/token/lookup-self"),
    *("kv", "n*", "ns/auth/token/renew-self", "sys/step-down", "a/b"),
)


def random_world(random: Random, dialect: str) -> tuple[policy.PolicySet, Inventory]:
    policies = []
    for number in range(4):
        text = random_text(random, random.choice((1, 3, 6)))
        parsed = policy.parse(text, f"p{number}", dialect=dialect, now=NOW)
        policies.append(replace(parsed, namespace=random.choice(("", "", "ns/"))))
    holders = []
    for number in range(6):
        own = random.choice(("", "", "ns/"))
        names = random.choice((["root"], *(random.sample(["p0", "p1", "p2", "p3"], 2),) * 5))
        token = policy.Token(names, namespace=own)
        holders.append(Holder(HolderKind.TOKEN, f"t{number}", token))
    return policy.PolicySet(policies, dialect), Inventory(tuple(holders), MOUNTS, NAMESPACES)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_who_can_is_what_the_evaluator_says(dialect: str) -> None:
    for seed in range(12):
        random = Random(seed)
        policies, inventory = random_world(random, dialect)
        words = random.choice(("read", "update", "list", "delete", "create"))
        question = Question.of(words, random.choice(_QUESTIONS))
        found = {
            who.holder.name: PathSet.union(row.paths for row in who.rows)
            for who in who_can(policies, question, inventory, now=NOW)
        }
        operation = Operation(words)
        for holder in inventory.holders:
            acl = inventory.acl(policies, holder, now=NOW)
            near = [*paths_near(random, acl, 60), "ns", "ns/ns", "n", "a", "auth/token/lookup-self"]
            for path in (*near, "ns/auth/token/renew-self", "ns/auth/token/lookup"):
                path = path.strip("/")
                asked = question.pattern.matches(path) or (
                    operation.is_listing and question.pattern.matches(path + "/")
                )
                if not asked:
                    continue
                decision = acl.decide(policy.Request(operation, path))
                if decision.reason is Reason.REFUSED_BEFORE_ACL:
                    continue
                can = decision.allowed and decision.reason is not Reason.UNAUTHENTICATED
                paths = found.get(holder.name, PathSet.nothing())
                assert (path in paths) is can, (seed, question, holder, path)


@pytest.mark.parametrize("asked", ["ns", "+", "n*", "*"])
def test_the_bare_name_of_a_namespace_is_looked_up_inside_it(asked: str) -> None:
    text = 'path "ns/ns" { capabilities = ["read"] }'
    policies = policy.PolicySet([policy.parse(text, "p", now=NOW)])
    holder = Holder(HolderKind.TOKEN, "t", policy.Token(["p"]))
    inventory = Inventory((holder,), MOUNTS, ("ns/",))
    (who,) = who_can(policies, Question.of("read", asked), inventory, now=NOW)
    assert "ns" in PathSet.union(row.paths for row in who.rows)
