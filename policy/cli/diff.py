"""`sudopath diff`: what do two revisions of policies allow differently?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from policy.cli.analysis import add_analysis_command, read_holders, read_options_inventory
from policy.cli.exit_codes import Exit
from policy.errors import UsageError
from policy.model import Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.analyze.review import HolderChanges
    from policy.cli.output import Output
    from policy.policies import PolicySet

__all__ = ["add_command"]

_DESCRIPTION = """\
Compare two revisions of policies over all paths: which operations are gained or lost, where, by
which rules, with a request that shows each. Exact: on every other path both allow the same.

OLD and NEW are files, directories, or REVISION:PATH in git (relative to the top of the repository).
With --adding there is one revision, and the question is what one more policy changes for a token.
"""
_EXAMPLES = """\
examples:
  sudopath diff old/ new/
  sudopath diff main:policies policies --fail-on sudo --format markdown
  sudopath diff main:policies policies --inventory inventory.json --fail-on gained
  sudopath diff policies/ --adding readonly --token ops,default

exit codes: 0 nothing that --fail-on names, 1 something, 2 could not answer
"""
_FAIL_ON = ("gained", "lost", "sudo", "any")


def add_command(commands: Any) -> None:
    """Add `diff` to the command line."""
    parser = add_analysis_command(
        commands,
        "diff",
        about="what do two revisions allow differently?",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", nargs="?", metavar="NEW")
    parser.add_argument("--adding", metavar="POLICY", help="what this policy changes for --token")
    parser.add_argument(
        "--token", metavar="NAME[,NAME…]", help="a holder of the inventory, or names of policies"
    )
    parser.add_argument(
        "--fail-on",
        action="append",
        choices=_FAIL_ON,
        default=[],
        help="exit 1 when something is gained, is lost, is gained on a root-protected path, or "
        "changes at all (can be repeated)",
    )
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    found = _adding(options) if options.adding is not None else _review(options)
    match options.format:
        case "json":
            from policy.report.difference_json import difference_report

            output.json(difference_report(found), pretty=sys.stdout.isatty())
        case "markdown":
            from policy.report.difference_text import difference_markdown

            output.line(difference_markdown(found).rstrip())
        case _:
            from policy.report.difference_text import difference_text

            output.line(difference_text(found).rstrip())
    return Exit.NO if any(_fails(found, word) for word in options.fail_on) else Exit.YES


def _load(options: argparse.Namespace, given: str) -> PolicySet:
    from policy.analyze.revisions import load_revision

    return load_revision(given, dialect=Dialect.named(options.dialect), now=options.now)


def _review(options: argparse.Namespace) -> Sequence[HolderChanges]:
    from policy.analyze.inventory import Inventory
    from policy.analyze.review import review

    if options.new is None:
        raise UsageError("compare with what? Give NEW, or --adding POLICY with --token")
    old, new = _load(options, options.old), _load(options, options.new)
    inventory = read_options_inventory(options)
    if options.token is not None:
        # One token only, as it is after the change.
        (holder,) = read_holders(new, inventory, options.token)
        inventory = Inventory((holder,), inventory.mounts, inventory.namespaces)
        return [
            each for each in review(old, new, inventory, now=options.now) if each.holder == holder
        ]
    return review(old, new, inventory, now=options.now)


def _adding(options: argparse.Namespace) -> Sequence[HolderChanges]:
    from policy.analyze.review import HolderChanges, adding

    if options.new is not None:
        raise UsageError("--adding asks about one revision: leave NEW out")
    if options.token is None:
        raise UsageError("--adding to what token? Give --token")
    policies = _load(options, options.old)
    if policies.get(options.adding) is None:
        raise UsageError(f"there is no policy `{options.adding}`")
    inventory = read_options_inventory(options)
    (holder,) = read_holders(policies, inventory, options.token)
    changes = adding(policies, holder.token, options.adding, inventory, now=options.now)
    return [HolderChanges(holder, changes)] if changes else []


def _fails(found: Sequence[HolderChanges], word: str) -> bool:
    match word:
        case "any":
            return bool(found)
        case "sudo":
            return any(each.touches_root_protected for each in found)
        case "gained":
            return any(d.is_more for each in found for d in each.directions)
        case _:
            return any(not d.is_more for each in found for d in each.directions)
