"""The list of commands, of which only the one that is asked for is loaded."""

from __future__ import annotations

import argparse
from importlib import import_module

import pytest

from policy.cli.main import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_says_of_a_command_what_its_own_module_says(name: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()
    import_module(f"policy.cli.{name.replace('-', '_')}").add_command(commands)
    (shown,) = commands._choices_actions  # argparse keeps the words nowhere else
    assert (shown.dest, shown.help) == (name, COMMANDS[name])
