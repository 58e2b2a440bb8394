"""`sudopath serve`: a mock server that hvac, curl and the `bao` or `vault` CLI can use."""

from __future__ import annotations

import argparse
import ipaddress
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.errors import SourceError, UsageError
from policy.model import DIALECTS, Dialect

if TYPE_CHECKING:
    from policy.cli.output import Output
    from policy.server import Mock, Options
    from policy.server.preload import PresetToken

__all__ = ["add_command"]

_DESCRIPTION = """\
Serve what a real OpenBao server serves around `sys/step-down`: policies, tokens, capabilities,
identity, userpass, key-value mounts; one node or a cluster, with the step-down and its ten seconds.
Every authorization is decided by the same engine as `sudopath check`. Everything is in memory,
unless `--storage` names a database; then several such processes are one cluster.
"""
_EXAMPLES = """\
examples:
  sudopath serve                                       one node, HA on, unsealed
  sudopath serve --nodes 3 --policies policies/        three nodes, ports 8200, 8202 and 8204
  sudopath serve --dev --root-token root               no HA: a step-down does nothing
  sudopath serve --uninitialized --listen 127.0.0.1:0  any free port
  sudopath serve --storage sqlite:mock.db              one node of a cluster of processes
  sudopath serve --storage postgres:service=mock       the same, on several machines

The root token and the unseal key are shown once, on standard output, before the line `ready`.
The request log, one JSON object a line, goes to standard error. SIGTERM and Ctrl-C stop it.

exit codes: 0 stopped, 2 could not start
"""
_DEFAULT_LISTEN = "127.0.0.1:8200"
_API_ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}/?")


def add_command(commands: Any) -> None:
    """Add `serve` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="a mock server with this engine inside",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--listen",
        default=_DEFAULT_LISTEN,
        metavar="HOST:PORT",
        help=f"where the first node listens (default: {_DEFAULT_LISTEN}; port 0 is any free one); "
        "further nodes take every second port behind it",
    )
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="nodes of the cluster")
    parser.add_argument(
        "--storage",
        default="memory",
        metavar="WHERE",
        help="memory (default), sqlite:FILE, or postgres with the environment variables of libpq, "
        "the variable SUDOPATH_POSTGRES or a connection text behind a colon; all processes with "
        "one storage are one cluster, with one node in each; who finds it initialized leaves it "
        "as it is, and the policies, tokens and keys of its command line aside",
    )
    parser.add_argument(
        "--api-address",
        default="",
        metavar="URL",
        help="where clients and the other nodes reach this node, if not where it listens",
    )
    state = parser.add_mutually_exclusive_group()
    state.add_argument("--dev", action="store_true", help="one node without HA")
    state.add_argument("--sealed", action="store_true", help="initialized, and sealed at first")
    state.add_argument("--uninitialized", action="store_true", help="not initialized at first")
    parser.add_argument(
        "-p",
        "--policies",
        action="append",
        default=[],
        metavar="PATH",
        help="policy files or directories that are loaded first (can be repeated)",
    )
    parser.add_argument(
        "--tokens",
        type=Path,
        metavar="FILE",
        help='JSON list of tokens that exist: [{"id": "…", "policies": ["ops"]}]',
    )
    parser.add_argument(
        "--root-token",
        default="",
        metavar="TOKEN",
        help="the root token, for tests (default: made up; other users can see arguments)",
    )
    parser.add_argument("--unseal-key", default="", metavar="HEX", help="the unseal key, for tests")
    parser.add_argument("--tls-cert", metavar="FILE", help="certificate, PEM; with --tls-key")
    parser.add_argument("--tls-key", metavar="FILE", help="private key, PEM")
    parser.add_argument(
        "--step-down-sleep",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long a node that stepped down may not become active again (default: 10)",
    )
    parser.add_argument(
        "--drain",
        type=_seconds,
        default=0.5,
        metavar="SECONDS",
        help="from the answer to a step-down until the lock is released (default: 0.5)",
    )
    parser.add_argument(
        "--takeover",
        type=_seconds,
        default=0.05,
        metavar="SECONDS",
        help="from a free lock until a node is active (default: 0.05)",
    )
    parser.add_argument(
        "--lease",
        type=_seconds,
        default=3.0,
        metavar="SECONDS",
        help="between processes: after this time without a sign of life the active node is "
        "replaced (default: 3)",
    )
    parser.add_argument(
        "--no-standby-reads",
        action="store_true",
        help="standbys serve no reads themselves, as those of Vault",
    )
    parser.add_argument(
        "--dialect",
        choices=tuple(DIALECTS),
        default="openbao-2.7",
        help="whose rules decide (default: openbao-2.7; the answers look like OpenBao's anyway)",
    )
    parser.add_argument("--quiet", action="store_true", help="no request log")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of what is shown at the start"
    )
    parser.set_defaults(run=_run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of seconds")
    return seconds


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"`{text}` is no address to listen on; write HOST:PORT")
    return host, int(port)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    try:
        import uvicorn  # noqa: F401 -- only whether it is there, before anything else is done
    except ImportError:
        raise UsageError("the server needs more packages: install `sudopath[server]`") from None
    from policy.server import Mock, SystemClock, UnreachableError, open_storage
    from policy.server.network import Tls, run

    if bool(options.tls_cert) != bool(options.tls_key):
        raise UsageError("`--tls-cert` and `--tls-key` belong together")
    tls = Tls(options.tls_cert, options.tls_key) if options.tls_cert else None
    log = None if options.quiet else _RequestLog(sys.stderr)
    if options.api_address and not _API_ADDRESS.fullmatch(options.api_address):
        raise UsageError("an API address looks like `https://vault-1.example:8200`")
    chosen, clock = _mock_options(options), SystemClock()
    storage = open_storage(options.storage, lease=chosen.timing.lease, now=clock.now)
    mock = Mock(
        chosen, clock=clock, storage=storage, log=log, certificate=tls.certificate if tls else ""
    )
    try:
        run(_serve(mock, options, output, tls))
    except UnreachableError as error:
        raise UsageError(f"cannot use the storage: {error}") from None
    return Exit.YES


def _mock_options(options: argparse.Namespace) -> Options:
    from policy.server import InitialState, Options, Timing
    from policy.server.preload import read_policies

    state = InitialState.ACTIVE
    if options.sealed:
        state = InitialState.SEALED
    elif options.uninitialized:
        state = InitialState.UNINITIALIZED
    dialect = Dialect.named(options.dialect)
    return Options(
        nodes=options.nodes,
        is_dev=options.dev,
        state=state,
        root_token=options.root_token,
        unseal_key=options.unseal_key,
        timing=Timing(
            drain=options.drain,
            takeover=options.takeover,
            hold_off=options.step_down_sleep,
            lease=options.lease,
        ),
        standby_reads=not options.no_standby_reads,
        dialect=options.dialect,
        policies=read_policies(options.policies, dialect, time.time()) if options.policies else {},
        tokens=_read_tokens(options.tokens) if options.tokens is not None else (),
    )


def _read_tokens(file: Path) -> list[PresetToken]:
    from policy.server.preload import read_tokens

    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None
    return read_tokens(data, str(file))


class _RequestLog:
    """Writes one JSON object a request. Never a token, a header or a body."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __call__(self, line: dict[str, Any]) -> None:
        import json

        entry = {"time": round(time.time(), 3), **line}
        print(json.dumps(entry, ensure_ascii=True), file=self._stream, flush=True)


