"""Grants of the catalogue: found group by group, and by the paths they cover."""

from __future__ import annotations

from random import Random

import pytest

import policy
from policy.analyze import catalogue as module
from policy.analyze.catalogue import Catalogue
from policy.analyze.escalate import escalate
from policy.analyze.findings import findings
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.path_set import PathSet
from policy.analyze.prospects import Prospects
from policy.catalog.escalations import Impact
from policy.evaluate import ACL, Reason
from policy.model import DIALECTS, Operation
from tests.analyze.worlds import NOW

MOUNTS = policy.MountTable.default().with_mounts(
    {"secret": "kv-v2", "pki": "pki", "auth/approle": "approle", "auth/userpass": "userpass"}
)
_PATHS = (
    "*", "sys/*", "+/*", "sys/policies/acl/*", "sys/policies/acl/a", "sys/policies/+/a",
    "sys/raw/*", "sys/policies/acl", "sys/policy/+", "auth/approle/role/+/secret-id",
    "auth/approle/role/a/*", "auth/approle/role/a*", "auth/approle/role/",
    "auth/+/role/a/role-id", "auth/token/create",
    "auth/token/*", "secret/*", "secret/data/*", "secret/+/x", "identity/entity", "identity/*",
    "pki/root", "pki/root/*", "pki/+/generate/internal", "ns/sys/policies/acl/*", "ns/*", "+/sys/*",
    "sys/mounts/+/tune", "sys/audit/*", "sys/audit", "ns/auth/approle/role/a/secret-id",
    "identity/+",
)  # fmt: skip
_CAPABILITIES = ("create", "read", "update", "delete", "list", "sudo", "deny", "patch")


def random_acl(random: Random, dialect: str) -> ACL:
    known = [word for word in _CAPABILITIES if word in DIALECTS[dialect].capabilities]
    lines = []
    for path in random.sample(_PATHS, random.choice((1, 3, 6, 10))):
        held = random.sample(known, random.choice((1, 2, 3, 4)))
        words = ", ".join(f'"{word}"' for word in held)
        lines.append(f'path "{path}" {{ capabilities = [{words}] }}')
    policies = policy.PolicySet(
        [policy.parse("\n".join(lines), "p", dialect=dialect, now=NOW)], dialect
    )
    namespaces = random.choice(((), ("ns/",)))
    return policies.acl(policy.Token(["p"]), mounts=MOUNTS, namespaces=namespaces, now=NOW)


def by_need(catalogue: Catalogue, acl: ACL) -> dict[tuple[int, Operation], PathSet]:
    found: dict[tuple[int, Operation], PathSet] = {}
    for part in catalogue.parts(acl):
        key = part.need, part.operation
        found[key] = found.get(key, PathSet.nothing()) | part.paths
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_rules_may_be_looked_at_in_groups(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    grouped = []
    for seed in range(25):
        acl = random_acl(Random(seed), dialect)
        grouped.append((acl, by_need(Catalogue(acl), acl)))
    assert any(found for _, found in grouped)
    monkeypatch.setattr(module, "_groups", lambda grants: [list(grants)])
    for acl, found in grouped:
        assert by_need(Catalogue(acl), acl) == found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_was_found_for_others_does_not_change_what_is_found(dialect: str) -> None:
    shared: dict[object, Catalogue] = {}
    for seed in range(25):
        acl = random_acl(Random(seed), dialect)
        one = shared.setdefault(Catalogue.key(acl), Catalogue(acl))
        assert by_need(one, acl) == by_need(Catalogue(acl), acl)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_need_is_met_exactly_where_the_evaluator_allows(dialect: str) -> None:
    """On paths next to those of the catalogue, for needs of a single operation."""
    for seed in range(25):
        random = Random(seed)
        acl = random_acl(random, dialect)
        catalogue = Catalogue(acl)
        found = by_need(catalogue, acl)
        for number, (known, patterns) in enumerate(
            zip(catalogue.known.needs, catalogue.known.patterns, strict=True)
        ):
            words = (known.need.all_of | known.need.any_of) - {"sudo"}
            if known.need.everywhere or len(words) != 1 or not patterns:
                continue
            operation = Operation(*words)
            for path in _members(random, [str(pattern) for pattern in patterns]):
                decision = acl.decide(policy.Request(operation, path))
                if decision.reason is Reason.REFUSED_BEFORE_ACL:
                    continue
                sudo = decision.grant is not None and "sudo" in decision.grant.capabilities
                expected = decision.reason is Reason.GRANTED and (
                    sudo or "sudo" not in known.need.all_of
                )
                sent = path.removesuffix("/") if operation.is_listing else path
                paths = found.get((number, operation), PathSet.nothing())
                assert (sent in paths) is expected, (path, operation)


def _members(random: Random, patterns: list[str]) -> list[str]:
    texts = random.sample(patterns, min(len(patterns), 3))
    words = [[random.choice("ax") if w == "+" else w for w in text.split("/")] for text in texts]
    return ["/".join(each).replace("*", random.choice("ax")) for each in words]


@pytest.mark.parametrize("seed", range(30))
def test_whoever_has_no_prospect_holds_nothing(seed: int) -> None:
    acl = random_acl(Random(seed), "vault-2.0")
    policies = policy.PolicySet({p for grant in acl.table for p, _ in grant.rules}, "vault-2.0")
    catalogue = Catalogue(acl)
    most = Prospects(policies, catalogue.touched).of(acl.token)
    for part in catalogue.parts(acl):
        assert catalogue.known.needs[part.need].can_be_met(most[part.need])
    if findings(acl, catalogue):
        assert catalogue.can_lead(most)


@pytest.mark.parametrize(
    ("path", "words", "expected"),
    [
        ("*", ["update"], Impact.ROOT_EQUIVALENT),
        ("+/*", ["update"], Impact.ROOT_EQUIVALENT),
        ("sys/*", ["update"], Impact.ROOT_EQUIVALENT),
        ("auth/*", ["create", "update"], Impact.ROOT_EQUIVALENT),
        ("identity/*", ["update"], Impact.ROOT_EQUIVALENT),
        ("+/sys/*", ["update"], Impact.PRIVILEGE_GAIN),
    ],
)
def test_broad_rules_are_found_by_what_they_cover(
    path: str, words: list[str], expected: Impact
) -> None:
    """They are no entries of the catalogue: a better rule may win on any of their paths."""
    listed = ", ".join(f'"{word}"' for word in words)
    text = f'path "{path}" {{ capabilities = [{listed}] }}'
    policies = policy.PolicySet([policy.parse(text, "p", now=NOW)])
    holder = Holder(HolderKind.TOKEN, "t", policy.Token(["p"]))
    (found,) = escalate(policies, Inventory((holder,), MOUNTS, ("ns/",)), now=NOW)
    assert expected in found.impacts or expected in {f.entry.impact for f in found.findings}
    assert found.findings
    for finding in found.findings:
        assert finding.decision.allowed
