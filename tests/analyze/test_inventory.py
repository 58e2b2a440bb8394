"""An inventory file into holders, and what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import policy
from policy.analyze.inventory import HolderKind, read_inventory

FILE = Path(__file__).parents[2] / "fixtures" / "inventory" / "inventory.json"


def read(**parts: Any) -> Any:
    return read_inventory(json.dumps(parts).encode(), "inventory.json")


def test_the_example_is_read() -> None:
    inventory = read_inventory(FILE.read_bytes(), str(FILE))
    assert [str(holder) for holder in inventory.holders] == [
        "token oncall",
        "token platform",
        "token emergency",
        "role auth/approle/role/deploy-app",
        "role auth/kubernetes/role/pipeline",
        "entity pat",
        "group platform-team",
    ]
    platform = inventory.find("platform").token
    assert [name for _, name in platform.policy_names] == ["default", "policy-editor", "team-a"]
    assert platform.entity is not None
    assert platform.entity.name == "pat"
    assert inventory.mounts.find("secret/data/a") is not None


def test_groups_are_inherited_and_may_go_round() -> None:
    inventory = read(
        entities={"e": {}},
        groups={
            "inner": {"policies": ["a"], "members": ["e"], "groups": ["outer"]},
            "outer": {"policies": ["b"], "groups": ["inner"]},
        },
    )
    assert [name for _, name in inventory.find("e").token.policy_names] == ["a", "b"]
    assert [name for _, name in inventory.find("outer").token.policy_names] == ["a", "b"]


def test_roles_hold_the_default_policy_unless_they_say_no() -> None:
    inventory = read(
        roles={"r": {"policies": ["a"]}, "q": {"policies": ["a"], "no_default_policy": True}}
    )
    assert inventory.find("r").token.policies == ("a", "default")
    assert inventory.find("q").token.policies == ("a",)


def test_one_name_for_two_kinds_has_to_be_told_apart() -> None:
    inventory = read(tokens={"x": {}}, entities={"x": {}})
    assert inventory.find("entity:x").kind is HolderKind.ENTITY
    with pytest.raises(policy.InventoryError, match="`token:x`, `entity:x`"):
        inventory.find("x")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"tokens": {"t": {"entity": "nobody"}}}, "token `t`: there is no entity `nobody`"),
        ({"groups": {"g": {"members": ["nobody"]}}}, "group `g`: there is no entity `nobody`"),
        ({"groups": {"g": {"groups": ["nix"]}}}, "group `g`: there is no group `nix`"),
        ({"tokens": {"t": {"policy": []}}}, "tokens.t.policy: Extra inputs"),
        (
            {"tokens": {"t": {"policies": "ops"}}},
            "tokens.t.policies: Input should be a valid list",
        ),
        ({"mounts": {"x/": "nonsense"}}, "unknown mount type `nonsense`"),
    ],
)
def test_what_does_not_hold_is_named(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(policy.InventoryError) as caught:
        read(**parts)
    assert str(caught.value).startswith("inventory.json: ")
    assert words in str(caught.value)


def test_holders_of_the_same_policies_share_an_acl_unless_a_template_tells_them_apart() -> None:
    inventory = read(
        tokens={
            "a": {"policies": ["p"]},
            "b": {"policies": ["p"]},
            "c": {"policies": ["t"], "entity": "e"},
            "d": {"policies": ["t"], "entity": "f"},
        },
        entities={"e": {}, "f": {}},
    )
    template = 'path "a/{{identity.entity.name}}" { capabilities = ["read"] }'
    policies = policy.PolicySet([policy.parse("", "p"), policy.parse(template, "t")])
    acls = {h.name: acl for h, acl in inventory.acls(policies, inventory.holders, now=0.0)}
    assert acls["a"] is acls["b"]
    assert acls["c"].allows("read", "a/e")
    assert acls["d"].allows("read", "a/f")
    assert not acls["d"].allows("read", "a/e")
