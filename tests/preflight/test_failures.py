"""Everything that can stand between us and a server: a clear phrase, exit code 2, no token."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
import traceback
from typing import TYPE_CHECKING

import pytest

from policy.errors import SourceError
from policy.preflight import Address, Client, Failure, RequestError, tls_context
from policy.preflight.secret import Secret
from policy.preflight.settings import Tls
from tests.preflight.strange import closed_port, responding, strange

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.preflight.conftest import Preflight

TOKEN = "s.SENTINELsentinelSENTINEL"
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


def answer(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


HTML = answer(
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n",
    b"<html><head><title>502 Bad Gateway</title></head></html>",
)
PLAIN = answer(
    b"HTTP/1.0 400 Bad Request\r\n", b"Client sent an HTTP request to an HTTPS server.\n"
)
REDIRECT = answer(
    b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://vault.example/v1/sys/health\r\n", b""
)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "closed the connection without an answer"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "something that is no HTTP; is it `https://`?"),
        (b"SSH-2.0-OpenSSH_9\r\n", "something that is no HTTP"),
        (OK + b"Content-Length: 100\r\n\r\n{", "in the middle of the answer"),
        (PLAIN, "speaks TLS: write `https://`"),
        (HTML, "HTTP 502, `502 Bad Gateway`): a proxy or another program stands there"),
        (answer(OK, b"<html>hello"), "HTTP 200, `<html>hello`"),
        (answer(OK, b'{"status": "up"}'), "not as Vault or OpenBao would (HTTP 200)"),
        (answer(OK, b"[" * 100_000), "a proxy or another program"),
        (answer(OK, b""), "a proxy or another program"),
        (REDIRECT, "redirects to `https://vault.example/v1/sys/health`: give the address"),
    ],
)
def test_no_vault_answers(preflight: Preflight, sent: bytes, words: str) -> None:
    with strange(responding({}, sent)) as host:
        done = preflight(f"http://{host}", TOKEN)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.startswith(f"sudopath: `http://{host}` ")
    assert done.err.count("\n") == 1


def test_nobody_listens(preflight: Preflight) -> None:
    address = f"http://{closed_port()}"
    done = preflight(address, TOKEN, "--format", "json")
    assert done == (
        2,
        "",
        f"sudopath: `{address}` refuses the connection: nothing listens there\n",
    )


def test_an_unknown_name(preflight: Preflight) -> None:
    done = preflight("http://nowhere.invalid:8200", TOKEN)
    assert done.code == 2
    assert "cannot be found: the name `nowhere.invalid` is not known" in done.err
    done = preflight(f"http://{'a' * 64}.invalid:8200", TOKEN)
    assert done.code == 2
    assert "cannot be found" in done.err


def _drip(connection: socket.socket, _: bytes) -> None:
    connection.sendall(OK + b"Content-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("serve", [responding({}, OK, pause=0.8), _drip])
def test_a_slow_server(preflight: Preflight, serve: Callable[[socket.socket, bytes], None]) -> None:
    with strange(serve) as host:
        done = preflight(f"http://{host}", TOKEN, "--request-timeout", "0.4")
    assert done.code == 2
    assert "did not answer within 0.4 seconds" in done.err


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A certificate of 127.0.0.1 and one of another name, each its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificates")
    made: dict[str, Path] = {}
    for name, subject in (("own", "IP:127.0.0.1"), ("other", "DNS:other.example")):
        key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
        subprocess.run(
            [
                *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt"),
                *("ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}"),
                *("-addext", f"subjectAltName={subject}", "-keyout", key, "-out", certificate),
            ],
            check=True,
            capture_output=True,
        )
        made |= {name: certificate, f"{name}-key": key}
    return made


def server_context(certificates: dict[str, Path], name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates[name], certificates[f"{name}-key"])
    return context


HEALTH = answer(OK, b'{"initialized": true, "sealed": true, "version": "2.7.2"}')


def test_an_authority_that_is_not_trusted(
    preflight: Preflight, certificates: dict[str, Path]
) -> None:
    with strange(responding({}, HEALTH), server_context(certificates, "own")) as host:
        done = preflight(f"https://{host}", TOKEN)
    assert done.code == 2
    assert "has a certificate that is not trusted: self-signed certificate" in done.err
    assert "`--ca-cert`" in done.err


def test_a_wrong_name_and_the_way_out(preflight: Preflight, certificates: dict[str, Path]) -> None:
    trusted = {"VAULT_CACERT": str(certificates["other"])}
    with strange(responding({}, HEALTH), server_context(certificates, "other")) as host:
        done = preflight(f"https://{host}", TOKEN, **trusted)
        assert done.code == 2
        assert "mismatch" in done.err
        assert "`--tls-server-name`" in done.err
        done = preflight(f"https://{host}", TOKEN, "--tls-server-name", "other.example", **trusted)
        assert done.code == 1
        assert "the node is sealed" in done.out
        assert "not checked" not in done.out
        done = preflight(f"https://{host}", TOKEN, VAULT_SKIP_VERIFY="true")
        assert done.code == 1
        assert "the certificate is not checked" in done.out


def test_a_server_that_wants_our_certificate(
    preflight: Preflight, certificates: dict[str, Path]
) -> None:
    context = server_context(certificates, "own")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates["other"])
    trusted = {"VAULT_CACERT": str(certificates["own"])}
    with strange(responding({}, HEALTH), context) as host:
        done = preflight(f"https://{host}", TOKEN, **trusted)
        assert done.code == 2
        # Whether we hear why, or only that the connection ends, is a race.
        assert "`--client-cert`" in done.err
        mine = ["--client-cert", str(certificates["other"])]
        mine += ["--client-key", str(certificates["other-key"])]
        assert preflight(f"https://{host}", TOKEN, *mine, **trusted).code == 1


def test_tls_to_a_server_without(preflight: Preflight) -> None:
    with strange(responding({}, PLAIN)) as host:
        done = preflight(f"https://{host}", TOKEN)
    assert done.code == 2
    assert "does not speak TLS; is it `http://`?" in done.err


def test_files_that_do_not_hold(
    preflight: Preflight, certificates: dict[str, Path], tmp_path: Path
) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    for words, phrase in (
        (["--ca-cert", str(tmp_path / "nosuch")], "No such file or directory"),
        (["--ca-cert", str(nonsense)], "nonsense.pem: "),
        (["--client-cert", str(nonsense)], "in PEM form"),
        (["--client-key", str(certificates["own-key"])], "without a client certificate"),
        (
            [
                *("--client-cert", str(certificates["own"])),
                *("--client-key", str(certificates["other-key"])),
            ],
            "no certificate and key that belong together",
        ),
    ):
        done = preflight("https://127.0.0.1:1", TOKEN, *words)
        assert done.code == 2
        assert phrase in done.err


# The token


def test_the_token_is_in_no_exception(certificates: dict[str, Path]) -> None:
    """Whatever happens to a request that carries it."""
    tls = Tls()
    secret = Secret(TOKEN)
    for sent in (b"", b"SSH-2.0-x\r\n", OK + b"Content-Length: 9\r\n\r\n"):
        with strange(responding({}, sent)) as host:
            address = Address.parse(f"http://{host}")
            with Client(address, tls_context(tls), tls) as client:
                with pytest.raises(RequestError) as caught:
                    client.send("PUT", "sys/step-down", secret, {"a": 1})
                assert TOKEN not in repr(caught.value)
                assert caught.value.__suppress_context__
                shown = "".join(traceback.format_exception(caught.value))
                assert TOKEN not in shown
                assert caught.value.failure in (Failure.CUT, Failure.NOT_OURS)


def test_a_server_that_sends_the_token_back() -> None:
    """An error page may repeat the headers of the request."""
    page = answer(b"HTTP/1.1 500 x\r\nLocation: /" + TOKEN.encode() + b"\r\n", TOKEN.encode())
    body = answer(OK, b'{"errors": ["' + TOKEN.encode() + b'"], "id": "' + TOKEN.encode() + b'"}')
    tls = Tls()
    for sent in (page, body):
        with strange(responding({}, sent)) as host:
            with Client(Address.parse(f"http://{host}"), tls_context(tls), tls) as client:
                got = client.send("GET", "x", Secret(TOKEN))
            assert TOKEN not in repr(got)
            assert TOKEN not in got.words()
            assert TOKEN not in got.location
            assert "[token]" in got.words()


def test_a_wrong_ca_file_is_named() -> None:
    with pytest.raises(SourceError, match="nosuch"):
        tls_context(Tls(ca_cert="nosuch"))
