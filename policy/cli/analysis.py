"""The options that the questions over all paths share, and what they stand for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.files import read_file
from policy.cli.inputs import add_dialect_option, add_now_option
from policy.errors import UsageError
from policy.model import Dialect, Token
from policy.policies import load

if TYPE_CHECKING:
    from policy.analyze.inventory import Holder, Inventory
    from policy.policies import PolicySet

__all__ = [
    "add_analysis_command",
    "add_inventory_options",
    "add_policies_option",
    "read_holders",
    "read_options_inventory",
    "read_policies",
]


def add_analysis_command(
    commands: Any, name: str, *, about: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """A command about policies and who holds them."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_inventory_options(parser)
    return parser


def add_policies_option(parser: argparse.ArgumentParser) -> None:
    """`--policies`"""
    parser.add_argument(
        "-p",
        "--policies",
        action="append",
        required=True,
        metavar="PATH",
        help="a policy file, or a directory of them (can be repeated)",
    )


def add_inventory_options(parser: argparse.ArgumentParser) -> None:
    """Who there is, what is mounted, which server decides."""
    parser.add_argument(
        "--inventory",
        type=Path,
        metavar="FILE",
        help="JSON with tokens, roles, entities, groups and mounts "
        "(default: each policy alone, default mounts)",
    )
    add_now_option(parser)
    add_dialect_option(parser)


def read_policies(options: argparse.Namespace) -> PolicySet:
    """The policies that the options name. Raises `PolicyError`."""
    return load(*options.policies, dialect=Dialect.named(options.dialect), now=options.now)


def read_options_inventory(options: argparse.Namespace) -> Inventory:
    """The inventory that the options name, or an empty one. Raises `PolicyError`."""
    from policy.analyze.inventory import Inventory, read_inventory

    if options.inventory is None:
        return Inventory()
    return read_inventory(read_file(options.inventory), str(options.inventory))


def read_holders(policies: PolicySet, inventory: Inventory, name: str | None) -> list[Holder]:
    """Everybody the inventory knows; without anybody in it, whoever holds one policy alone.

    With a name only that holder, or a token that holds the policies `NAME[,NAME…]`.
    """
    from policy.analyze.inventory import Holder, HolderKind
    from policy.analyze.symbolic import symbolic_token

    if name is None:
        if inventory.holders:
            return list(inventory.holders)
        return [
            Holder(
                HolderKind.POLICY,
                policy.namespace + policy.name,
                symbolic_token([policy.name], [policy], namespace=policy.namespace),
            )
            for policy in policies
        ]
    if any(name in (h.name, f"{h.kind}:{h.name}") for h in inventory.holders):
        return [inventory.find(name)]
    names = [word.strip().lower() for word in name.split(",") if word.strip()]
    unknown = [word for word in names if word != "root" and policies.get(word) is None]
    if unknown or not names:
        raise UsageError(f"no holder and no policy is named `{unknown[0] if unknown else name}`")
    token: Token = symbolic_token(names, policies)
    return [Holder(HolderKind.TOKEN, name, token)]
