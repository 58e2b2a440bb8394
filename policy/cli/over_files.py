"""What the commands that go through policy files have in common on the command line."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_files_command"]


def add_files_command(
    commands: Any, name: str, *, about: str, description: str, examples: str, files: str = ""
) -> argparse.ArgumentParser:
    """A command that takes policy files. `files` says what is special about them."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH" if files else "[NAME=]PATH",
        help=files or "files or directories; `-` is standard input",
    )
    return parser
