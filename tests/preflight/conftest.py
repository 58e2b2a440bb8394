"""`sudopath preflight step-down` inside the test, against a server on a free port."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from policy.cli.main import main
from policy.testing.server import OnPorts
from tests.cli.conftest import Done

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Preflight", "long_active", "new_token"]

Preflight = Callable[..., Done]


@pytest.fixture
def preflight(
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Preflight:
    """Runs it with an address and a token in the environment, and nothing else there. What is
    shown never holds the token."""
    for name in list(os.environ):
        if name.startswith(("VAULT_", "BAO_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(address: str, token: str, *words: str, **environment: str) -> Done:
        variables = {"VAULT_ADDR": address, "VAULT_TOKEN": token, **environment}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                if value:
                    patch.setenv(name, value)
            code = main(["preflight", "step-down", *words])
        captured = capsysbinary.readouterr()
        done = Done(code, captured.out.decode(), captured.err.decode())
        assert "Traceback" not in done.err
        if token:
            assert token not in done.out + done.err
        return done

    return run


def long_active(server: OnPorts) -> None:
    """Let the active node have been active for some time: nobody sleeps after a step-down."""
    for node in server.mock.cluster.nodes:
        node.active_since -= 3700.0


def new_token(server: OnPorts, **options: object) -> str:
    """A token of the mock server, made by its root token."""
    from tests.server.targets import Target

    target = Target("mock", server.address, server.root_token, "")
    status, made = target.send("POST", "auth/token/create", options, server.root_token)
    assert status == 200, made
    token: str = made["auth"]["client_token"]
    return token
