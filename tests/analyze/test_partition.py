"""A partition says of every path what the evaluator says."""

from __future__ import annotations

from random import Random

import pytest

import policy
from policy.analyze.partition import Lookup, Partition, request_path
from policy.analyze.path_set import PathSet
from policy.evaluate import Reason
from policy.model import DIALECTS, Operation, byte_text, plain_text
from tests.analyze.worlds import MOUNTS, NAMESPACES, NOW, paths_near, random_acl, random_text

ASKED = [Operation(o) for o in ("create", "read", "update", "delete", "list", "patch", "scan")]


def check(partition: Partition, operation: Operation, path: str) -> None:
    decision = partition.acl.decide(policy.Request(operation, path))
    sent = byte_text(path).lstrip("/")
    if operation.is_listing:
        sent = sent.removesuffix("/")
    cell = partition.cell(operation, sent)
    if decision.reason is Reason.REFUSED_BEFORE_ACL:
        return  # what the form of a path decides is asked of the witness, not of the cell
    assert cell.lets(operation) is decision.allowed, (operation, path)
    if not decision.allowed or decision.reason is Reason.GRANTED:
        assert cell.deciding is decision.grant, (operation, path)
        protected = None if decision.grant is None else cell.guarded.protected
        assert (protected is None) is (decision.fact is None or decision.grant is None)


@pytest.mark.parametrize("seed", range(40))
def test_cells_agree_with_decisions(seed: int) -> None:
    random = Random(seed)
    acl = random_acl(random)
    partition = Partition(acl)
    for path in paths_near(random, acl, 400):
        for operation in ASKED:
            check(partition, operation, path)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_cell_has_a_witness_that_the_evaluator_confirms(dialect: str) -> None:
    for seed in range(8):
        partition = Partition(random_acl(Random(seed), dialect=dialect))
        for lookup in Lookup:
            whole = []
            for cell, paths in partition.divided(lookup):
                whole.append(paths)
                for operation in ASKED:
                    if Lookup.of(operation) is not lookup:
                        continue
                    found = request_path(partition.acl, paths.node, operation)
                    if found is not None:
                        decision = partition.acl.decide(
                            policy.Request(operation, plain_text(found))
                        )
                        assert decision.allowed is cell.lets(operation), (found, operation)
            assert PathSet.union(whole) == PathSet.everything()
            assert sum(map(bool, whole)) == len(whole)


@pytest.mark.parametrize("namespace", ["", "ns/"])
def test_root_is_root_in_its_namespace(namespace: str) -> None:
    token = policy.Token(["root"], namespace=namespace)
    policies = policy.PolicySet([], "openbao-2.7")
    acl = policies.acl(token, mounts=MOUNTS, namespaces=NAMESPACES, now=NOW)
    assert acl.is_root
    partition = Partition(acl)
    for path in paths_near(Random(1), acl, 500):
        for operation in ASKED:
            check(partition, operation, path)


def test_an_acl_that_cannot_be_built_allows_nothing() -> None:
    text = 'path "a/{{identity.entity.name}}" { capabilities = ["read"] }'
    policies = policy.PolicySet([policy.parse(text, "p", dialect="openbao-2.7")], "openbao-2.7")
    entity = policy.Entity("i", "has/slash")
    acl = policies.acl(policy.Token(["p"], entity), now=NOW)
    assert acl.error
    assert Partition(acl).allowed(Operation.READ).isdisjoint(PathSet.matching("a/*"))


def test_allowed_is_the_set_of_all_allowed_paths() -> None:
    random = Random(7)
    acl = random_acl(random, dialect="openbao-2.7", text=random_text(random, 20))
    partition = Partition(acl)
    for operation in ASKED:
        allowed = partition.allowed(operation)
        for path in paths_near(random, acl, 500):
            decision = acl.decide(policy.Request(operation, path))
            if decision.reason is not Reason.REFUSED_BEFORE_ACL:
                asked = path.removesuffix("/") if operation.is_listing else path
                assert (asked in allowed) is decision.allowed
