"""Command lines of `vault` and `bao`, and what they send.

The program itself is asked: with `-output-curl-string` it prints the request in place of sending
it. The `kv` commands ask a server for the version of the mount first, so those stand here as data.
"""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from policy.catalog import MountTable
from policy.errors import UsageError
from policy.needs import command_requests, curl_request
from policy.needs.command_table import COMMANDS, VAULT_COMMANDS
from tests.live.server import find_binary

if TYPE_CHECKING:
    from pathlib import Path

    from policy.model import Request

MOUNTS = MountTable.default().with_mounts({"secret": "kv-v2", "kv1": "kv-v1", "pki": "pki"})

# The name of a command, and what stands behind it.
ASKED = [
    ("audit disable", "file"),
    ("audit enable", "-path=x file file_path=/dev/null"),
    ("audit enable", "file file_path=/dev/null"),
    ("audit list", ""),
    ("auth disable", "userpass"),
    ("auth enable", "-path=people userpass"),
    ("auth enable", "userpass"),
    ("auth list", "-detailed"),
    ("auth tune", "-default-lease-ttl=1h userpass"),
    ("delete", "a/b"),
    ("lease lookup", "l/1"),
    ("lease renew", "l/1"),
    ("lease revoke", "-force -prefix l/1"),
    ("lease revoke", "-prefix l/1"),
    ("lease revoke", "l/1"),
    ("list", "a/b"),
    ("list", "-namespace=team-a a/b"),
    ("namespace create", "n"),
    ("namespace delete", "n"),
    ("namespace list", ""),
    ("namespace lock", "n"),
    ("namespace lookup", "n"),
    ("namespace patch", "-custom-metadata=a=b n"),
    ("namespace unlock", "n"),
    ("operator generate-root", "-cancel"),
    ("operator generate-root", "-init"),
    ("operator generate-root", "-status"),
    ("operator key-status", ""),
    ("operator members", ""),
    ("operator raft autopilot get-config", ""),
    ("operator raft autopilot state", ""),
    ("operator raft list-peers", ""),
    ("operator raft remove-peer", "n1"),
    ("operator rekey", "-cancel"),
    ("operator rekey", "-init"),
    ("operator rekey", "-status"),
    ("operator rotate", ""),
    ("operator seal", ""),
    ("operator step-down", ""),
    ("operator unseal", "key"),
    ("patch", "a/b c=d"),
    ("path-help", "sys/step-down"),
    ("plugin deregister", "secret x"),
    ("plugin info", "secret x"),
    ("plugin list", ""),
    ("plugin register", "-sha256=a secret x"),
    ("plugin reload", "-plugin x"),
    ("policy delete", "p"),
    ("policy list", ""),
    ("policy read", "p"),
    ("policy write", "p {policy}"),
    ("read", "a/b"),
    ("read", "a/b x=y"),
    ("scan", "a/b"),
    ("secrets disable", "x"),
    ("secrets enable", "-path=x -version=2 kv"),
    ("secrets enable", "kv-v2"),
    ("secrets list", ""),
    ("secrets tune", "-default-lease-ttl=1h x"),
    ("status", ""),
    ("token capabilities", "a/b"),
    ("token capabilities", "tok a/b"),
    ("token create", "-orphan"),
    ("token create", "-policy=a -no-default-policy"),
    ("token create", "-role=r"),
    ("token lookup", ""),
    ("token lookup", "-accessor acc"),
    ("token lookup", "tok"),
    ("token renew", ""),
    ("token renew", "-accessor acc"),
    ("token renew", "tok"),
    ("token revoke", "-accessor acc"),
    ("token revoke", "-mode=orphan tok"),
    ("token revoke", "-mode=path auth/x"),
    ("token revoke", "-self"),
    ("token revoke", "tok"),
    ("unwrap", "tok"),
    ("version-history", ""),
    ("write", "-force a/b"),
    ("write", "a/b c=d"),
]
# These print nothing, or need what only a server has; or send a second request later.
NOT_ASKED = {
    "auth move",
    "monitor",
    "operator raft autopilot set-config",
    "operator raft snapshot restore",
    "operator raft snapshot save",
    "secrets move",
}


def essence(request: Request) -> tuple[object, ...]:
    # A query parameter may be what makes it a list, a scan or a help.
    methods = {"help", "list", "scan"}
    names = sorted(set(request.data or ()) - methods)
    return str(request.operation), request.path, request.namespace, names


