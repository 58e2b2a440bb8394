"""`sudopath reach`: what can a token do?"""

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
Everything a token can do, as an exact table: which operations, on which paths, by which rule.
Root-protected paths come first and are marked with `!`. What needs no token is left out.

TOKEN is a token, role, entity or group of the inventory (`kind:name` where two have one name), or
names of policies, separated by commas.
"""
_EXAMPLES = """\
examples:
  sudopath reach ops,default -p policies/
  sudopath reach oncall -p policies/ --inventory inventory.json --sudo

exit codes: 0 answered, also if it can do nothing; 2 could not answer
"""


def add_command(commands: Any) -> None:
    """Add `reach` to the command line."""
    parser = add_analysis_command(
        commands,
        "reach",
        about="what can a token do?",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    parser.add_argument("token", metavar="TOKEN")
    parser.add_argument(
        "--sudo", action="store_true", help="only the root-protected paths, by mount"
    )
    add_policies_option(parser)
    add_format_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.analyze.reach import reach

    policies, inventory = read_policies(options), read_options_inventory(options)
    (holder,) = read_holders(policies, inventory, options.token)
    acl = inventory.acl(policies, holder, now=options.now)
    if acl.error is not None:
        output.note(f"{holder}: no request succeeds: {acl.error}")
    rows = reach(acl)
    if options.sudo:
        rows = tuple(row for row in rows if row.protected)
        rows = tuple(sorted(rows, key=lambda row: row.protected[0].mount_path))
    if options.format == "json":
        from policy.report.reach_json import holders_report

        output.json(holders_report([(holder, rows)]), pretty=sys.stdout.isatty())
    else:
        from policy.report.reach_text import reach_text

        output.line(reach_text(holder, rows, only_sudo=options.sudo))
    return Exit.YES
