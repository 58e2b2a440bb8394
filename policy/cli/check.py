"""`sudopath check`: may a token do this, and why?"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.files import read_file
from policy.cli.inputs import add_acl_options, build_acl, seconds
from policy.errors import UsageError
from policy.evaluate import Outcome, Reason
from policy.model import STEP_DOWN, http_request, operation_request

if TYPE_CHECKING:
    from policy.cli.output import Output
    from policy.model import Request

__all__ = ["add_command"]

_DESCRIPTION = """\
Decide one request, or many, and explain. Without a request: may the token make the active node
step down (`update sys/step-down`)?

OPERATION is read, list, scan, create, update, patch, delete, help or write (create or update, by
whether the object exists), or an HTTP method: GET, LIST, POST, PUT, PATCH, DELETE.
"""
_EXAMPLES = """\
examples:
  sudopath check -p policies/ -t ops
  sudopath check -p policies/ -t ops,default read secret/data/app/db
  sudopath check -p policies/ -t dev POST auth/token/create --data '{"ttl": "1h"}'
  sudopath check -p ops=terraform/ops.hcl --token-file token.json --mounts mounts.json
  sudopath check -p policies/ -t ops --requests requests.jsonl > answers.jsonl

exit codes: 0 allowed, 1 denied, 2 could not answer, 3 undetermined; of many requests the worst:
  2 before 1 before 3
"""
_EXIT = {Outcome.ALLOW: Exit.YES, Outcome.DENY: Exit.NO, Outcome.UNDETERMINED: Exit.UNDETERMINED}


def add_command(commands: Any) -> None:
    """Add `check` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="may a token do this, and why?",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("operation", nargs="?", metavar="OPERATION")
    parser.add_argument("path", nargs="?", metavar="PATH")
    add_acl_options(parser)
    parser.add_argument(
        "--namespace", default="", metavar="NS", help="namespace of the request, e.g. team-a/"
    )
    parser.add_argument(
        "--data",
        metavar="JSON",
        help="parameters: the body of a write, the query of a read or list; `@FILE` reads a file",
    )
    parser.add_argument(
        "--wrap-ttl", type=seconds, metavar="SECONDS", help="wrapping TTL of the request"
    )
    parser.add_argument(
        "--exists",
        choices=("yes", "no"),
        help="whether the object of a write exists: update or create",
    )
    parser.add_argument(
        "--requests",
        type=Path,
        metavar="FILE",
        help="many requests as JSON Lines (see `sudopath schema request`), answered in order as "
        "JSON Lines; `-` is standard input",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    if options.requests is not None:
        one = (options.operation, options.data, options.namespace, options.wrap_ttl, options.exists)
        if any(one):
            raise UsageError("give one request, or a file of them, not both")
        from policy.cli.batch import answer_all

        return answer_all(build_acl(options), options.requests, output)
    request = _request(options)
    decision = build_acl(options).decide(request)
    if options.format == "json":
        from policy.report import decision_report

        output.json(decision_report(decision), pretty=sys.stdout.isatty())
    else:
        output.line(decision.explain())
        if decision.reason is Reason.EXISTENCE_UNKNOWN:
            output.line("  to do   say whether the object exists: `--exists yes`, or `--exists no`")
    return _EXIT[decision.outcome]


def _request(options: argparse.Namespace) -> Request:
    more = {
        "data": _data(options.data),
        "namespace": options.namespace.strip("/"),
        "wrap_ttl_seconds": options.wrap_ttl,
    }
    if options.operation is None:
        return replace(STEP_DOWN, **more)
    if options.path is None:
        raise UsageError(f"`{options.operation}` of what path?")
    more["exists"] = None if options.exists is None else options.exists == "yes"
    if options.operation.isupper():
        return http_request(options.operation, options.path, **more)
    path = options.path.removeprefix("/").removeprefix("v1/")
    return operation_request(options.operation, path, **more)


def _data(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    raw: str | bytes = text
    if text.startswith("@"):
        raw = read_file(Path(text[1:]))
    import orjson

    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"--data is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("--data must be a JSON object of parameters")
    return value
