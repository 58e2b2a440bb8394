"""Address, token and TLS, from options, from the environment and from files, as the CLIs read them.

Every variable has two names, `VAULT_X` and `BAO_X`. Where both are set and differ, we ask rather
than choose: the wrong choice steps down the wrong cluster.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from policy.errors import SourceError, UsageError
from policy.preflight.address import Address
from policy.preflight.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["DEFAULT_ADDRESS", "Given", "Settings", "Tls", "read_settings"]

DEFAULT_ADDRESS = "https://127.0.0.1:8200"
"""What `vault` and `bao` ask when nobody says anything else."""

_MAX_TOKEN_BYTES = 65_536
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"", "0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates as file names. Empty is "not given"; without an authority the system's count."""

    ca_cert: str = ""
    ca_path: str = ""
    client_cert: str = ""
    client_key: str = ""
    server_name: str = ""
    """The name to be found in the server's certificate, in place of the address's."""
    skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What stood on the command line; None is "not given". A token never does."""

    address: str | None = None
    namespace: str | None = None
    token_file: str | None = None
    """A file, or `-` for standard input."""
    ca_cert: str | None = None
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    tls_server_name: str | None = None
    tls_skip_verify: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Whom to ask, as whom, and how long to wait for each answer (in seconds)."""

    address: Address
    token: Secret
    tls: Tls = field(default_factory=Tls)
    namespace: str = ""
    request_seconds: float = 10.0


def read_settings(
    given: Given,
    environment: Mapping[str, str],
    home: Path,
    standard_input: Callable[[], bytes],
    request_seconds: float = 10.0,
) -> Settings:
    """Options first, then the environment, then `~/.vault-token` for the token.

    Raises `UsageError` when they contradict each other or there is no token, and `SourceError`
    when a file cannot be read.
    """
    variables = _Variables(environment)
    skip = given.tls_skip_verify
    return Settings(
        address=Address.parse(variables.choose(given.address, "ADDR") or DEFAULT_ADDRESS),
        token=_token(given.token_file, variables, home, standard_input),
        tls=Tls(
            ca_cert=variables.choose(given.ca_cert, "CACERT"),
            ca_path=variables.choose(given.ca_path, "CAPATH"),
            client_cert=variables.choose(given.client_cert, "CLIENT_CERT"),
            client_key=variables.choose(given.client_key, "CLIENT_KEY"),
            server_name=variables.choose(given.tls_server_name, "TLS_SERVER_NAME"),
            skip_verify=variables.boolean("SKIP_VERIFY") if skip is None else skip,
        ),
        namespace=variables.choose(given.namespace, "NAMESPACE"),
        request_seconds=request_seconds,
    )


class _Variables:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def choose(self, option: str | None, name: str) -> str:
        """The option, or else the variable; empty when there is neither."""
        return self.value(name) if option is None else option

    def value(self, name: str) -> str:
        names = (f"BAO_{name}", f"VAULT_{name}")
        found = {self._environment.get(each, "") for each in names} - {""}
        if len(found) > 1:
            raise UsageError(
                f"`{names[0]}` and `{names[1]}` are both set, and differ: unset one of them"
            )
        return found.pop() if found else ""

    def boolean(self, name: str) -> bool:
        text = self.value(name)
        if text not in _TRUE | _FALSE:
            raise UsageError(f"`VAULT_{name}` or `BAO_{name}` is neither `true` nor `false`")
        return text in _TRUE


def _token(
    file: str | None, variables: _Variables, home: Path, standard_input: Callable[[], bytes]
) -> Secret:
    if file == "-":
        return _secret(standard_input(), "standard input")
    if file is not None:
        # The name is not repeated: it may be a token by mistake.
        name = "the file of `--token-file`"
        try:
            return _secret(_read(Path(file), name), name)
        except FileNotFoundError:
            raise SourceError(f"{name}: there is no such file") from None
    text = variables.value("TOKEN")
    if text:
        return _secret(text.encode("utf-8", "surrogateescape"), "the environment")
    kept = home / ".vault-token"
    try:
        return _secret(_read(kept, f"`{kept}`"), f"`{kept}`")
    except FileNotFoundError:
        raise UsageError(
            "there is no token: set `VAULT_TOKEN` or `BAO_TOKEN`, log in (`~/.vault-token`), or "
            "give `--token-file FILE` (`-` is standard input)"
        ) from None


def _read(file: Path, name: str) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_MAX_TOKEN_BYTES)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SourceError(f"{name}: {error.strerror or error}") from None
    except ValueError:
        raise SourceError(f"{name}: no name of a file") from None


def _secret(data: bytes, where: str) -> Secret:
    try:
        return Secret(data.decode("ascii", "replace").strip())
    except UsageError as error:
        # `from None`: nothing of what was read may hang on the message.
        raise UsageError(f"{error}, as it was read from {where}") from None
