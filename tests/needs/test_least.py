"""The least policy: enough, and nothing too much. Judged by the engine anew, from the text on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policy
from policy.catalog import MountTable
from policy.errors import PolicyError
from policy.format import format_policy
from policy.model import DIALECTS, Capability, Dialect, Request, http_request
from policy.needs import least_policies, need_of
from policy.source import Source

VAULT = Dialect.named("vault-2.0")
MOUNTS = MountTable.default().with_mounts(
    {"secret": "kv-v2", "kv1": "kv-v1", "pki": "pki", "transit": "transit", "auth/ldap": "ldap"}
)


def texts(
    *requests: Request, dialect: Dialect = VAULT, mounts: MountTable = MOUNTS, pin: bool = False
) -> dict[str, str]:
    needs = [need_of(request, dialect, mounts) for request in requests]
    found = least_policies(needs, dialect, mounts, pin_parameters=pin)
    return {least.namespace: least.text for least in found}


def allowed(text: str, requests: list[Request], dialect: Dialect, mounts: MountTable) -> list[bool]:
    """Whether a token with that policy alone may make each request."""
    compiled = policy.parse(text, "p", dialect=dialect, now=0)
    token = policy.Token(["p"])
    acl = policy.PolicySet([compiled], dialect).acl(token, mounts=mounts, now=0)
    return [acl.decide(request).allowed for request in requests]


def one_less(text: str) -> list[str]:
    """The policy without each one of its capabilities."""
    found = []
    for word in Capability:
        parts = text.split(f'"{word}"')
        for at in range(1, len(parts)):
            without = f'"{word}"'.join(parts[:at]) + "~" + f'"{word}"'.join(parts[at:])
            found.append(without.replace("~, ", "").replace(", ~", "").replace("~", ""))
    return found


_PATHS = st.sampled_from(
    (
        *("secret/data/a", "secret/data/a/b", "secret/metadata/", "secret/metadata/a", "kv1/a"),
        *(
            "sys/step-down",
            "sys/seal",
            "sys/auth/x",
            "sys/mounts",
            "sys/policies/acl/p",
            "sys/audit",
        ),
        *("auth/token/create", "auth/token/lookup-self", "auth/ldap/groups/g", "pki/root", "other"),
        *("pki/issue/r", "transit/keys/k", "transit/encrypt/k", "a b/ü", 'q"uote', "a\\b", "x/+/y"),
        *(
            "x/1/y",
            "z*",
            "za",
            "z/a",
            "sys/health",
            "sys/raw/core",
            "identity/entity",
            "secret/data/",
        ),
    )
)
_METHODS = st.sampled_from(("GET", "LIST", "POST", "PUT", "PATCH", "DELETE"))
_DATA = st.none() | st.dictionaries(st.sampled_from(("ttl", "Data", "ö")), st.just("v"), max_size=2)
_REQUESTS = st.builds(
    lambda method, path, data, exists: http_request(method, path, data=data, exists=exists),
    _METHODS,
    _PATHS,
    _DATA,
    st.sampled_from((None, True, False)),
)


@settings(max_examples=250, deadline=None)
@given(
    st.lists(_REQUESTS, min_size=1, max_size=8),
    st.sampled_from(list(DIALECTS.values())),
    st.sampled_from((MOUNTS, MountTable.default())),
    st.booleans(),
)
def test_it_is_enough_and_nothing_is_too_much(
    requests: list[Request], dialect: Dialect, mounts: MountTable, pin: bool
) -> None:
    needs = [need_of(request, dialect, mounts) for request in requests]
    if any(need.is_impossible for need in needs):
        with pytest.raises(PolicyError, match="no policy can allow"):
            least_policies(needs, dialect, mounts, pin_parameters=pin)
        return
    found = least_policies(needs, dialect, mounts, pin_parameters=pin)
    if not any(need.capabilities for need in needs):
        assert found == []
        assert all(allowed("", requests, dialect, mounts))
        return
    [least] = found
    assert all(allowed(least.text, requests, dialect, mounts))
    fewer = one_less(least.text)
    assert len(fewer) == least.capabilities
    for text in fewer:
        assert not all(allowed(text, requests, dialect, mounts)), text
    assert not format_policy(Source.of(least.text), dialect).changed


def test_step_down() -> None:
    for dialect in DIALECTS.values():
        need = need_of(http_request("POST", "/v1/sys/step-down"), dialect, MountTable.default())
        assert need.capabilities == (Capability.UPDATE, Capability.SUDO)
        assert need.sudo is not None
        assert texts(need.request, dialect=dialect) == {
            "": 'path "sys/step-down" {\n  capabilities = ["update", "sudo"]\n}\n'
        }


def test_requests_to_one_path_share_a_rule() -> None:
    found = texts(
        http_request("GET", "secret/data/a"),
        http_request("DELETE", "secret/data/a"),
        http_request("GET", "secret/data/a"),
        http_request("LIST", "secret/metadata"),
        http_request("GET", "sys/health"),
    )
    assert found == {
        "": 'path "secret/data/a" {\n  capabilities = ["read", "delete"]\n}\n\n'
        'path "secret/metadata/" {\n  capabilities = ["list"]\n}\n'
    }


def test_each_namespace_has_its_policy() -> None:
    found = texts(
        http_request("GET", "secret/data/a", namespace="team-a/"),
        http_request("GET", "secret/data/b"),
    )
    assert found == {
        "": 'path "secret/data/b" {\n  capabilities = ["read"]\n}\n',
        "team-a/": 'path "secret/data/a" {\n  capabilities = ["read"]\n}\n',
    }


@pytest.mark.parametrize(
    ("path", "exists", "words", "hangs"),
    [
        ("secret/data/a", None, "create update", True),
        ("secret/data/a", True, "update", False),
        ("secret/data/a", False, "create", False),
        ("unknown/a", None, "create update", True),
        ("pki/issue/r", None, "update", False),
        ("transit/keys/k", None, "update", False),
    ],
)
def test_existence_decides_or_does_not(
    path: str, exists: bool | None, words: str, hangs: bool
) -> None:
    need = need_of(http_request("PUT", path, exists=exists), VAULT, MOUNTS)
    assert " ".join(need.capabilities) == words
    assert need.hangs_on_existence is hangs
    assert any("exist" in note for note in need.notes) is (exists is None)


def test_mounts_decide_what_is_root_protected() -> None:
    request = http_request("DELETE", "pki/root")
    assert need_of(request, VAULT, MOUNTS).capabilities == (Capability.DELETE, Capability.SUDO)
    assert need_of(request, VAULT, MountTable.default()).capabilities == (Capability.DELETE,)


def test_parameters_are_pinned_on_demand() -> None:
    request = http_request("PUT", "secret/data/a", data={"data": {"k": "v"}, "options": {}})
    assert "allowed_parameters" not in texts(request)[""]
    text = texts(request, pin=True)[""]
    assert text == (
        'path "secret/data/a" {\n  capabilities = ["create", "update"]\n\n'
        '  allowed_parameters = {\n    "data"    = []\n    "options" = []\n  }\n}\n'
    )
    more = http_request("PUT", "secret/data/a", data={"data": {}, "cas": 1}, exists=True)
    assert allowed(text, [more], VAULT, MOUNTS) == [False]
    nothing = http_request("PUT", "sys/rotate")
    text = texts(nothing, pin=True)[""]
    assert text == (
        'path "sys/rotate" {\n  capabilities = ["update", "sudo"]\n\n'
        '  denied_parameters = {\n    "*" = []\n  }\n}\n'
    )
    more = http_request("PUT", "sys/rotate", data={"k": "v"})
    assert allowed(text, [nothing, more], VAULT, MOUNTS) == [True, False]
    assert "parameters" not in texts(http_request("DELETE", "kv1/a"), pin=True)[""]


def test_a_wildcard_in_a_path_needs_no_second_rule_and_is_told() -> None:
    star, covered = http_request("GET", "a/*"), http_request("GET", "a/b")
    assert texts(star, covered) == {"": 'path "a/*" {\n  capabilities = ["read"]\n}\n'}
    assert any("cannot name this path alone" in note for note in need_of(star, VAULT, MOUNTS).notes)


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("HEAD", "a", "HEAD is for root alone"),
        ("GET", "a//b", "redirected"),
        ("POST", "a/", "ends in a slash"),
        ("GET", "a/{{identity.entity.id}}", "no policy can name"),
        ("GET", "a/+*", "would refuse"),
    ],
)
def test_what_no_policy_can_allow_is_said(method: str, path: str, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        texts(http_request(method, path))
    assert words in caught.value.message


def test_notes_tell_what_the_policy_does_not() -> None:
    wrong = need_of(http_request("LIST", "secret/data/a"), VAULT, MOUNTS)
    assert any("no use of `list`" in note for note in wrong.notes)
    orphan = need_of(http_request("POST", "auth/token/create"), VAULT, MOUNTS)
    assert any("more with `sudo`" in note for note in orphan.notes)
    public = need_of(http_request("GET", "sys/health"), VAULT, MOUNTS)
    assert public.capabilities == ()
    assert public.reason == "unauthenticated"
