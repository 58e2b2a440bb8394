"""Address, token and TLS: where they come from, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from policy.errors import SourceError, UsageError
from policy.preflight import Address, Given, Settings, read_settings
from policy.preflight.secret import Secret

TOKEN = "s.SENTINELsentinelSENTINEL"


def settings(
    tmp_path: Path, given: Given | None = None, stdin: bytes = b"", **environment: str
) -> Settings:
    return read_settings(given or Given(), environment, tmp_path, lambda: stdin)


def test_from_the_environment(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        VAULT_ADDR="https://vault.example:8200/",
        VAULT_TOKEN=TOKEN,
        VAULT_NAMESPACE="team/",
        VAULT_CACERT="ca.pem",
        VAULT_CAPATH="/ca",
        VAULT_CLIENT_CERT="c.pem",
        VAULT_CLIENT_KEY="k.pem",
        VAULT_TLS_SERVER_NAME="other.example",
        VAULT_SKIP_VERIFY="true",
    )
    assert str(read.address) == "https://vault.example:8200"
    assert read.namespace == "team/"
    assert read.token.reveal() == TOKEN
    tls = read.tls
    assert (tls.ca_cert, tls.ca_path) == ("ca.pem", "/ca")
    assert (tls.client_cert, tls.client_key) == ("c.pem", "k.pem")
    assert (tls.server_name, tls.skip_verify) == ("other.example", True)


def test_options_come_first(tmp_path: Path) -> None:
    given = Given(address="http://n1:8200", namespace="", ca_cert="mine.pem", tls_skip_verify=False)
    read = settings(
        tmp_path,
        given,
        VAULT_ADDR="https://other:1",
        VAULT_TOKEN=TOKEN,
        VAULT_NAMESPACE="team/",
        VAULT_CACERT="ca.pem",
        VAULT_SKIP_VERIFY="1",
    )
    assert str(read.address) == "http://n1:8200"
    assert (read.namespace, read.tls.ca_cert, read.tls.skip_verify) == ("", "mine.pem", False)


@pytest.mark.parametrize("name", ["ADDR", "TOKEN", "NAMESPACE", "CACERT"])
def test_both_names_count_and_may_not_differ(tmp_path: Path, name: str) -> None:
    base = {"BAO_TOKEN": TOKEN}
    same = {f"BAO_{name}": base.get(f"BAO_{name}", "https://a:1")}
    same[f"VAULT_{name}"] = same[f"BAO_{name}"]
    one = {**base, **same}
    other = {**one, f"VAULT_{name}": "https://b:1"}
    read_settings(Given(), one, tmp_path, bytes)
    with pytest.raises(UsageError, match="are both set, and differ") as caught:
        read_settings(Given(), other, tmp_path, bytes)
    assert TOKEN not in repr(caught.value)


def test_the_default_address_is_that_of_the_programs(tmp_path: Path) -> None:
    assert str(settings(tmp_path, VAULT_TOKEN=TOKEN).address) == "https://127.0.0.1:8200"


def test_where_the_token_comes_from(tmp_path: Path) -> None:
    (tmp_path / ".vault-token").write_text(f"{TOKEN}-home\n")
    (tmp_path / "file").write_text(f" {TOKEN}-file\n")
    assert settings(tmp_path).token.reveal() == f"{TOKEN}-home"
    assert settings(tmp_path, VAULT_TOKEN=TOKEN).token.reveal() == TOKEN
    given = Given(token_file=str(tmp_path / "file"))
    assert settings(tmp_path, given, VAULT_TOKEN=TOKEN).token.reveal() == f"{TOKEN}-file"
    read = settings(tmp_path, Given(token_file="-"), stdin=TOKEN.encode() + b"\r\n")
    assert read.token.reveal() == TOKEN


def test_no_token(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no token"):
        settings(tmp_path)
    with pytest.raises(UsageError, match="empty, as it was read from standard input"):
        settings(tmp_path, Given(token_file="-"))
    with pytest.raises(SourceError, match="there is no such file"):
        settings(tmp_path, Given(token_file=str(tmp_path / "nosuch")))


@pytest.mark.parametrize("odd", ["a\nb", "x y", "a\x00b", "tökén", "a\r\nX-Other: 1"])
def test_a_token_that_no_header_may_hold(tmp_path: Path, odd: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings(tmp_path, VAULT_TOKEN=odd)
    assert odd not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_secret_does_not_show() -> None:
    secret = Secret(TOKEN)
    settings = Settings(Address.parse("https://a"), secret)
    for shown in (repr(secret), str(secret), f"{secret}", repr(settings), f"{[secret]}"):
        assert TOKEN not in shown
    assert secret.hide_in(f"<{TOKEN}>") == "<[token]>"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://a", "https://a:443"),
        ("http://a", "http://a:80"),
        ("http://[::1]:8200", "http://[::1]:8200"),
        ("https://lb:8443/vault/", "https://lb:8443/vault"),
        ("HTTPS://A:1", "https://a:1"),
    ],
)
def test_addresses(text: str, read: str) -> None:
    assert str(Address.parse(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", "a:8200", "127.0.0.1:8200", "unix:///run/vault.sock", "https://", "ftp://a"),
        *(
            "https://a:99999",
            "https://a:x",
            "https://a?b=c",
            "https://a/#x",
            "https://[",
            "http://a b",
        ),
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="write https://HOST:PORT"):
        Address.parse(text)


def test_an_address_holds_no_password() -> None:
    with pytest.raises(UsageError, match="no user name or password") as caught:
        Address.parse("https://me:hunter2@vault")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        *(("http://127.0.0.1:1", True), ("http://[::1]", True), ("http://localhost", True)),
        *(("http://10.0.0.1", False), ("http://localhost.example", False)),
    ],
)
def test_local(text: str, is_local: bool) -> None:
    assert Address.parse(text).is_local is is_local


def test_a_boolean_is_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither `true` nor `false`"):
        settings(tmp_path, VAULT_TOKEN=TOKEN, VAULT_SKIP_VERIFY="perhaps")
