"""`sudopath preflight`: is it a go on the real cluster?"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.inputs import add_format_option, seconds, standard_input
from policy.errors import UsageError

if TYPE_CHECKING:
    from policy.cli.output import Output
    from policy.preflight import Execution, Settings, Snapshot, Verdict

__all__ = ["add_command"]

_DESCRIPTION = """\
Before a step-down on a running cluster: GO or NO-GO, and why. It asks the server, reads only, and
decides once more offline from the token's policies. With --execute it does it, after a GO only,
and watches until a node is active.

Address, token, namespace and TLS come from the environment as `vault` and `bao` read it:
VAULT_ADDR, VAULT_TOKEN (or ~/.vault-token), VAULT_NAMESPACE, VAULT_CACERT, VAULT_CAPATH,
VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY, and the same with
BAO_.

A token with a limit of uses pays one for each question: 1 to look at it, 1 for its capabilities,
1 or 2 for the other nodes, 1 for each policy; the step-down takes 1. What is worth least is left
out before the last one is spent, and the answer says so. Only a token made for a single use is
used up by the first look.
"""
_EXAMPLES = """\
examples:
  sudopath preflight step-down                                as the environment says
  sudopath preflight step-down --address https://n1:8200 --token-file /run/secrets/token
  pass show vault | sudopath preflight step-down --token-file -
  sudopath preflight step-down --standby https://n2:8200 --standby https://n3:8200
  sudopath preflight step-down --execute --format json

exit codes: 0 a go, or done; 1 a no-go, or not done; 2 could not ask (unreachable, TLS, usage);
  3 undetermined: something that matters could not be found out
"""


def add_command(commands: Any) -> None:
    """Add `preflight` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "preflight",
        help="is a step-down on the real cluster a go?",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # `--token` is not short for `--token-file`.
        allow_abbrev=False,
    )
    parser.add_argument("action", choices=("step-down",), help="what is about to be done")
    parser.add_argument("--address", metavar="URL", help="the node to ask (default: VAULT_ADDR)")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="the token, in a file; `-` is standard input (default: VAULT_TOKEN, ~/.vault-token); "
        "it is never an argument, since others can see those",
    )
    # Taken, so that no complaint repeats what stands behind it.
    parser.add_argument("--token", help=argparse.SUPPRESS)
    parser.add_argument("--namespace", metavar="NS", help="(default: VAULT_NAMESPACE)")
    tls = parser.add_argument_group("TLS")
    tls.add_argument("--ca-cert", metavar="FILE", help="authorities to trust, PEM")
    tls.add_argument("--ca-path", metavar="DIR", help="a directory of them")
    tls.add_argument("--client-cert", metavar="FILE", help="our own certificate, PEM")
    tls.add_argument("--client-key", metavar="FILE", help="its key, PEM")
    tls.add_argument("--tls-server-name", metavar="NAME", help="the name in their certificate")
    tls.add_argument(
        "--tls-skip-verify",
        action="store_true",
        default=None,
        help="trust anybody: the token may end up anywhere",
    )
    parser.add_argument(
        "--standby",
        action="append",
        default=[],
        metavar="URL",
        help="another node, for a token that may not read `sys/ha-status` (can be repeated)",
    )
    parser.add_argument(
        "--forward",
        action="store_true",
        help="a standby may be asked: it hands the step-down on to the active node",
    )
    parser.add_argument("--execute", action="store_true", help="do it, if it is a go")
    parser.add_argument(
        "--timeout",
        type=_positive,
        default=60.0,
        metavar="SECONDS",
        help="how long to watch for an active node (default: 60)",
    )
    parser.add_argument(
        "--request-timeout",
        type=_positive,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for each answer (default: 10)",
    )
    add_format_option(parser)
    parser.set_defaults(run=_run)


def _positive(text: str) -> float:
    value = seconds(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"`{text}` is no time to wait")
    return value


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.preflight import Address, Client, Go, execute, gather, judge, tls_context

    if options.token is not None:
        raise UsageError(
            "a token is no argument, since others can see those: give it by `VAULT_TOKEN` or "
            "`--token-file`, and take this one for known"
        )
    settings = _settings(options)
    standbys = [str(Address.parse(text)) for text in options.standby]
    context = tls_context(settings.tls)
    with Client(settings.address, context, settings.tls, settings.request_seconds) as client:
        snapshot = gather(settings, client, standbys, may_forward=options.forward)
        verdict = judge(snapshot)
        execution = None
        if options.execute and verdict.go is Go.GO:
            if options.format == "text":
                _show(snapshot, verdict, output)
            execution = execute(
                client, settings.token, snapshot, options.timeout, _Progress(output)
            )
    if options.format == "json":
        from policy.report.preflight_json import preflight_report

        output.json(preflight_report(snapshot, verdict, execution), pretty=sys.stdout.isatty())
    elif execution is None:
        _show(snapshot, verdict, output)
    else:
        from policy.report.preflight_text import execution_text

        output.line(execution_text(execution))
    return _exit(verdict, execution)


def _settings(options: argparse.Namespace) -> Settings:
    from policy.preflight import Given, read_settings

    given = Given(
        address=options.address,
        namespace=options.namespace,
        token_file=options.token_file,
        ca_cert=options.ca_cert,
        ca_path=options.ca_path,
        client_cert=options.client_cert,
        client_key=options.client_key,
        tls_server_name=options.tls_server_name,
        tls_skip_verify=options.tls_skip_verify,
    )
    home = Path(os.environ.get("HOME") or "~").expanduser()
    return read_settings(
        given, os.environ, home, lambda: standard_input().read(65_536), options.request_timeout
    )


class _Progress:
    """Shows on standard error what happens, while it happens."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, text: str) -> None:
        self._output.note(text)
        self._output.err.flush()


def _show(snapshot: Snapshot, verdict: Verdict, output: Output) -> None:
    from policy.report.preflight_text import preflight_text

    output.line(preflight_text(snapshot, verdict))
    output.out.flush()


def _exit(verdict: Verdict, execution: Execution | None) -> Exit:
    from policy.preflight import Ending, Go

    if execution is None:
        return {Go.GO: Exit.YES, Go.NO_GO: Exit.NO, Go.UNDETERMINED: Exit.UNDETERMINED}[verdict.go]
    if execution.ending is Ending.CHANGED:
        return Exit.YES
    if execution.ending is Ending.INTERRUPTED:
        return Exit.INTERRUPTED
    return Exit.UNDETERMINED if execution.ending is Ending.NOT_SEEN else Exit.NO
