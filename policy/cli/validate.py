"""`sudopath validate`: would the server accept these policies?"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.inputs import add_dialect_option, add_format_option, named_sources
from policy.cli.over_files import add_files_command
from policy.errors import PolicyError, SourceError
from policy.lower import Compiled, compile_policy
from policy.model import Dialect

if TYPE_CHECKING:
    from policy.cli.output import Output
    from policy.report import FileReport
    from policy.source import Source

__all__ = ["add_command"]

_DESCRIPTION = """\
Say whether the server would accept policies, with every error, and with a warning for what it
accepts although no author can have meant it.
"""
_EXAMPLES = """\
examples:
  sudopath validate policies/
  sudopath validate ops.hcl dev.json --dialect openbao-2.7
  vault policy read ops | sudopath validate - --format json

exit codes: 0 all accepted, 1 some refused, 2 some could not be read
"""


def add_command(commands: Any) -> None:
    """Add `validate` to the command line."""
    parser = add_files_command(
        commands,
        "validate",
        about="would the server accept these policies?",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    add_dialect_option(parser)
    add_format_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    dialect = Dialect.named(options.dialect)
    now = time.time()
    accepted = refused = unreadable = 0
    for name, source in named_sources(options.paths):
        if isinstance(source, PolicyError):
            unreadable += 1
            output.problem(str(source))
            continue
        compiled = compile_policy(source, name, dialect, now)
        if compiled.policy is None:
            refused += 1
        else:
            accepted += 1
        if options.format == "json":
            output.json(_report(source, name, compiled, dialect), pretty=False)
        else:
            for diagnostic in compiled.diagnostics:
                output.line(diagnostic.render())
                output.line()
    if not accepted + refused + unreadable:
        raise SourceError("no policies were given")
    if options.format == "text":
        output.line(_summary(accepted, refused, unreadable, dialect))
    if unreadable:
        return Exit.ERROR
    return Exit.NO if refused else Exit.YES


def _report(source: Source, name: str, compiled: Compiled, dialect: Dialect) -> FileReport:
    from policy.report import FileReport, diagnostic_report

    return FileReport(
        version=1,
        file=source.name,
        policy=name,
        dialect=dialect.name,
        accepted=compiled.policy is not None,
        rules=len(compiled.policy.rules) if compiled.policy else 0,
        diagnostics=[diagnostic_report(d) for d in compiled.diagnostics],
    )


def _summary(accepted: int, refused: int, unreadable: int, dialect: Dialect) -> str:
    parts = [f"{accepted} accepted"]
    if refused:
        parts.append(f"{refused} refused")
    if unreadable:
        parts.append(f"{unreadable} unreadable")
    return f"{', '.join(parts)} ({dialect})"
