"""`sudopath capabilities`: what `sys/capabilities` would answer."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.inputs import add_acl_options, build_acl
from policy.errors import UsageError

if TYPE_CHECKING:
    from policy.cli.output import Output

__all__ = ["add_command"]

_DESCRIPTION = """\
What a token holds on paths, as `sys/capabilities` answers: sorted, `deny` where nothing is held.
Conditions and root protection play no part in it; `sudopath check` decides.
"""
_EXAMPLES = """\
examples:
  sudopath capabilities -p policies/ -t ops sys/step-down sys/seal
  sudopath capabilities -p policies/ -t ops --format json secret/data/app/

exit codes: 0 answered, 2 could not answer
"""


def add_command(commands: Any) -> None:
    """Add `capabilities` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "capabilities",
        help="what a token holds on paths",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", metavar="PATH")
    add_acl_options(parser)
    parser.add_argument("--namespace", default="", metavar="NS", help="namespace of the paths")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    acl = build_acl(options)
    if acl.error is not None:
        raise UsageError(f"the server builds no ACL for this token: {acl.error}")
    if not all(path.strip() for path in options.paths):
        raise UsageError("a path is empty")
    namespace = options.namespace.strip("/")
    namespace = namespace + "/" if namespace else ""
    answers = {path: acl.capabilities(path.strip(), namespace) for path in options.paths}
    if options.format == "json":
        output.json(answers, pretty=sys.stdout.isatty())
    else:
        width = max(map(len, answers))
        for path, capabilities in answers.items():
            output.line(f"{path:<{width}}  {', '.join(capabilities)}")
    return Exit.YES
