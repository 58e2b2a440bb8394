"""`sudopath who-can`: who may do this, and through which rule?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from policy.cli.analysis import (
    add_analysis_command,
    add_policies_option,
    read_holders,
    read_options_inventory,
    read_policies,
)
from policy.cli.exit_codes import Exit
from policy.cli.inputs import add_format_option

if TYPE_CHECKING:
    from policy.cli.output import Output

__all__ = ["add_command"]

_DESCRIPTION = """\
Who can do OPERATION on PATH? For a pattern: who can do it on exactly which of its paths.

OPERATION is create, read, update, delete, list, patch or scan; with `+sudo` the rule has to hold
`sudo` as well. Without an inventory every policy is asked about as if somebody held it alone.
"""
_EXAMPLES = """\
examples:
  sudopath who-can update+sudo sys/step-down -p policies/ --inventory inventory.json
  sudopath who-can read 'secret/data/app/*' -p policies/

exit codes: 0 somebody can, 1 nobody, 2 could not answer
"""


def add_command(commands: Any) -> None:
    """Add `who-can` to the command line."""
    parser = add_analysis_command(
        commands,
        "who-can",
        about="who may do this, and through which rule?",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    parser.add_argument("operation", metavar="OPERATION")
    parser.add_argument("path", metavar="PATH-OR-PATTERN")
    add_policies_option(parser)
    add_format_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.analyze.who_can import Question, who_can

    question = Question.of(options.operation, options.path)
    policies, inventory = read_policies(options), read_options_inventory(options)
    holders = read_holders(policies, inventory, None)
    found = who_can(policies, question, inventory, holders, now=options.now)
    if options.format == "json":
        from policy.report.reach_json import holders_report

        report = holders_report([(who.holder, who.rows) for who in found])
        output.json(report, pretty=sys.stdout.isatty())
    else:
        from policy.report.reach_text import who_text

        output.line(who_text(found, f"{options.operation} `{question.pattern}`"))
    return Exit.YES if found else Exit.NO
