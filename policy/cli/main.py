"""The way in: picks the command, and turns whatever goes wrong into a line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from policy.cli import capabilities, check, schema, validate
from policy.cli.exit_codes import Exit
from policy.cli.output import Output
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_DESCRIPTION = """\
Decide Vault and OpenBao policies offline, as the servers do, and say why.

exit codes: 0 yes (allowed, accepted), 1 no, 2 could not answer, 3 undetermined
"""
_EXAMPLES = """\
examples:
  sudopath check -p policies/ -t ops                      may a token with `ops` step down?
  sudopath check -p policies/ -t ops LIST secret/metadata/app
  sudopath capabilities -p policies/ -t ops sys/step-down
  sudopath validate policies/
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code; never raises."""
    parser = _parser()
    output = Output(sys.stdout, sys.stderr)
    try:
        options = parser.parse_args(arguments)
        code = int(options.run(options, output))
        sys.stdout.flush()
    except PolicyError as error:
        output.problem(str(error))
        return Exit.ERROR
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.ERROR
    except OSError as error:
        output.problem(f"cannot write: {error.strerror or error}")
        return Exit.ERROR
    except (MemoryError, RecursionError):
        output.problem("the input is too large to be handled")
        return Exit.ERROR
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sudopath",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    # With `prog`, argparse need not format a usage line that nobody asked for.
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", prog="sudopath"
    )
    for command in (check, capabilities, validate, schema):
        command.add_command(commands)
    return parser


class _Version(argparse.Action):
    """Asks for the version only when somebody wants to see it: that takes longer than a check."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"sudopath {version('sudopath')}")
        except PackageNotFoundError:
            print("sudopath (not installed)")
        parser.exit()
