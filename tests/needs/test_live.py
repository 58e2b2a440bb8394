"""The least policy before the real server: enough, and without any one capability too little.

Every command line here is turned into requests and those into a policy; a token that holds this
policy and nothing else then sends them. A write is sent twice, because the first may create what
the second updates. Status 403 is a denial, any other an answer that the policies let through.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from policy.catalog import MountTable
from policy.model import Dialect, Operation, http_request
from policy.needs import command_requests, curl_request, least_policies, need_of
from tests.live.server import RealServer, ServerUnavailableError
from tests.needs.test_least import one_less

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Request

pytestmark = pytest.mark.live

OPENBAO = Dialect.named("openbao-2.7")
MOUNTED = {"secret": "kv-v2", "kv1": "kv-v1", "pki": "pki", "transit": "transit"}
MOUNTS = MountTable.default().with_mounts({**MOUNTED, "auth/userpass": "userpass"})
METHODS = {
    Operation.DELETE: "DELETE",
    Operation.LIST: "LIST",
    Operation.PATCH: "PATCH",
    Operation.READ: "GET",
    Operation.SCAN: "SCAN",
    Operation.WRITE: "PUT",
}

# Lines of requests, and the paths that the root token deletes before each try.
RUNBOOKS = [
    (["bao kv put secret/a k=v"], ["secret/metadata/a"]),
    (
        ["bao kv put secret/a k=v", "bao kv get secret/a", "bao kv list secret"],
        ["secret/metadata/a"],
    ),
    (["bao kv delete secret/a", "bao kv undelete -versions=1 secret/a"], []),
    (["bao kv destroy -versions=1 secret/a", "bao kv metadata delete secret/a"], []),
    (
        ["bao kv metadata put -max-versions=2 secret/a", "bao kv metadata get secret/a"],
        ["secret/metadata/a"],
    ),
    (["bao kv patch secret/a k=v"], []),
    (["bao kv put kv1/a k=v", "bao kv get kv1/a", "bao list kv1/", "bao scan kv1/"], ["kv1/a"]),
    (["bao policy write p x", "bao policy read p", "bao policy list"], ["sys/policies/acl/p"]),
    (["bao policy delete p"], []),
    (["bao token create", "bao token lookup", "bao token lookup -accessor x"], []),
    (["bao list auth/token/accessors"], []),
    (["bao auth enable -path=up2 userpass", "bao auth list", "bao auth disable up2"], []),
    (["bao auth tune -default-lease-ttl=1h userpass"], []),
    (["bao secrets enable -path=kv3 kv", "bao secrets list", "bao secrets disable kv3"], []),
    (["bao audit list", "bao audit enable -path=x file"], []),
    (["bao lease revoke -prefix kv1/x", "bao lease lookup x"], []),
    (["bao lease revoke -force -prefix kv1/x"], []),
    (["bao operator key-status", "bao operator rotate", "bao operator members"], []),
    (["bao plugin info secret nothing", "bao plugin list"], []),
    (
        ["bao write auth/userpass/users/u password=x", "bao read auth/userpass/users/u"],
        ["auth/userpass/users/u"],
    ),
    (["bao write -force transit/keys/k"], []),
    (["bao write transit/encrypt/new plaintext=eA=="], []),
    (["bao delete pki/root", "bao write pki/root/generate/internal common_name=x"], []),
    (["bao write pki/root/sign-self-issued certificate=x"], []),
    (["bao write pki/roles/r ttl=1h", "bao write pki/issue/r common_name=x"], ["pki/roles/r"]),
    (["bao secrets move kv1 kv1"], []),
    (['curl -X PUT -d \'{"allowed_origins": "*"}\' $A/v1/sys/config/cors'], []),
    (
        [
            "curl $A/v1/sys/config/ui/headers?list=true",
            "curl $A/v1/sys/internal/inspect/router/root",
        ],
        [],
    ),
    (["bao token capabilities x sys/step-down", "bao token capabilities sys/step-down"], []),
    (["bao status", "bao read nowhere/x"], []),
]


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    """Fails, and does not skip, where there is none."""
    try:
        made = RealServer(ha=True)
    except ServerUnavailableError as error:
        pytest.fail(str(error), pytrace=False)
    with made:
        for path, kind in MOUNTED.items():
            if path != "secret":
                made.must("POST", f"sys/mounts/{path}", {"type": kind.removesuffix("-v1")})
        made.must("POST", "sys/auth/userpass", {"type": "userpass"})
        yield made


def requests_of(lines: list[str]) -> list[Request]:
    found: list[Request] = []
    for line in lines:
        words = shlex.split(line)
        if words[0] == "curl":
            found.append(curl_request(words[1:]))
        else:
            found += command_requests(words, MOUNTS).requests
    return found


def denials(server: RealServer, text: str, requests: list[Request]) -> int:
    """How many requests a token with that policy alone is denied."""
    assert server.write_policy("needed", text).accepted
    body = {"policies": ["needed"], "no_default_policy": True}
    answer = server.must("POST", "auth/token/create", body)
    token = answer.json["auth"]["client_token"]
    count = 0
    for request in requests:
        for _ in range(2 if request.operation is Operation.WRITE else 1):
            method = METHODS[request.operation]
            headers = (
                {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else None
            )
            body_of = dict(request.data or {}) if method in ("PATCH", "PUT") else None
            sent = server.send(method, request.path, body_of, token=token, headers=headers)
            assert sent.status not in (0, 503), sent
            count += sent.status == 403
    return count


@pytest.mark.parametrize(("lines", "deleted"), RUNBOOKS, ids=[book[0][0] for book in RUNBOOKS])
def test_it_is_enough_and_nothing_is_too_much(
    server: RealServer, lines: list[str], deleted: list[str]
) -> None:
    requests = requests_of(lines)
    needs = [need_of(request, OPENBAO, MOUNTS) for request in requests]
    [least] = least_policies(needs, OPENBAO, MOUNTS)
    fewer = one_less(least.text)
    assert len(fewer) == least.capabilities
    for text in [*fewer, least.text]:
        for path in deleted:
            server.must("DELETE", path)
        refused = denials(server, text, requests)
        assert (refused == 0) is (text == least.text), text


def test_pinned_parameters_let_nothing_else_through(server: RealServer) -> None:
    request = http_request("PUT", "kv1/pinned", data={"k": "v"})
    need = need_of(request, OPENBAO, MOUNTS)
    [least] = least_policies([need], OPENBAO, MOUNTS, pin_parameters=True)
    assert denials(server, least.text, [request]) == 0
    more = http_request("PUT", "kv1/pinned", data={"k": "v", "other": "v"})
    assert denials(server, least.text, [more]) == 2
    nothing = http_request("PUT", "sys/rotate")
    [least] = least_policies(
        [need_of(nothing, OPENBAO, MOUNTS)], OPENBAO, MOUNTS, pin_parameters=True
    )
    assert denials(server, least.text, [nothing]) == 0
    assert denials(server, least.text, [http_request("PUT", "sys/rotate", data={"k": "v"})]) == 2


def test_step_down(server: RealServer) -> None:
    """On a server that takes part in leadership: elsewhere a step-down is not even checked."""
    [request] = requests_of(["bao operator step-down"])
    [least] = least_policies([need_of(request, OPENBAO, MOUNTS)], OPENBAO, MOUNTS)
    for text in one_less(least.text):
        assert denials(server, text, [request]) == 2
    assert server.write_policy("needed", least.text).accepted
    body = {"policies": ["needed"], "no_default_policy": True}
    token = server.must("POST", "auth/token/create", body).json["auth"]["client_token"]
    assert server.send("PUT", request.path, token=token).status == 204
    server.wait_out_step_down()
