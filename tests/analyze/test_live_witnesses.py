"""What the analysis says, against a real OpenBao server: the requests it shows are decided so."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

import policy
from policy.analyze.difference import difference
from policy.analyze.reach import reach
from policy.model import Operation
from tests.analyze.test_difference import edited
from tests.analyze.worlds import NOW, random_text
from tests.live.server import RealServer
from tests.live.verdict import Verdict, ask, is_harmless, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy import ACL, Request

pytestmark = pytest.mark.live

MOUNTS = policy.MountTable.default().with_mounts({"secret": "kv-v2"})


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    with RealServer() as running:
        yield running


def acl(name: str, text: str) -> ACL:
    policies = policy.PolicySet([policy.parse(text, name, dialect="openbao-2.7")], "openbao-2.7")
    return policies.acl(policy.Token([name]), mounts=MOUNTS, now=NOW)


def token(server: RealServer, name: str, text: str) -> str:
    assert server.write_policy(name, text).accepted
    body = {"policies": [name], "no_default_policy": True}
    created: str = server.must("PUT", "auth/token/create", body).json["auth"]["client_token"]
    return created


def can_be_asked(request: Request) -> bool:
    """Whether it does no harm, and the server makes of it the operation that is meant: without an
    existence check every write is an update."""
    return (
        is_harmless(request, frozenset())
        and request.operation is not Operation.CREATE
        and request.path.isprintable()
        and not request.path.startswith(("cubbyhole", "secret"))
    )


def test_differences_are_differences_on_the_server(server: RealServer) -> None:
    asked = 0
    for seed in range(20):
        random = Random(seed)
        text = random_text(random, 10)
        other = edited(random, text)
        old, new = token(server, "old", text), token(server, "new", other)
        for change in difference(acl("old", text), acl("new", other)):
            for each in change.operations:
                request = each.old.request
                if can_be_asked(request):
                    asked += 1
                    for holder, decision in ((old, each.old), (new, each.new)):
                        said = verdict_of(ask(server, holder, request))
                        expected = Verdict.ALLOWED if decision.allowed else Verdict.DENIED
                        assert said is expected, (request, text, other)
    assert asked > 50


@pytest.mark.parametrize("seed", range(6))
def test_what_is_within_reach_is_allowed_on_the_server(server: RealServer, seed: int) -> None:
    text = random_text(Random(100 + seed), 12)
    holder = token(server, "reaching", text)
    rows = reach(acl("reaching", text))
    assert rows
    for row in rows:
        for decision in row.decisions:
            if can_be_asked(decision.request):
                said = verdict_of(ask(server, holder, decision.request))
                assert said is Verdict.ALLOWED, (decision.request, text)
