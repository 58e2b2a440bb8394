"""`sudopath escalate`: which grants lead further than they say?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.catalog.escalations import Impact
from policy.cli.analysis import (
    add_analysis_command,
    add_policies_option,
    read_holders,
    read_options_inventory,
    read_policies,
)
from policy.cli.exit_codes import Exit
from policy.cli.files import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.cli.output import Output

__all__ = ["add_command"]

_DESCRIPTION = """\
Find grants that lead further than they say: writing a policy one holds, roles, entities, tokens,
plugins, raw storage and many more. Ways are followed from token to token; the shortest one to
everything is shown step by step, with the requests that take it.

Secrets engines and auth methods are only looked for where the inventory says that they are mounted.
"""
_EXAMPLES = """\
examples:
  sudopath escalate -p policies/ --inventory inventory.json
  sudopath escalate -p policies/ --fail-on root-equivalent --baseline accepted.json
  sudopath escalate -p policies/ --format mermaid

exit codes: 0 nothing that --fail-on names, 1 something, 2 could not answer
"""


def add_command(commands: Any) -> None:
    """Add `escalate` to the command line."""
    parser = add_analysis_command(
        commands,
        "escalate",
        about="which grants lead further than they say?",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    parser.add_argument("--token", metavar="TOKEN", help="one holder, or names of policies")
    parser.add_argument(
        "--fail-on",
        action="append",
        choices=[impact.value for impact in Impact],
        default=[],
        help="exit 1 when somebody has this (can be repeated)",
    )
    parser.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help='what is accepted: JSON, a list of {"holder", "id", "reason"}',
    )
    parser.add_argument("--format", choices=("text", "json", "mermaid", "dot"), default="text")
    add_policies_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.analyze.escalate import escalate

    policies, inventory = read_policies(options), read_options_inventory(options)
    holders = read_holders(policies, inventory, options.token)
    found = escalate(policies, inventory, holders, accepted=_accepted(options), now=options.now)
    match options.format:
        case "json":
            from policy.report.escalation_json import escalation_report

            output.json(escalation_report(found), pretty=sys.stdout.isatty())
        case "mermaid":
            from policy.report.escalation_graph import mermaid

            output.line(mermaid(found))
        case "dot":
            from policy.report.escalation_graph import dot

            output.line(dot(found))
        case _:
            from policy.report.escalation_text import escalation_text

            output.line(escalation_text(found))
    failing = {Impact(word) for word in options.fail_on}
    return Exit.NO if any(failing & each.impacts for each in found) else Exit.YES


def _accepted(options: argparse.Namespace) -> Mapping[str, frozenset[str]]:
    from policy.analyze.baseline import read_baseline

    if options.baseline is None:
        return {}
    return read_baseline(read_file(options.baseline), str(options.baseline))