@pytest.mark.live
@pytest.mark.parametrize(("name", "rest"), ASKED, ids=[" ".join(c) for c in ASKED])
def test_the_program_sends_the_same(name: str, rest: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.hcl"
    policy.write_text('path "a" {}\n', "utf-8")
    words = [word.replace("{policy}", str(policy)) for word in shlex.split(rest)]
    done = subprocess.run(
        [find_binary(), *name.split(), "-output-curl-string", *words],
        env={"HOME": str(tmp_path), "BAO_ADDR": "http://127.0.0.1:1", "BAO_TOKEN": "t"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    program, *printed = shlex.split(done.stdout)
    assert program == "curl"
    [ours] = command_requests(["bao", *name.split(), *words], MOUNTS).requests
    assert essence(ours) == essence(curl_request(printed))


def test_every_command_is_compared() -> None:
    assert {*COMMANDS} == {name for name, _ in ASKED} | NOT_ASKED
    assert {*VAULT_COMMANDS} <= {*COMMANDS}


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("kv delete secret/a", ["delete secret/data/a"]),
        ("kv delete -versions=1,2 secret/a", ["write secret/delete/a"]),
        ("kv delete kv1/a", ["delete kv1/a"]),
        ("kv destroy -versions=1 secret/a", ["write secret/destroy/a"]),
        ("kv enable-versioning kv1/", ["write sys/mounts/kv1/tune"]),
        ("kv get -mount=secret a/b", ["read secret/data/a/b"]),
        ("kv get -version=2 secret/a", ["read secret/data/a"]),
        ("kv get kv1/a", ["read kv1/a"]),
        ("kv list kv1/", ["list kv1/"]),
        ("kv list secret", ["list secret/metadata/"]),
        ("kv list secret/a", ["list secret/metadata/a"]),
        ("kv metadata delete secret/a", ["delete secret/metadata/a"]),
        ("kv metadata get secret/a", ["read secret/metadata/a"]),
        ("kv metadata patch -max-versions=2 secret/a", ["patch secret/metadata/a"]),
        ("kv metadata put -max-versions=2 secret/a", ["write secret/metadata/a"]),
        ("kv patch -method=rw secret/a k=v", ["read secret/data/a", "write secret/data/a"]),
        ("kv patch secret/a k=v", ["patch secret/data/a"]),
        ("kv put -cas=1 secret/a k=v", ["write secret/data/a"]),
        ("kv put kv1/a k=v", ["write kv1/a"]),
        ("kv rollback -version=1 secret/a", ["read secret/data/a", "write secret/data/a"]),
        ("kv undelete -versions=1 secret/a", ["write secret/undelete/a"]),
        ("secrets move a b", ["write sys/remount", "read sys/remount/status/+"]),
        ("operator rotate", ["write sys/rotate"]),
        ("operator raft snapshot save x", ["read sys/storage/raft/snapshot"]),
    ],
)
def test_what_vault_sends(line: str, sent: list[str]) -> None:
    found = command_requests(["vault", *shlex.split(line)], MOUNTS)
    assert [f"{request.operation} {request.path}" for request in found.requests] == sent
    assert found.notes == []


def test_an_unknown_mount_is_taken_for_version_2_and_that_is_said() -> None:
    found = command_requests(["vault", "kv", "get", "other/a"], MOUNTS)
    assert [request.path for request in found.requests] == ["other/data/a"]
    assert found.notes == ["`other/` is taken for KV version 2; --mounts tells what it is"]
    assert found.mounts.find("other/x") is not None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("policy wrte a b", "did|`policy write`"),
        ("policy read", "lacks an argument"),
        ("kv get", "lacks a path"),
        ("kv get pki/a", "not KV"),
        ("kv undelete -versions=1 kv1/a", "needs KV version 2"),
        ("token create -role", "has no value"),
    ],
)
def test_what_is_no_command_is_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        command_requests(["vault", *shlex.split(line)], MOUNTS)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$VAULT_ADDR/v1/sys/health", ("read", "sys/health", "", [])),
        ("-sSXPOST https://h/v1/sys/step-down", ("write", "sys/step-down", "", [])),
        ("-s -X LIST https://h/v1/a", ("list", "a", "", [])),
        ("--request=PUT --url https://h/v1/a -d '{}'", ("write", "a", "", [])),
        ("-d '{\"b\": 1}' https://h/v1/a", ("write", "a", "", ["b"])),
        ("-d @file https://h/v1/a", ("write", "a", "", [])),
        ("-G -d list=true https://h/v1/a", ("list", "a", "", [])),
        ("-H 'X-Vault-Namespace: t/' https://h/v1/a", ("read", "a", "t/", [])),
        ("-o out -w x -k https://h/v1/a?list=true", ("list", "a", "", [])),
        ("-I https://h/v1/a", ("header", "a", "", [])),
    ],
)
def test_curl(line: str, expected: tuple[object, ...]) -> None:
    assert essence(curl_request(shlex.split(line))) == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-s", "0 URLs"),
        ("https://h/v1/a https://h/v1/b", "2 URLs"),
        ("https://h/a", "/v1/"),
        ("-X", "no value"),
    ],
)
def test_what_is_no_curl_request_is_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        curl_request(shlex.split(line))
