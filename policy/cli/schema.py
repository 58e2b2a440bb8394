"""`sudopath schema`: the JSON Schemas of the files that other commands read and write."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit

if TYPE_CHECKING:
    from policy.cli.output import Output

__all__ = ["add_command"]

_NAMES = (
    *("token", "mounts", "request", "inventory", "baseline"),
    *("decision", "answer"),
    *("validation", "lint", "holders", "difference", "escalation", "simplification"),
    "preflight",
    *("needs", "paths"),
)
"""Files that are read, then answers that are written."""


def add_command(commands: Any) -> None:
    """Add `schema` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="JSON Schemas of files and answers",
        description="Print the JSON Schema of a file that is read or an answer that is written.",
    )
    parser.add_argument("name", choices=_NAMES)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.report.schemas import schema

    output.json(schema(options.name), pretty=True)
    return Exit.YES
