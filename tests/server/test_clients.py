"""Real clients, the `bao` program and hvac, see the same on the mock and on a real server."""

from __future__ import annotations

import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import hvac
import hvac.exceptions
import pytest

from tests.live.server import find_binary
from tests.server.targets import Target, mock_target, real_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.slow]

_MASKS = (
    (r"http://127\.0\.0\.1:\d+", "<api>"),
    (r"https://127\.0\.0\.1:\d+", "<cluster>"),
    (r"\b[sb]\.[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9]{6})?", "<token>"),
    (r"\b[A-Za-z0-9]{24}(\.[A-Za-z0-9]{6})?\b", "<accessor>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.]*( \+0000 UTC|Z)?", "<time>"),
    (r"\b(auth_)?[a-z_]+_[0-9a-f]{8}\b", "<mount>"),
    (r"(?m)^id\s+[A-Za-z0-9]{6}$", "id <namespace>"),
    (r"\bttl: (3600|3599|7200|7199)\b", "ttl: <left>"),
    (r"vault-cluster-[0-9a-f]{8}", "<name>"),
    (r"\b\d+h\d+m\d+s\b|\b(59m|1h59m|9m)\d+s\b|\b\d+h\b|\b10m\b", "<span>"),
    (r"\b1[78]\d{8}\b", "<unix>"),
    (r"\b27647\d\d\b|\b2764800\b", "<lease>"),
    (r"(?m)(Raft (Committed|Applied) Index|raft_\w+_index\S*)\s+\d+", r"\1 <index>"),
    (r'"raft_(\w+)_index": \d+', r'"raft_\1_index": <index>'),
    (r"(?m)^(host ?name|HostName)\b.*$", "<host>"),
    (r'"hostname": "[^"]*"', '"hostname": "<host>"'),
)


def _masked(text: str) -> str:
    for pattern, word in _MASKS:
        text = re.sub(pattern, word, text)
    return re.sub(r"-{3,}", "---", re.sub(r"[ \t]+", " ", text)).strip()


@pytest.fixture(scope="module")
def targets() -> Iterator[tuple[Target, Target]]:
    with mock_target() as mock, real_target() as real:
        yield mock, real


# The command line

_POLICY = 'path "sys/step-down" {\n  capabilities = ["update", "sudo"]\n}\n'


