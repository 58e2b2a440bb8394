"""`sudopath explain`: what a rule of the linter is about."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit

if TYPE_CHECKING:
    from policy.cli.output import Output

__all__ = ["add_command"]

_EXAMPLES = """\
examples:
  sudopath explain                        all rules
  sudopath explain sudo-without-operation
  sudopath explain SP101
"""


def add_command(commands: Any) -> None:
    """Add `explain` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        help="what a rule of `lint` is about",
        description="Say what a rule finds, why that is a mistake, and what to write instead.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "rules", nargs="*", metavar="RULE", help="ids or aliases (default: list all rules)"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.lint import find_rule
    from policy.lint.documentation import rule_text, rules_table

    if not options.rules:
        output.line(rules_table())
        return Exit.YES
    for number, rule in enumerate([find_rule(name) for name in options.rules]):
        if number:
            output.line()
        output.line(rule_text(rule))
    return Exit.YES
