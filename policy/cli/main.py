"""The way in: picks the command, and turns whatever goes wrong into a line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from policy.cli.exit_codes import Exit
from policy.cli.output import Output
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "check": "may a token do this, and why?",
    "capabilities": "what a token holds on paths",
    "validate": "would the server accept these policies?",
    "lint": "mistakes in policies, and what to do about them",
    "explain": "what a rule of `lint` is about",
    "who-can": "who may do this, and through which rule?",
    "reach": "what can a token do?",
    "diff": "what do two revisions allow differently?",
    "escalate": "which grants lead further than they say?",
    "simplify": "which rules do nothing?",
    "needs": "which policy does this take?",
    "paths": "which paths are root-protected?",
    "fmt": "format policies as the server's own formatter does",
    "preflight": "is a step-down on the real cluster a go?",
    "serve": "a mock server with this engine inside",
    "schema": "JSON Schemas of files and answers",
}
"""The commands, each a module of this package, and what `--help` says of it."""

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
  sudopath lint policies/
  sudopath who-can update+sudo sys/step-down -p policies/
  sudopath diff main:policies policies --fail-on sudo
  sudopath needs 'vault operator step-down'
  sudopath preflight step-down                            GO or NO-GO, on the real cluster
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code; never raises."""
    _prepare_streams()
    output = Output(sys.stdout, sys.stderr)
    try:
        code = _answer(arguments, output)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone
        _silence_output()
        return Exit.ERROR
    except OSError as error:
        _silence_output()
        with suppress(OSError):
            output.problem(f"cannot write: {error.strerror or error}")
        return Exit.ERROR
    return code


def _answer(arguments: Sequence[str] | None, output: Output) -> int:
    try:
        if arguments is None:
            arguments = sys.argv[1:]
        options = _parser(arguments).parse_args(arguments)
        return int(options.run(options, output))
    except PolicyError as error:
        output.problem(str(error))
        return Exit.ERROR
    except SystemExit as stop:  # argparse has shown a help text or a usage error
        return stop.code if isinstance(stop.code, int) else Exit.ERROR
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except (MemoryError, RecursionError):
        output.problem("the input is too large to be handled")
        return Exit.ERROR
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # Python would end with 1, which means "no"
        output.problem(_own_fault(error))
        return Exit.ERROR


def _own_fault(error: Exception) -> str:
    """What to report. The words of the exception stay out: they may hold a secret."""
    from traceback import extract_tb

    place = extract_tb(error.__traceback__)[-1]
    return (
        f"a fault of sudopath itself: {type(error).__name__} "
        f"in {Path(place.filename).name}:{place.lineno}; please report it"
    )


def _prepare_streams() -> None:
    """Characters that the terminal's encoding lacks are replaced; a closed stream takes nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # It stays open to the end, as any standard stream does.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _silence_output() -> None:
    """Python would complain once more when it flushes what is left at the end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command line. Of the commands only the one that is asked for is loaded."""
    parser = argparse.ArgumentParser(
        prog="sudopath",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=_HelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    # With `prog`, argparse need not format a usage line that nobody asked for.
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", prog="sudopath"
    )
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    for name, words in COMMANDS.items():
        if name == chosen:
            import_module(f"policy.cli.{name.replace('-', '_')}").add_command(commands)
        else:
            commands.add_parser(name, help=words, add_help=False)
    return parser


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the names of commands and their words on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=18)


class _Version(argparse.Action):
    """Asks for the version only when somebody wants to see it: that takes longer than a check."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"sudopath {version('sudopath')}")
        except PackageNotFoundError:
            print("sudopath (not installed)")
        parser.exit()
