"""The command line: one module a command."""

from policy.cli.main import main

__all__ = ["main"]