class _Cli:
    """Runs the real `bao` program against one server, and keeps what it said."""

    def __init__(self, target: Target, home: Path) -> None:
        self.target = target
        self.home = home
        self.binary = str(find_binary())
        self.said: list[tuple[str, int, str, str]] = []
        (home / "p.hcl").write_text(_POLICY)

    def __call__(
        self, *words: str, token: str | None = None, stdin: str = "", is_race: bool = False
    ) -> str:
        """Run it; what it printed. Of a race only the exit code is kept."""
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.home),
            "BAO_ADDR": self.target.address,
            "BAO_MAX_RETRIES": "0",
            "BAO_TOKEN": self.target.root_token if token is None else token,
        }
        done = subprocess.run(
            [self.binary, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.home,
            timeout=30,
            check=False,
        )
        named = _masked(" ".join(words).replace(self.target.unseal_key, "<key>"))
        out = "" if is_race else _masked(done.stdout)
        self.said.append((named, done.returncode, out, _masked(done.stderr)))
        return done.stdout

    def token(self, *words: str) -> str:
        """Make a token; its text."""
        return self("token", "create", "-field=token", *words).strip()


def _tell_cli(bao: _Cli) -> None:
    bao("status")
    bao("status", "-format=json")
    bao("operator", "members", "-format=json")
    bao("operator", "members", token="")
    bao("read", "sys/leader")
    bao("policy", "list")
    bao("policy", "write", "SD", "p.hcl")
    bao("policy", "write", "bad", "-", stdin='path "a" { capabilities = ["fly"] }')
    bao("policy", "read", "sd")
    bao("policy", "read", "nosuch")
    bao("policy", "list", token="nonsense")
    bao("policy", "delete", "root")
    tokens = {
        "plain": bao.token("-policy=sd", "-ttl=1h"),
        "twice": bao.token("-policy=sd", "-use-limit=2"),
        "batch": bao.token("-policy=sd", "-type=batch", "-ttl=10m"),
        "period": bao.token("-policy=sd", "-period=2h", "-orphan"),
        "none": bao.token("-policy=nothing"),
    }
    for token in tokens.values():
        bao("token", "lookup", token)
    bao("token", "lookup", "nonsense")
    bao("token", "lookup", token="")
    bao("token", "capabilities", tokens["plain"], "sys/step-down")
    bao("token", "capabilities", tokens["none"], "sys/step-down", "-format=json")
    bao("token", "capabilities", "sys/step-down", token=tokens["plain"])
    bao("token", "capabilities", "sys/step-down", token=tokens["none"])
    bao("token", "capabilities", "nonsense", "a")
    bao("token", "renew", tokens["plain"])
    bao("token", "renew", "-increment=2h", tokens["plain"])
    bao("token", "renew", tokens["batch"])
    bao("token", "create", token=tokens["plain"])
    bao("token", "revoke", tokens["period"])
    bao("token", "lookup", token=tokens["period"])
    bao("token", "revoke", "nonsense")
    bao("secrets", "enable", "-path=kv1", "kv")
    bao("kv", "put", "kv1/a", "x=1")
    bao("kv", "get", "-format=json", "kv1/a")
    bao("kv", "list", "kv1")
    bao("kv", "get", "kv1/nosuch")
    bao("kv", "get", "kv1/a", token=tokens["none"])
    bao("write", "cubbyhole/x", "a=b", token=tokens["none"])
    bao("read", "cubbyhole/x", token=tokens["none"])
    bao("auth", "enable", "userpass")
    bao("write", "auth/userpass/users/ann", "password=pw", "token_policies=sd")
    bao("write", "auth/userpass/login/ann", "password=wrong")
    bao("write", "auth/userpass/login/ann", "password=pw")
    bao("token", "create", "-policy=sd", "-wrap-ttl=60s")
    bao("unwrap", "nonsense")
    bao("namespace", "create", "team")
    bao("policy", "list", "-namespace=team")
    bao("operator", "step-down", "-namespace=team")
    bao("operator", "step-down", token=tokens["none"])
    bao("operator", "step-down", token="")
    bao("read", "sys/step-down")
    bao("path-help", "sys/step-down")
    bao("operator", "step-down", token=tokens["twice"])
    time.sleep(2)
    bao("status")
    bao("operator", "step-down")
    bao("policy", "list")
    bao("policy", "write", "x", "p.hcl")
    bao.target.wait_active()
    bao("status", "-format=json")
    bao("token", "lookup", tokens["twice"])
    bao("policy", "delete", "sd")
    bao("operator", "seal", token=tokens["plain"])
    bao("operator", "seal")
    bao("status")
    bao("policy", "list")
    # Whether it is active already when the program asks for the status is a race.
    bao("operator", "unseal", bao.target.unseal_key, is_race=True)
    bao.target.wait_active()
    bao("policy", "list")


def test_the_command_line_says_the_same(targets: tuple[Target, Target], tmp_path: Path) -> None:
    def tell(target: Target) -> list[tuple[str, int, str, str]]:
        home = tmp_path / target.name
        home.mkdir()
        bao = _Cli(target, home)
        _tell_cli(bao)
        return bao.said

    with ThreadPoolExecutor() as pool:
        mock, real = pool.map(tell, targets)
    assert len(mock) == len(real) > 60
    assert [pair for pair in zip(mock, real, strict=True) if pair[0] != pair[1]] == []


# hvac


class _Hvac:
    """Calls hvac against one server, and keeps what it returned or raised."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.root = hvac.Client(target.address, target.root_token)
        self.said: list[tuple[str, str]] = []

    def __call__(self, name: str, call: Any) -> Any:
        try:
            result = call()
        except hvac.exceptions.VaultError as error:
            self.said.append((name, f"{type(error).__name__}: {_masked(str(error))}"))
            return None
        text = f"{result.status_code} {result.text}" if hasattr(result, "status_code") else None
        self.said.append((name, _masked(text if text is not None else _sorted(result))))
        return result


def _sorted(value: Any) -> str:
    """A result in words, with keys in order: the server shuffles some."""
    if isinstance(value, dict):
        # The headers of hvac's answers are not there, and a version is the same.
        return "{" + ", ".join(f"{k}: {_sorted(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_sorted, value)) + "]"
    return repr(value)


def _tell_hvac(say: _Hvac) -> None:
    target, root = say.target, say.root
    nobody = hvac.Client(target.address)
    say("initialized", nobody.sys.is_initialized)
    say("sealed", nobody.sys.is_sealed)
    say("health", nobody.sys.read_health_status)
    say("health, GET", lambda: nobody.sys.read_health_status(method="GET"))
    say("leader", nobody.sys.read_leader_status)
    say("authenticated", root.is_authenticated)
    say("nobody", nobody.is_authenticated)
    say("policies", root.sys.list_policies)
    say("acl policies", root.sys.list_acl_policies)
    text = _POLICY
    say("write", lambda: root.sys.create_or_update_policy("hv", text))
    say("read", lambda: root.sys.read_policy("hv"))
    say("write a dict", lambda: root.sys.create_or_update_acl_policy("hv2", {"path": {}}))
    say("read acl", lambda: root.sys.read_acl_policy("hv2"))
    say("garbage", lambda: root.sys.create_or_update_policy("hv", "garbage"))
    say("missing", lambda: root.sys.read_policy("nosuch"))
    say("delete", lambda: root.sys.delete_policy("hv2"))
    made = say("create", lambda: root.auth.token.create(policies=["hv"], ttl="1h", num_uses=20))
    text = made["auth"]["client_token"]
    accessor = made["auth"]["accessor"]
    ops = hvac.Client(target.address, text)
    say("lookup", lambda: root.auth.token.lookup(text))
    say("lookup self", ops.auth.token.lookup_self)
    say("lookup accessor", lambda: root.auth.token.lookup_accessor(accessor))
    say("lookup nothing", lambda: root.auth.token.lookup("nonsense"))
    say("capabilities", lambda: ops.sys.get_capabilities(["sys/step-down", "a/b"]))
    say("of a token", lambda: root.sys.get_capabilities(["sys/step-down"], token=text))
    say("of an accessor", lambda: root.sys.get_capabilities(["a"], accessor=accessor))
    say("denied", ops.sys.list_policies)
    say("a child", ops.auth.token.create)
    say("renew self", ops.auth.token.renew_self)
    say("renew", lambda: root.auth.token.renew(text, increment="2h"))
    say("renew accessor", lambda: root.auth.token.renew_accessor(accessor))
    say("orphan", lambda: root.auth.token.create_orphan(policies=["hv"]))
    say("revoke self", ops.auth.token.revoke_self)
    say("revoked", ops.auth.token.lookup_self)
    say("revoke nothing", lambda: root.auth.token.revoke("nonsense"))
    role = {"allowed_policies": ["hv", "other"], "token_period": "1h", "orphan": True}
    say("role", lambda: root.auth.token.create_or_update_role("r", **role))
    say("read role", lambda: root.auth.token.read_role("r"))
    say("roles", root.auth.token.list_roles)
    say("with role", lambda: root.auth.token.create(role_name="r", policies=["hv"]))
    say("not in role", lambda: root.auth.token.create(role_name="r", policies=["z"]))
    say("all of role", lambda: root.auth.token.create(role_name="r"))
    say("no role", lambda: root.auth.token.create(role_name="nosuch"))
    say("delete role", lambda: root.auth.token.delete_role("r"))
    say("no such role", lambda: root.auth.token.read_role("r"))
    say("tidy", root.auth.token.tidy)
    outer = say("outer", lambda: root.auth.token.create(policies=["root"]))["auth"]["client_token"]
    inner = hvac.Client(target.address, outer).auth.token.create(policies=["hv"])["auth"]
    say("orphans", lambda: root.auth.token.revoke_and_orphan_children(outer))
    say("an orphan", lambda: root.auth.token.lookup(inner["client_token"]))
    say("mount", lambda: root.sys.enable_secrets_engine("kv", path="h2", options={"version": "2"}))
    # The real server prepares a new versioned mount in the background.
    time.sleep(1.5)
    kv = root.secrets.kv.v2

    def read() -> Any:
        return kv.read_secret_version("a/b", mount_point="h2", raise_on_deleted_version=True)

    say("kv write", lambda: kv.create_or_update_secret("a/b", {"x": 1}, mount_point="h2"))
    say("kv cas", lambda: kv.create_or_update_secret("a/b", {"x": 2}, cas=5, mount_point="h2"))
    say("kv read", read)
    say("kv metadata", lambda: kv.read_secret_metadata("a/b", mount_point="h2"))
    say("kv list", lambda: kv.list_secrets("a", mount_point="h2"))
    say("kv delete", lambda: kv.delete_latest_version_of_secret("a/b", mount_point="h2"))
    say("kv gone", read)
    say("kv undelete", lambda: kv.undelete_secret_versions("a/b", [1], mount_point="h2"))
    say("kv destroy", lambda: kv.destroy_secret_versions("a/b", [1], mount_point="h2"))
    say("kv forget", lambda: kv.delete_metadata_and_all_versions("a/b", mount_point="h2"))
    identity = root.secrets.identity
    entity = say("entity", lambda: identity.create_or_update_entity("e", metadata={"a": "b"}))
    id_ = entity["data"]["id"]
    say("entity again", lambda: identity.create_or_update_entity("e", policies=["hv"]))
    say("read entity", lambda: identity.read_entity(id_))
    say("group", lambda: identity.create_or_update_group("g", member_entity_ids=[id_]))
    say("read group", lambda: identity.read_group_by_name("g"))
    say("lookup entity", lambda: identity.lookup_entity(name="e"))
    say("delete entity", lambda: identity.delete_entity(id_))
    say("no step-down", hvac.Client(target.address, "nonsense").sys.step_down)
    say("step-down", root.sys.step_down)
    time.sleep(2)
    say("a standby", lambda: root.sys.read_health_status(method="GET", standby_ok=False))
    say("nobody active", root.sys.step_down)
    say("a read", root.sys.list_acl_policies)
    say("a write", lambda: root.sys.create_or_update_policy("y", _POLICY))
    target.wait_active()
    say("active again", root.sys.read_leader_status)
    say("clean up", lambda: root.sys.delete_policy("hv"))


def test_hvac_sees_the_same(targets: tuple[Target, Target]) -> None:
    def tell(target: Target) -> list[tuple[str, str]]:
        say = _Hvac(target)
        _tell_hvac(say)
        return say.said

    with ThreadPoolExecutor() as pool:
        mock, real = pool.map(tell, targets)
    assert len(mock) == len(real) > 50
    assert [pair for pair in zip(mock, real, strict=True) if pair[0] != pair[1]] == []
