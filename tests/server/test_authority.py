"""Every authorization in the server is the engine's, and none of the ACL's rules is repeated."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import policy.server
from policy import ACL, STEP_DOWN, Outcome, Request
from policy.testing.server import InProcess

if TYPE_CHECKING:
    from policy import Decision

FOLDER = Path(policy.server.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))

# What a token may do and what an ACL looks like are shown by it; nothing is decided.
SHOWS_RULES = {"mount_types/shown_rules.py"}
ASKS_THE_ENGINE = {"router.py"}
INNER_NAMES = {"Grant", "Pattern", "PatternKind", "Table", "mask", "grant", "find_listing"}


def _names(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_server_code_knows_no_rule(file: Path) -> None:
    name = str(file.relative_to(FOLDER))
    inner = {m for m in _imports(file) if m.startswith(("policy.acl", "policy.evaluate."))}
    assert inner == set()
    if name not in SHOWS_RULES:
        assert not _names(file) & INNER_NAMES
    if name not in ASKS_THE_ENGINE:
        assert not _names(file) & {"decide", "allows", "decide_many", "allows_many"}


def test_step_down_asks_for_step_down_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    decide = ACL.decide

    def listening(acl: ACL, request: Request) -> Decision:
        asked.append(request)
        return decide(acl, request)

    monkeypatch.setattr(ACL, "decide", listening)
    with InProcess() as server:
        assert server.put("/v1/sys/step-down").status == 204
        assert asked == [STEP_DOWN]
        server.clock.advance(11)
        server.put("/v1/sys/step-down", json={"a": 1}, headers={"X-Vault-Wrap-TTL": "5"})
        assert asked[1:] == [
            Request(STEP_DOWN.operation, STEP_DOWN.path, data={"a": 1}, wrap_ttl_seconds=5.0)
        ]


_PATHS = (
    ("GET", "/v1/auth/token/lookup-self"),
    ("POST", "/v1/auth/token/create"),
    ("PUT", "/v1/sys/policies/acl/x"),
    ("GET", "/v1/sys/policies/acl/default"),
    ("LIST", "/v1/sys/policies/acl"),
    ("POST", "/v1/sys/capabilities-self"),
    ("GET", "/v1/sys/internal/ui/resultant-acl"),
    ("GET", "/v1/sys/mounts"),
    ("GET", "/v1/sys/ha-status"),
    ("PUT", "/v1/cubbyhole/x"),
    ("GET", "/v1/cubbyhole/x"),
    ("POST", "/v1/identity/entity"),
    ("GET", "/v1/no/such/mount"),
    ("PUT", "/v1/sys/wrapping/wrap"),
    ("PUT", "/v1/sys/namespaces/n"),
    ("PUT", "/v1/sys/step-down"),
    ("PUT", "/v1/sys/seal"),
)


class _Always:
    """An engine that gives one answer to everything."""

    reason = None

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.allowed = outcome is Outcome.ALLOW


def _force(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    always = _Always(outcome)
    monkeypatch.setattr(ACL, "decide", lambda *_: always)
    monkeypatch.setattr(ACL, "allows", lambda *_, **__: always.allowed)


@pytest.mark.parametrize("outcome", [Outcome.DENY, Outcome.UNDETERMINED])
@pytest.mark.parametrize(("method", "path"), _PATHS)
def test_nothing_is_done_that_the_engine_does_not_allow(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, outcome: Outcome
) -> None:
    _force(monkeypatch, outcome)
    with InProcess() as server:
        before = server.mock.core.storage.revision()
        answer = server.request(method, path, json={"policy": "#", "data": {}})
        assert answer.status == 403
        assert answer.json == {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
        assert server.mock.core.storage.revision() == before
        assert server.get("/v1/sys/health").status == 200


@pytest.mark.parametrize(("method", "path"), _PATHS)
def test_what_the_engine_allows_is_done(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    with InProcess() as server:
        made = server.post("/v1/auth/token/create", json={"policies": ["nothing"]}).json
        _force(monkeypatch, Outcome.ALLOW)
        body: Any = {"policy": "#", "path": "a"}
        answer = server.request(method, path, json=body, token=made["auth"]["client_token"])
        assert answer.status != 403
