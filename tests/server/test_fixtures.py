"""What users get for their own tests: the fixtures, and the server for an ASGI client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import hvac
import pytest

from policy.model import DIALECTS
from policy.testing.server import InProcess, OnPorts

if TYPE_CHECKING:
    from policy.testing.server import Response


def test_hvac_talks_to_the_server_on_a_port(mock_server: OnPorts) -> None:
    client = hvac.Client(mock_server.address, mock_server.root_token)
    assert client.is_authenticated()
    assert client.sys.read_leader_status()["leader_address"] == mock_server.address


def test_a_cluster_needs_no_waiting(mock_cluster: InProcess) -> None:
    assert mock_cluster.put("/v1/sys/step-down").status == 204
    mock_cluster.clock.advance(0.6)
    statuses = [mock_cluster.get("/v1/sys/health", node=node).status for node in range(3)]
    assert statuses == [429, 200, 429]


def test_an_asgi_client_can_be_used() -> None:
    server = InProcess(root_token="root")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(server.mock.applications[0])
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            return await client.get("/v1/sys/mounts", headers={"X-Vault-Token": "root"})

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    assert "cubbyhole/" in answer.json()["data"]
    server.close()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_any_dialect_can_decide(dialect: str) -> None:
    text = 'path "sys/step-down" { capabilities = ["update", "sudo"] }'
    with InProcess(dialect=dialect, policies={"sd": text}) as server:

        def step_down(policy: str) -> Response:
            body = {"policies": [policy]}
            made = server.post("/v1/auth/token/create", json=body).json["auth"]
            return server.put("/v1/sys/step-down", token=made["client_token"])

        assert step_down("default").status == 403
        assert step_down("sd").status == 204
