"""`sudopath simplify`: which rules do nothing, and what is the smaller text?"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.analysis import (
    add_analysis_command,
    add_policies_option,
    read_options_inventory,
    read_policies,
)
from policy.cli.exit_codes import Exit
from policy.cli.files import read_file, write_file
from policy.cli.inputs import add_format_option

if TYPE_CHECKING:
    from policy.analyze.simplify import Simplification
    from policy.cli.output import Output

__all__ = ["add_command"]

_DESCRIPTION = """\
Show rules that do nothing: they never win, or what would win without them says the same. With
--write they are taken out of the files, but only where the smaller text is proved to allow the same
on every path: to whoever holds the policy alone, and to every holder of the inventory.

A token may hold other policies beside it. Whoever is not in the inventory is not asked.
A deny that never wins is shown and stays.
"""
_EXAMPLES = """\
examples:
  sudopath simplify -p policies/ --inventory inventory.json
  sudopath simplify -p policies/ops.hcl --write

exit codes: 0 nothing to take away (or it was written), 1 something, 2 could not answer
"""


def add_command(commands: Any) -> None:
    """Add `simplify` to the command line."""
    parser = add_analysis_command(
        commands,
        "simplify",
        about="which rules do nothing?",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    parser.add_argument("--write", action="store_true", help="write the smaller texts")
    add_policies_option(parser)
    add_format_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.analyze.simplify import simplify
    from policy.report.simplify_report import simplify_report, simplify_text

    policies, inventory = read_policies(options), read_options_inventory(options)
    now = datetime.now(UTC).timestamp() if options.now is None else options.now
    found = [
        simplify(policies, policy.name, inventory, namespace=policy.namespace, now=now)
        for policy in policies
    ]
    if options.format == "json":
        output.json(simplify_report(found), pretty=sys.stdout.isatty())
    else:
        output.line(simplify_text(found))
    left = [each for each in found if any(idle.is_removed for idle in each.idle)]
    if options.write:
        left = [each for each in left if not _write(each)]
        for each in left:
            output.note(f"{each.policy.source.name}: not written (JSON, or without a proof)")
    return Exit.NO if left else Exit.YES


def _write(each: Simplification) -> bool:
    """Replace the file of a policy by its smaller text. Raises `SourceError`."""
    if each.text is None:
        return False
    file = Path(each.policy.source.name)
    text = each.text
    if b"\r\n" in read_file(file):
        # It was read with every line break made the same.
        text = text.replace("\n", "\r\n")
    write_file(file, text.encode("utf-8", "surrogateescape"))
    return True
