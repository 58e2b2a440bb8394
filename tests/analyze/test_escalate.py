"""Grants that lead further: each is shown by allowed requests, and none is missed."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

import policy
from policy.analyze.baseline import read_baseline
from policy.analyze.escalate import HolderEscalation, escalate
from policy.analyze.findings import findings
from policy.analyze.inventory import Holder, HolderKind, Inventory, read_inventory
from policy.catalog.escalations import Entry, Impact, escalations
from policy.evaluate import Reason
from policy.model import DIALECTS, Capability, Operation
from tests.analyze.worlds import NOW, random_acl

MOUNTS: dict[str, str] = {
    "secret/": "kv-v2",
    "kv2/": "kv-v2",
    "pki/": "pki",
    "auth/approle/": "approle",
    "auth/people/": "userpass",
}


def inventory(**parts: Any) -> Inventory:
    return read_inventory(json.dumps({"mounts": MOUNTS, **parts}).encode(), "i")


def followed(texts: dict[str, str], dialect: str = "vault-2.0", **parts: Any) -> HolderEscalation:
    """The one token `t` of an inventory."""
    policies = policy.PolicySet(
        [policy.parse(text, name, dialect=dialect) for name, text in texts.items()], dialect
    )
    everybody = inventory(**parts)
    (found,) = [
        each
        for each in escalate(policies, everybody, now=NOW)
        if each.holder == everybody.find("token:t")
    ] or [HolderEscalation(everybody.find("token:t"), (), (), None)]
    return found


def rule(path: str, *words: str) -> str:
    held = ", ".join(f'"{word}"' for word in words)
    return f'path "{path}" {{ capabilities = [{held}] }}\n'


def ids(found: HolderEscalation) -> set[str]:
    return {finding.entry.id for finding in found.findings if finding.is_complete}


def chain(found: HolderEscalation) -> list[str]:
    assert found.chain is not None
    return [step.id for step in found.chain.steps]


def test_writing_a_policy_one_holds_gives_everything() -> None:
    texts = {"p": rule("sys/policies/acl/p", "update")}
    found = followed(texts, tokens={"t": {"policies": ["p"]}})
    assert chain(found) == ["policy-write-acl"]
    assert Impact.ROOT_EQUIVALENT in found.impacts
    (step,) = found.chain.steps if found.chain else ()
    (decision,) = step.decisions
    assert decision.request.path == "sys/policies/acl/p"


def test_writing_a_policy_nobody_within_reach_holds_gives_nothing() -> None:
    texts = {"p": rule("sys/policies/acl/q", "update"), "q": ""}
    found = followed(texts, tokens={"t": {"policies": ["p"]}, "other": {"policies": ["q"]}})
    assert found.chain is None
    assert ids(found) == {"policy-write-acl"}
    assert Impact.ROOT_EQUIVALENT not in found.impacts


def test_a_policy_of_a_group_is_held_too() -> None:
    texts = {"p": rule("sys/policies/acl/q*", "update"), "q": ""}
    found = followed(
        texts,
        tokens={"t": {"policies": ["p"], "entity": "e"}},
        entities={"e": {}},
        groups={"g": {"policies": ["q"], "members": ["e"]}},
    )
    assert chain(found) == ["policy-write-acl"]


def test_a_deny_in_the_way_is_respected() -> None:
    texts = {"p": rule("sys/policies/acl/*", "update") + rule("sys/policies/acl/p", "deny")}
    found = followed(texts, tokens={"t": {"policies": ["p"]}})
    assert found.chain is None


def test_a_role_is_taken_over_to_rewrite_what_it_holds() -> None:
    """Two steps: its secret-id is made, and with its policy another is written."""
    role = "auth/approle/role/r"
    texts = {
        "p": rule(f"{role}/secret-id", "update") + rule(f"{role}/role-id", "read"),
        "q": rule("sys/policies/acl/q", "update"),
    }
    parts: dict[str, Any] = {
        "tokens": {"t": {"policies": ["p"]}},
        "roles": {role: {"policies": ["q"]}},
    }
    found = followed(texts, **parts)
    assert chain(found) == ["auth-approle-secret-id", "policy-write-acl"]
    assert [name for name, _ in found.reached] == [f"role {role}"]
    texts["p"] = rule(f"{role}/secret-id", "update")
    assert followed(texts, **parts).chain is None, "without the role-id it cannot log in"


def test_what_two_tokens_can_do_together_is_found() -> None:
    """The first writes the policy, the second holds it."""
    role = "auth/people/users/bob"
    texts = {
        "p": rule(f"{role}/password", "update") + rule("sys/policies/acl/q", "update"),
        "q": rule("secret/data/x", "read"),
    }
    found = followed(texts, tokens={"t": {"policies": ["p"]}}, roles={role: {"policies": ["q"]}})
    assert sorted(chain(found)) == ["auth-userpass-password", "policy-write-acl"]


def test_a_child_token_drops_a_deny() -> None:
    texts = {
        "p": rule("auth/token/create", "update") + rule("sys/policies/acl/p", "update"),
        "no": rule("sys/policies/acl/p", "deny"),
    }
    found = followed(texts, tokens={"t": {"policies": ["p", "no"]}})
    assert chain(found) == ["token-create-drop-deny", "policy-write-acl"]


def test_sudo_is_respected() -> None:
    path = "sys/plugins/catalog/secret/x"
    without = followed(
        {"p": rule(path, "update") + rule("sys/mounts/x", "update")},
        tokens={"t": {"policies": ["p"]}},
    )
    assert "plugin-register" not in ids(without)
    with_sudo = followed(
        {"p": rule(path, "update", "sudo") + rule("sys/mounts/x", "update")},
        tokens={"t": {"policies": ["p"]}},
    )
    assert "plugin-register" in ids(with_sudo)
    assert chain(with_sudo) == ["plugin-register"]


def test_half_of_the_way_is_not_everything() -> None:
    found = followed(
        {"p": rule("sys/plugins/catalog/secret/x", "update", "sudo")},
        tokens={"t": {"policies": ["p"]}},
    )
    assert [finding.is_complete for finding in found.findings] == [False]
    assert found.chain is None


def test_mounts_are_respected() -> None:
    text = {"p": rule("auth/ldap/groups/x", "update") + rule("auth/people/users/x", "update")}
    found = followed(text, tokens={"t": {"policies": ["p"]}})
    assert ids(found) == {"auth-userpass-user"}


def test_the_dialect_is_respected() -> None:
    texts = {"p": rule("sys/policies/acl/p", "patch")}
    tokens = {"t": {"policies": ["p"]}}
    assert followed(texts, "vault-2.0", tokens=tokens).chain is None
    assert chain(followed(texts, "openbao-2.7", tokens=tokens)) == ["policy-patch-acl"]


def test_calls_without_a_token_are_nobodys_grant() -> None:
    texts = {"p": rule("sys/generate-root/update", "update")}
    tokens = {"t": {"policies": ["p"]}}
    assert followed(texts, "vault-1.11", tokens=tokens).findings == ()
    assert followed(texts, "vault-2.0", tokens=tokens).findings != ()


def test_what_takes_more_than_policies_is_half_of_the_way() -> None:
    found = followed(
        {"p": rule("sys/generate-root-token/*", "update")},
        "openbao-2.7",
        tokens={"t": {"policies": ["p"]}},
    )
    (finding,) = found.findings
    assert finding.entry.possession == "a quorum of unseal or recovery key shares"
    assert not finding.is_complete
    assert found.chain is None


def test_everything_below_a_mount_takes_a_rule_for_all_of_it() -> None:
    one = followed({"p": rule("secret/data/x", "read")}, tokens={"t": {"policies": ["p"]}})
    assert "kv2-read-all" not in ids(one)
    most = followed(
        {"p": rule("kv2/*", "read") + rule("kv2/data/x", "deny")}, tokens={"t": {"policies": ["p"]}}
    )
    assert "kv2-read-all" in ids(most)


def test_the_root_policy_is_named() -> None:
    found = followed({}, tokens={"t": {"policies": ["root"]}})
    assert found.is_root
    assert found.impacts == {Impact.ROOT_EQUIVALENT}


def test_what_is_accepted_is_left_out_and_no_chain_goes_by_it() -> None:
    policies = policy.PolicySet([policy.parse(rule("sys/policies/acl/*", "update"), "p")])
    everybody = inventory(tokens={"t": {"policies": ["p"]}, "u": {"policies": ["p"]}})
    accepted = read_baseline(
        b'[{"holder": "token t", "id": "policy-write-acl", "reason": "owner"}]', "b"
    )
    found = escalate(policies, everybody, accepted=accepted, now=NOW)
    assert [str(each.holder) for each in found] == ["token u"]
    everywhere = read_baseline(b'[{"holder": "*", "id": "policy-write-acl", "reason": "x"}]', "b")
    assert not escalate(policies, everybody, accepted=everywhere, now=NOW)


@pytest.mark.parametrize("text", ['[{"holder": "a", "id": "b", "reason": ""}]', "{}", "no"])
def test_a_baseline_needs_reasons(text: str) -> None:
    with pytest.raises(policy.InventoryError, match=r"^accepted.json: "):
        read_baseline(text.encode(), "accepted.json")


def test_a_policy_alone_stands_for_its_holder() -> None:
    policies = policy.PolicySet([policy.parse(rule("sys/policies/acl/*", "update"), "p")])
    holder = Holder(HolderKind.POLICY, "p", policy.Token(["p"]))
    (found,) = escalate(policies, Inventory(), [holder], now=NOW)
    assert chain(found) == ["policy-write-acl"]


# --- Against the evaluator -----------------------------------------------------------------------


def granted(acl: policy.ACL, entry: Entry, path: str) -> bool:
    """By the evaluator alone: whether the main grant of an entry is held on a path."""

    def allowed(word: Capability) -> bool:
        decision = acl.decide(policy.Request(Operation(word.value), path))
        return decision.reason is Reason.GRANTED

    def has_sudo(word: Capability) -> bool:
        grant = acl.decide(policy.Request(Operation(word.value), path)).grant
        return grant is not None and Capability.SUDO in grant.capabilities

    required = sorted(entry.need.all_of - {Capability.SUDO})
    choices = sorted(entry.need.any_of)
    by = [word for word in choices if allowed(word)] if choices else required
    return (
        bool(by)
        and all(allowed(word) for word in required)
        and (Capability.SUDO not in entry.need.all_of or any(has_sudo(word) for word in by))
    )


@pytest.mark.parametrize("seed", range(30))
def test_every_grant_is_found_and_shown(seed: int) -> None:
    random = Random(seed)
    dialect = random.choice(tuple(DIALECTS))
    entries = [entry for entry in escalations(DIALECTS[dialect]) if not entry.need.everywhere]
    table = policy.MountTable.default().with_mounts(
        {"pki": "pki", "auth/userpass": "userpass", "a": "transit"}
    )
    patterns = {e.id: [str(p) for p in e.need.patterns(table)] for e in entries}
    words = ["update", "create", "read", "delete", "sudo", "list", "patch"]
    text = ""
    for _ in range(12):
        pattern = random.choice([p for own in patterns.values() for p in own])
        parts = pattern.split("/")
        parts = parts[: random.randrange(1, len(parts) + 1)]
        path = "/".join(parts).removesuffix("*") + random.choice(("", "*", "/*", "x*"))
        held = random.sample(words, 3) if random.random() < 0.8 else ["deny"]
        text += rule(path.replace("+*", "*"), *held)
    acl = random_acl(Random(seed), dialect=dialect, text=text)
    found = {finding.entry.id: finding for finding in findings(acl)}
    for finding in found.values():
        assert finding.decision.allowed
        assert all(decision.allowed for decision in finding.also)
        assert finding.decision.request.path in finding.paths or Capability.LIST in (
            finding.entry.need.all_of
        )
    for entry in entries:
        for pattern in patterns[entry.id]:
            for fill in ("any", "x", "xa", "auth"):
                path = "/".join(fill if p == "+" else p for p in pattern.split("/"))
                path = path[:-1] + fill if path.endswith("*") else path
                if granted(acl, entry, path):
                    assert entry.id in found, (entry.id, path)
                    assert path in found[entry.id].paths
                elif entry.id in found and not entry.need.any_of & {Capability.LIST}:
                    assert path not in found[entry.id].paths or Capability.LIST in entry.need.all_of


def test_a_mount_path_may_have_several_segments() -> None:
    for path in ("sys/mounts/a/tune", "sys/mounts/a/b/tune", "sys/mounts/a/b/c/tune"):
        found = followed({"p": rule(path, "update")}, tokens={"t": {"policies": ["p"]}})
        assert "mount-tune" in ids(found)


def test_every_entry_can_be_found() -> None:
    """A rule made for an entry, on its own paths, holds it: no entry is dead data."""
    for dialect in DIALECTS.values():
        types = {
            "auth/" + e.need.backend.removeprefix("auth:")
            if ":" in e.need.backend
            else e.need.backend: e.need.backend.removeprefix("auth:")
            for e in escalations(dialect)
            if e.need.backend not in ("system", "identity", "auth:token", "")
        }
        table = policy.MountTable.default().with_mounts(types)
        for entry in escalations(dialect):
            words = sorted(entry.need.all_of | entry.need.any_of | {Capability.SUDO})
            text = "".join(rule(str(p), *words) for p in entry.need.patterns(table))
            assert text, entry.id
            policies = policy.PolicySet([policy.parse(text, "p", dialect=dialect)], dialect)
            acl = policies.acl(policy.Token(["p"]), mounts=table, now=NOW)
            found = {finding.entry.id for finding in findings(acl)}
            # A policy that held them for this dialect would grant nothing.
            is_open = dialect.name == "vault-1.11" and entry.id == "generate-root"
            assert entry.id in found or is_open, (dialect.name, entry.id)
