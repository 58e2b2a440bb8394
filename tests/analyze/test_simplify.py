"""Rules that do nothing go, with proof; denies stay."""

from __future__ import annotations

from random import Random

import pytest

import policy
from policy.analyze.difference import difference, equivalent
from policy.analyze.inventory import Holder, HolderKind, Inventory
from policy.analyze.simplify import Idle, Simplification, simplify
from policy.model import DIALECTS
from tests.analyze.worlds import MOUNTS, NOW, paths_near, random_acl, random_text

TEXT = """\
# About the file.
path "a/*" {
  capabilities = ["read"]
}

# Covered by the rule above.
# For two lines.
path "a/b" {
  capabilities = ["read"]
}

path "a/c" {
  capabilities = ["read", "list"]
}

path "x//y" { capabilities = ["read"] }
path "x//z" { capabilities = ["deny"] }
"""


def simplified(text: str, inventory: Inventory | None = None, **others: str) -> Simplification:
    parsed = [policy.parse(text, "p"), *(policy.parse(t, n) for n, t in others.items())]
    return simplify(policy.PolicySet(parsed), "p", inventory or Inventory(), now=NOW)


def test_idle_rules_are_named_and_taken_out_with_their_comments() -> None:
    found = simplified(TEXT)
    assert [(idle.rule.path, idle.why, idle.is_removed) for idle in found.idle] == [
        ("a/b", Idle.CHANGES_NOTHING, True),
        ("x//y", Idle.NEVER_WINS, True),
        ("x//z", Idle.NEVER_WINS, False),
    ]
    assert (
        found.text
        == """\
# About the file.
path "a/*" {
  capabilities = ["read"]
}

path "a/c" {
  capabilities = ["read", "list"]
}

path "x//z" { capabilities = ["deny"] }
"""
    )


def test_a_comment_at_the_top_stays() -> None:
    found = simplified('# top\npath "a/b" { policy = "read" }\npath "a/*" { policy = "read" }\n')
    assert found.text is not None
    assert found.text.startswith("# top\n")


def test_rules_on_one_line_are_cut_exactly() -> None:
    text = (
        'path "a/*" { policy = "read" } path "a/b" { policy = "read" } path "c" { policy = "deny" }'
    )
    found = simplified(text)
    assert found.text == text.replace('path "a/b" { policy = "read" }', "")


def test_whoever_holds_another_policy_too_is_asked() -> None:
    """Alone `a/b` does nothing; beside a policy that denies `a/*` it is what lets `a/b` through."""
    holder = Holder(HolderKind.TOKEN, "t", policy.Token(["p", "q"]))
    text = 'path "a/*" { capabilities = ["read"] }\npath "a/b" { capabilities = ["read"] }\n'
    deny = 'path "a/*" { capabilities = ["deny"] }'
    assert simplified(text, q=deny).text is not None
    found = simplified(text, Inventory((holder,)), q=deny)
    assert found.idle == ()
    assert found.text is None


def test_rules_that_differ_in_what_no_verdict_shows_stay() -> None:
    text = (
        'path "a/*" { capabilities = ["read"] }\n'
        'path "a/b" { capabilities = ["read", "sudo"] }\n'
        'path "a/c" { capabilities = ["read"]\n mfa_methods = ["m"] }\n'
        'path "a/d" { capabilities = ["read"]\n required_parameters = ["x"] }\n'
    )
    assert simplified(text).idle == ()


@pytest.mark.parametrize(
    "more",
    [
        'mfa_methods = ["m"]',
        'control_group = { factor "f" { identity { approvals = 1 group_names = ["g"] } } }',
    ],
)
def test_what_only_adds_to_conditions_is_not_idle(more: str) -> None:
    rule = 'path "{}" {{ capabilities = ["read"]\n required_parameters = ["x"]\n {} }}\n'
    assert simplified(rule.format("a/*", "") + rule.format("a/b", "")).text is not None
    assert simplified(rule.format("a/*", "") + rule.format("a/b", more)).idle == ()


def test_json_is_reported_and_not_rewritten() -> None:
    text = '{"path": {"a/*": {"capabilities": ["read"]}, "a/b": {"capabilities": ["read"]}}}'
    found = simplified(text)
    assert [idle.rule.path for idle in found.idle] == ["a/b"]
    assert found.text is None


def test_a_policy_without_a_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        simplify(policy.PolicySet(), "p", Inventory(), now=NOW)


@pytest.mark.parametrize("seed", range(25))
def test_the_smaller_text_decides_alike(seed: int) -> None:
    random = Random(seed)
    dialect = random.choice(tuple(DIALECTS))
    text = random_text(random, 12)
    policies = policy.PolicySet([policy.parse(text, "p", dialect=dialect)], dialect)
    found = simplify(policies, "p", Inventory(mounts=MOUNTS), now=NOW)
    if found.text is None:
        assert not any(idle.is_removed for idle in found.idle)
        return
    assert found.text.count("path") < text.count("path")
    assert found.text.count("deny") == text.count("deny")
    old = random_acl(Random(0), dialect=dialect, text=text)
    new = random_acl(Random(0), dialect=dialect, text=found.text)
    assert equivalent(old, new)
    assert difference(old, new) == ()
    for path in paths_near(random, old, 300):
        for word in ("read", "create", "update", "list", "delete"):
            assert old.allows(word, path) is new.allows(word, path), path


def test_equivalence_is_about_requests_only() -> None:
    old = random_acl(Random(1), dialect="vault-2.0", text='path "a//b" { policy = "read" }')
    new = random_acl(Random(1), dialect="vault-2.0", text="")
    assert equivalent(old, new)
    other = random_acl(Random(1), dialect="vault-2.0", text='path "a/b" { policy = "read" }')
    assert not equivalent(old, other)
