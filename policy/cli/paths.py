"""`sudopath paths`: which paths are root-protected?"""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.files import read_file
from policy.cli.inputs import add_format_option
from policy.model import DIALECTS, Dialect
from policy.needs import protected_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.cli.output import Output
    from policy.needs import ProtectedPath

__all__ = ["add_command"]

_DESCRIPTION = """\
List the paths that ask for `sudo` besides the capability of the operation, by mount, with the
servers on which they do and where that was seen. `*` stands for any rest, `+` for one segment.
"""
_EXAMPLES = """\
examples:
  sudopath paths --sudo
  sudopath paths --sudo --dialect openbao-2.7 --mounts mounts.json
  sudopath paths --sudo --format json

exit codes: 0 listed, 2 could not answer
"""
_MARKS = {True: "x", False: "-"}


def add_command(commands: Any) -> None:
    """Add `paths` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "paths",
        help="which paths are root-protected?",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sudo", action="store_true", required=True, help="what asks for `sudo`")
    parser.add_argument(
        "--dialect",
        choices=tuple(DIALECTS),
        action="append",
        help="only this server (can be repeated; default: all)",
    )
    parser.add_argument(
        "--mounts",
        type=Path,
        metavar="FILE",
        help="only these mounts, at their own paths: JSON with paths and types, or what "
        "`secrets list -format=json` prints",
    )
    parser.add_argument("--sources", action="store_true", help="show in full where each was seen")
    add_format_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    dialects = [Dialect.named(name) for name in options.dialect or DIALECTS]
    mounts = None
    if options.mounts is not None:
        from policy.inventory import read_mounts

        mounts = read_mounts(read_file(options.mounts), str(options.mounts))
    found = protected_paths(dialects, mounts)
    if options.format == "json":
        from policy.report.paths_json import paths_report

        output.json(dict(paths_report(found, dialects)), pretty=sys.stdout.isatty())
    else:
        names = [dialect.name for dialect in dialects]
        output.line("\n".join(_text(found, names, sources=options.sources)))
    return Exit.YES


def _text(found: Sequence[ProtectedPath], names: Sequence[str], *, sources: bool) -> Iterator[str]:
    """A block for each mount: a column of marks for each server, the path, who asks for `sudo`."""
    yield f"columns: {', '.join(names)}; `x` asks for `sudo`"
    decisive = [entry for entry in found if entry.fact.decides]
    yield f"\nRoot-protected ({len(decisive)}): a policy must hold `sudo` besides the capability."
    yield from _blocks(decisive, names, sources=sources)
    rest = [entry for entry in found if not entry.fact.decides]
    if rest:
        yield f"\nBeyond policies ({len(rest)}): `sudo` widens the call, or a handler asks for it."
        yield from _blocks(rest, names, sources=sources)


def _blocks(
    found: Sequence[ProtectedPath], names: Sequence[str], *, sources: bool
) -> Iterator[str]:
    for (path, kind), entries in groupby(found, lambda e: (e.fact.mount_path, e.fact.mount_type)):
        yield f"\n{path} ({kind})"
        for entry in entries:
            fact = entry.fact
            marks = "".join(_MARKS[name in entry.dialects] for name in names)
            methods = f" {','.join(fact.methods).upper()}" if fact.methods else ""
            seen = "; ".join(dict.fromkeys(source.partition(":")[0] for source in fact.sources))
            yield from _folded(
                f"  {marks}  ", f"{fact.path}{methods}  [{fact.enforced_by}; {seen}]"
            )
            if sources:
                yield from (f"        {source}" for source in fact.sources)
                if fact.note:
                    yield f"        note: {fact.note}"


def _folded(start: str, text: str) -> list[str]:
    from textwrap import wrap

    later = " " * (len(start) + 2)
    return wrap(text, 80, initial_indent=start, subsequent_indent=later, break_on_hyphens=False)