async def _serve(mock: Mock, options: argparse.Namespace, output: Output, tls: Any) -> None:
    import asyncio
    import signal

    from policy.server.network import announce, bind, serve

    host, port = _address(options.listen)
    if not _is_loopback(host):
        output.note(f"warning: {host} can be reached from other machines")
    if mock.member is not None and host in ("0.0.0.0", "::") and not options.api_address:  # noqa: S104 -- it is refused
        raise UsageError(f"the other nodes cannot reach {host}; say where with `--api-address`")
    sockets = bind(host, port, len(mock.cluster.nodes))
    addresses = announce(
        mock, sockets, is_tls=tls is not None, address=options.api_address.rstrip("/")
    )
    if mock.member is not None and not mock.join():
        output.note("the storage is initialized already and is taken as it is")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready() -> None:
        _show_start(mock, addresses, output, as_json=options.format == "json")

    await serve(mock, sockets, stop, tls=tls, ready=ready)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _show_start(mock: Mock, addresses: list[str], output: Output, *, as_json: bool) -> None:
    # The nodes of other processes stand behind ours.
    names = [node.name for node in mock.cluster.nodes[: len(addresses)]]
    if as_json:
        output.json(
            {
                "ready": True,
                "nodes": [
                    {"name": name, "address": address}
                    for name, address in zip(names, addresses, strict=True)
                ],
                "root_token": mock.root_token,
                "unseal_key": mock.unseal_key,
            },
            pretty=False,
        )
    else:
        for name, address in zip(names, addresses, strict=True):
            output.line(f"{name}: {address}")
        if mock.root_token:
            output.line(f"root token: {mock.root_token}")
        if mock.unseal_key:
            output.line(f"unseal key: {mock.unseal_key}")
        output.line("ready")
    output.out.flush()
