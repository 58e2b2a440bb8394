"""Root-protected and unauthenticated paths: the tables, the recorded server, the dialects."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy.catalog import FactKind, Guard, MountTable, facts
from policy.errors import UsageError
from policy.model import DIALECTS, byte_text
from tests.catalog.servers import MOUNTS, VAULT, guard

FIXTURES = Path(__file__).parents[2] / "fixtures"


def words(text: str) -> set[str]:
    return set(text.split())


OPENBAO_SYSTEM = words(
    """auth/* remount audit audit/* raw raw/* rotate rotate/keyring rotate/root config/cors
    config/auditing/* config/ui/headers/* plugins/catalog/* revoke-prefix/* revoke-force/*
    leases/revoke-prefix/* leases/revoke-force/* leases/lookup/* leases internal/inspect/*"""
)
VAULT_1_11_SYSTEM = (OPENBAO_SYSTEM - {"rotate/keyring", "rotate/root", "internal/inspect/*"}) | {
    "replication/primary/secondary-token",
    "replication/performance/primary/secondary-token",
    "replication/dr/primary/secondary-token",
    "replication/reindex",
    "replication/dr/reindex",
    "replication/performance/reindex",
    "storage/raft/snapshot-auto/config/*",
}
VAULT_2_SYSTEM = VAULT_1_11_SYSTEM | {
    "internal/inspect/*",
    "internal/counters/activity/export",
    "plugins/runtimes/catalog",
    "plugins/runtimes/catalog/*",
    "mounts/auth/+/tune",
    "reporting/scan",
    "activation-flags/oauth-resource-server/activate",
    "activation-flags/oauth-resource-server/deactivate",
    "config/oauth-resource-server",
    "config/oauth-resource-server/*",
}
TOKEN = {"revoke-orphan/*", "accessors*"}
PKI = {"root", "root/sign-self-issued"}
CORE = {"seal", "step-down"}
OPENBAO_UNAUTHENTICATED = words(
    """wrapping/lookup wrapping/pubkey replication/status internal/specs/openapi
    internal/ui/mounts internal/ui/mounts/* internal/ui/namespaces
    storage/raft/bootstrap/challenge storage/raft/bootstrap/answer
    init seal-status unseal leader health decode-token mfa/validate"""
)


def patterns(dialect: str, kind: FactKind, enforced_by: str) -> dict[str, set[str]]:
    """The deciding patterns, by mount path."""
    found: dict[str, set[str]] = {}
    for fact in facts(DIALECTS[dialect]):
        if fact.decides and fact.kind is kind and fact.enforced_by == enforced_by:
            found.setdefault(fact.mount_path, set()).add(fact.pattern)
    return found


@pytest.mark.parametrize(
    ("dialect", "system", "token", "identity"),
    [
        ("openbao-2.7", OPENBAO_SYSTEM, TOKEN, set()),
        ("vault-1.11", VAULT_1_11_SYSTEM, TOKEN, set()),
        # Between the versions that were read: as strict as the stricter neighbour.
        ("vault-1.21", VAULT_2_SYSTEM, TOKEN | {"revoke-orphan"}, {"entity/merge"}),
        ("vault-2.0", VAULT_2_SYSTEM, TOKEN | {"revoke-orphan"}, {"entity/merge"}),
    ],
)
def test_what_the_mounts_declare(
    dialect: str, system: set[str], token: set[str], identity: set[str]
) -> None:
    wanted = {"sys/": system, "auth/token/": token, "pki/": PKI, "identity/": identity}
    assert patterns(dialect, FactKind.SUDO, "router") == {k: v for k, v in wanted.items() if v}
    assert patterns(dialect, FactKind.SUDO, "core") == {"sys/": CORE}


def test_what_openbao_opens_in_sys() -> None:
    found = patterns("openbao-2.7", FactKind.UNAUTHENTICATED, "router")
    assert found["sys/"] == OPENBAO_UNAUTHENTICATED


PROTECTED = [
    *("sys/auth/", "sys/auth/x", "sys/auth/x/tune", "sys/leases", "sys/leases/lookup/"),
    *("sys/leases/lookup/a/b", "sys/config/cors", "sys/config/ui/headers/", "sys/raw", "sys/raw/"),
    *("sys/plugins/catalog/", "sys/plugins/catalog/auth/x", "sys/step-down", "sys/seal"),
    *("sys/remount", "sys/audit", "sys/audit/", "sys/rotate", "auth/token/accessors"),
    *("auth/token/accessors/", "auth/token/accessorsx", "auth/token/revoke-orphan/x"),
    *("pki/root", "pki_int/root", "a/b/pki/root", "pki/root/sign-self-issued"),
]
UNPROTECTED = [
    *("", "sys", "sys/", "sys/auth", "sys/authx", "sys/audits", "sys/leases/", "sys/leases/lookup"),
    *("sys/leases/x", "sys/leases/count", "sys/config/cors/", "sys/config/cors/x"),
    *("sys/plugins/catalog", "sys/rotate/x", "sys/rotate/config", "sys/remount/status/x"),
    *("sys/step-down/", "sys/step-downs", "sys/step-down/x", "sys/sealed", "sys/seal-status"),
    *("sys/mounts", "sys/SEAL", "/sys/audit", "xsys/audit", "auth/token/accessor"),
    *("auth/token/create", "pki/root/", "pki/root/x", "pki/roots", "pki", "pkix/root", "kv/root"),
    *("mine/root", "ns1/sys/audit", "auth/mine/root", "secret/data/root", "auth/pki/root"),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("path", PROTECTED)
def test_these_need_sudo_everywhere(dialect: str, path: str) -> None:
    fact = guard(dialect).root_protected(path)
    assert fact is not None
    assert fact.kind is FactKind.SUDO
    assert path.startswith(fact.path.removesuffix("*"))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("path", UNPROTECTED)
def test_these_need_sudo_nowhere(dialect: str, path: str) -> None:
    assert guard(dialect).root_protected(path) is None


@pytest.mark.parametrize(
    ("path", "dialects"),
    [
        ("sys/internal/inspect/router/root", {"openbao-2.7", "vault-1.21", "vault-2.0"}),
        ("sys/rotate/keyring", {"openbao-2.7"}),
        ("sys/rotate/root", {"openbao-2.7"}),
        ("sys/replication/reindex", set(VAULT)),
        ("sys/replication/dr/reindex", set(VAULT)),
        ("sys/storage/raft/snapshot-auto/config/", set(VAULT)),
        ("sys/mounts/auth/userpass/tune", {"vault-1.21", "vault-2.0"}),
        ("sys/mounts/auth/userpass", set()),
        ("sys/mounts/kv/tune", set()),
        ("sys/plugins/runtimes/catalog/", {"vault-1.21", "vault-2.0"}),
        ("identity/entity/merge", {"vault-1.21", "vault-2.0"}),
        ("auth/token/revoke-orphan", {"vault-1.21", "vault-2.0"}),
    ],
)
def test_where_dialects_differ(path: str, dialects: set[str]) -> None:
    assert {name for name in DIALECTS if guard(name).root_protected(path)} == dialects


@pytest.mark.parametrize(
    ("path", "dialects"),
    [
        ("sys/health", set(DIALECTS)),
        ("sys/internal/ui/mounts", set(DIALECTS)),
        ("sys/internal/ui/mounts/kv/", set(DIALECTS)),
        ("sys/healthy", set()),
        ("sys/health/", set()),
        ("auth/userpass/login/bob", set(DIALECTS)),
        ("auth/userpass/login", set()),
        ("auth/userpass/users/bob", set()),
        ("auth/ldap/login/bob", set(DIALECTS)),
        ("ldap/login/bob", set()),
        ("auth/approle/login", set(DIALECTS)),
        ("auth/corp/oidc/oidc/callback", set(DIALECTS)),
        ("auth/corp/oidc/oidc/poll", {"openbao-2.7"}),
        ("auth/github/login", set(VAULT)),
        ("auth/mine/login", set()),
        ("pki_int/ca/pem", set(DIALECTS)),
        ("pki_int/issuer/x/pem", set(DIALECTS)),
        ("pki_int/issuer//pem", set(DIALECTS)),
        ("pki_int/issuer/x/y/pem", set()),
        ("pki/acme/directory", {"openbao-2.7", "vault-1.21", "vault-2.0"}),
        ("pki/acme/new-eab", set()),
        ("pki/unified-crl", set()),
        ("identity/oidc/provider/p/.well-known/keys", set(DIALECTS)),
        ("identity/oidc/provider/p/.well-known", set()),
        ("sys/decode-token", {"openbao-2.7"}),
        # Open on some configurations only, or not known to be open still.
        ("sys/metrics", set()),
        ("sys/storage/raft/join", set()),
        ("sys/rekey/init", {"vault-1.11"}),
        ("sys/generate-root/attempt", {"vault-1.11"}),
        ("sys/replication/dr/secondary/promote", {"vault-1.11"}),
    ],
)
def test_what_needs_no_token(path: str, dialects: set[str]) -> None:
    assert {name for name in DIALECTS if guard(name).unauthenticated(path)} == dialects


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_path_is_both_open_and_protected(dialect: str) -> None:
    for fact in facts(DIALECTS[dialect]):
        path = fact.path.replace("+", "x").replace("*", "x")
        if fact.decides and fact.kind is FactKind.SUDO:
            assert guard(dialect).unauthenticated(path) is None, path


@pytest.mark.parametrize(
    ("dialect", "path", "kinds"),
    [
        ("openbao-2.7", "auth/token/create", [FactKind.SUDO_CONDITIONAL]),
        ("openbao-2.7", "auth/token/create/role", [FactKind.SUDO_CONDITIONAL]),
        ("openbao-2.7", "auth/token/revoke-orphan", [FactKind.SUDO]),
        ("vault-1.11", "auth/token/revoke-orphan", [FactKind.SUDO]),
        ("vault-2.0", "auth/token/revoke-orphan", []),
        ("openbao-2.7", "sys/namespaces/a/delete-sealed", [FactKind.SUDO]),
        ("openbao-2.7", "sys/namespaces/api-lock/unlock/a", [FactKind.SUDO_CONDITIONAL]),
        ("openbao-2.7", "sys/metrics", [FactKind.UNAUTHENTICATED]),
        ("openbao-2.7", "sys/rekey/init", [FactKind.UNAUTHENTICATED]),
        ("vault-1.11", "sys/rekey/init", []),
        ("openbao-2.7", "sys/audit", []),
        ("openbao-2.7", "kv/x", []),
    ],
)
def test_what_is_worth_saying(dialect: str, path: str, kinds: list[FactKind]) -> None:
    advice = guard(dialect).advice(path)
    assert [fact.kind for fact in advice] == kinds
    assert not any(fact.decides for fact in advice)


def test_what_the_recorded_server_guards() -> None:
    recorded = json.loads((FIXTURES / "catalog" / "openbao_sudo_paths.json").read_text())
    listed = recorded["patterns"]
    router = patterns("openbao-2.7", FactKind.SUDO, "router")
    assert router["sys/"] == set(listed["system (sys/)"]["sudo"])
    assert set(listed["system (sys/)"]["sudo_by_handler"]) == CORE
    assert router["auth/token/"] == set(listed["token (auth/token/)"]["sudo"])
    assert router["pki/"] == set(listed["pki"]["sudo"])
    assert listed["every other type mounted"]["sudo"] == []
    assert set(router) == {"sys/", "auth/token/", "pki/"}

    types = {path: mount["type"] for path, mount in recorded["mounts"].items()}
    server = Guard(DIALECTS["openbao-2.7"], MountTable.default().with_mounts(types))
    for path, probe in recorded["pattern_probes"].items():
        seen = {
            "protected": server.root_protected(path) is not None,
            "longer": server.root_protected(path + "zz") is not None,
            "below": server.root_protected(path + "/zz/zz") is not None,
            "slash": server.root_protected(path + "/") is not None,
        }
        assert seen == probe, path
    for path in recorded["sudo_needed_outside_the_router"]:
        fact = server.root_protected(path)
        assert fact is not None
        assert fact.enforced_by == "core"

    checked = 0
    conditional = set()
    for mount, paths in recorded["mounts"].items():
        for template in {*paths["openapi_sudo"], *paths["observed_sudo"]}:
            path = mount + re.sub(r"\{[^}]+\}", "zz", template)
            # A template of a list has no final slash, its path has.
            assert server.root_protected(path) or server.root_protected(path + "/"), path
            checked += 1
        for template in paths["unauthenticated"]:
            path = mount + re.sub(r"\{[^}]+\}", "zz", template)
            if server.unauthenticated(path) is None:
                assert [fact.kind for fact in server.advice(path)] == [FactKind.UNAUTHENTICATED]
                conditional.add(template)
            checked += 1
    assert checked > 100
    # In the OpenAPI document, but open only where the listener says so.
    assert conditional == words(
        """generate-root/attempt generate-root/update rekey/init rekey/update rekey/verify"""
    )


def recorded_differences() -> list[Any]:
    path = FIXTURES / "recorded" / "acl" / "vault_differences.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    return [case for case in cases if case["id"].startswith(("protected-", "help-protected/"))]


@pytest.mark.parametrize("case", recorded_differences(), ids=lambda case: case["id"])
def test_recorded_differences_between_servers(case: Any) -> None:
    """In these every request has the capability of its operation and no `sudo`: being denied is
    being root-protected, and help is denied only where it needs `sudo`."""
    dialect = DIALECTS[case["dialect"]]
    assert case["requests"]
    for request in case["requests"]:
        protected = guard(dialect.name).root_protected(request["path"]) is not None
        if request["operation"] == "help":
            assert request["allowed"] == (not (protected and dialect.help_needs_sudo))
        else:
            assert request["allowed"] == (not protected)


def test_the_differences_are_found() -> None:
    assert len(recorded_differences()) >= 14


def test_a_fact_says_where_it_is_from() -> None:
    bao = guard("openbao-2.7")
    fact = bao.root_protected("sys/step-down")
    assert fact is not None
    assert fact.describe() == (
        "`sys/step-down` is root-protected (core; OpenBao source, OpenBao documentation)"
    )
    assert fact.methods == ("post",)
    fact = guard("vault-1.11").root_protected("sys/step-down")
    assert fact is not None
    assert "OpenBao" not in "".join(fact.sources)
    fact = bao.root_protected("pki_int/root")
    assert fact is not None
    assert (fact.mount_path, fact.mount_type, fact.backend) == ("pki_int/", "pki", "pki")
    assert fact.describe().startswith("`pki_int/root` is root-protected (router; OpenBao")
    fact = bao.unauthenticated("auth/corp/oidc/login")
    assert fact is not None
    assert (fact.path, fact.mount_type, fact.backend) == ("auth/corp/oidc/login", "jwt", "auth:jwt")
    assert "needs no token" in fact.describe()
    for path, words in {
        "auth/token/create": "does more with `sudo`",
        "auth/token/revoke-orphan": "needs `sudo` after the policies",
        "sys/metrics": "may need no token",
    }.items():
        (advice,) = bao.advice(path)
        assert words in advice.describe()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_fact_has_a_name_and_a_source(dialect: str) -> None:
    known = facts(DIALECTS[dialect])
    assert len({fact.id for fact in known}) == len(known) > 100
    for fact in known:
        assert fact.sources, fact.id
        assert all(":" in source for source in fact.sources)
        assert "\n" not in fact.describe()


@pytest.mark.parametrize(
    ("path", "only"),
    [
        ("sys/step-down", True),
        ("sys/seal", True),
        ("sys/seal-status", False),
        ("sys/audit", True),
        ("sys/audit/x", True),
        ("sys/audits", False),
        ("sys/auth/x", False),
        ("sys/config/ui/headers/", True),
        ("sys/storage/raft/join", True),
        ("sys/mounts", False),
        ("sys", False),
        ("kv/seal", False),
        ("xsys/seal", False),
    ],
)
def test_what_only_the_root_namespace_answers(path: str, only: bool) -> None:
    assert guard("openbao-2.7").root_namespace_only(path) is only


def test_in_a_child_namespace_the_fact_stays_and_its_note_says_more() -> None:
    bao = guard("openbao-2.7")
    for path in ("sys/step-down", "sys/audit"):
        here, below = bao.root_protected(path), bao.root_protected(path, in_root_namespace=False)
        assert here is not None
        assert below is not None
        assert here.note != below.note
        assert replace(below, note=here.note) == here
        assert "root namespace only" in below.note
    for path in ("sys/auth/x", "sys/mounts", "pki/root"):
        assert bao.root_protected(path, in_root_namespace=False) == bao.root_protected(path)


def test_a_mount_is_found_by_text_and_by_byte_text() -> None:
    table = MountTable.default().with_mounts({"clés/": "pki"})
    server = Guard(DIALECTS["openbao-2.7"], table)
    for path in ("clés/root", byte_text("clés/root")):
        fact = server.root_protected(path)
        assert fact is not None
        assert fact.path == "clés/root"


def test_a_version_that_was_not_read_is_as_strict_as_its_neighbours() -> None:
    between = Guard(replace(DIALECTS["vault-1.21"], version=(1, 13)), MOUNTS)
    assert between.root_protected("sys/internal/inspect/x")  # since 1.13; read in 1.14
    assert between.root_protected("sys/replication/dr/reindex")
    assert between.root_protected("sys/plugins/runtimes/catalog/x") is None
    assert between.unauthenticated("sys/rekey/init")
    assert between.unauthenticated("pki/acme/directory") is None  # 1.14, not 1.11
    older = Guard(replace(DIALECTS["vault-1.11"], version=(1, 2)), MOUNTS)
    assert older.root_protected("sys/audit")
    newer = Guard(replace(DIALECTS["vault-2.0"], version=(3, 0)), MOUNTS)
    assert newer.root_protected("identity/entity/merge")
    assert newer.unauthenticated("sys/health")


def test_an_unknown_product_is_no_unguarded_one() -> None:
    with pytest.raises(UsageError, match="nothing is known of the product `conjur`"):
        Guard(replace(DIALECTS["vault-2.0"], product="conjur"), MOUNTS)


def test_importing_the_catalogue_reads_no_data() -> None:
    program = (
        "import policy.catalog as c, policy.catalog.data as d\n"
        "c.MountTable.default().with_mounts({'pki/': 'pki'})\n"
        "assert d.guarded.cache_info().currsize == d.operations.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
