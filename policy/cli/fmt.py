"""`sudopath fmt`: policies in the servers' own layout."""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.files import write_file
from policy.cli.inputs import add_dialect_option, standard_input
from policy.cli.over_files import add_files_command
from policy.cli.progress import shown
from policy.errors import PolicyError, SourceError, UsageError
from policy.format import format_policy
from policy.model import Dialect
from policy.policies import policy_files, read_source
from policy.source import MAX_SOURCE_BYTES, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.cli.output import Output
    from policy.format import Formatted

__all__ = ["add_command"]

_STDIN = Path("-")

_DESCRIPTION = """\
Format HCL policies as `bao policy fmt` does, to the byte, but without losing a comment. Before a
file is written it is proved that the new text decides exactly what the old one decides; a policy
that the server would refuse is left as it is.
"""
_EXAMPLES = """\
examples:
  sudopath fmt policies/                    rewrite what is not formatted
  sudopath fmt --check policies/            write nothing, exit 1 if something would change
  sudopath fmt --diff ops.hcl               write nothing, show what would change
  vault policy read ops | sudopath fmt -    standard input to standard output

exit codes: 0 all formatted, 1 something would change (--check), 2 something could not be formatted
"""


def add_command(commands: Any) -> None:
    """Add `fmt` to the command line."""
    parser = add_files_command(
        commands,
        "fmt",
        about="format policies as the server's own formatter does",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
        files="files, or directories, in which JSON policies are passed over; "
        "`-` is standard input",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if something would change"
    )
    parser.add_argument("--diff", action="store_true", help="write nothing; show the changes")
    add_dialect_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    if "-" in options.paths and len(options.paths) > 1:
        raise UsageError("`-` is standard input and stands alone")
    dialect = Dialect.named(options.dialect)
    now = time.time()
    changed = same = failed = 0
    results = [
        (file, _formatted(source, dialect, now))
        for file, source in shown(list(_sources(options.paths)), output, "fmt")
    ]
    for file, formatted in results:
        try:
            if isinstance(formatted, PolicyError):
                raise formatted
            _deliver(file, formatted, options, output)
        except PolicyError as error:
            failed += 1
            output.problem(str(error))
        else:
            changed += formatted.changed
            same += not formatted.changed
    if options.paths != ["-"]:
        verb = "would change" if options.check or options.diff else "formatted"
        counts = [(changed, verb), (same, "already formatted"), (failed, "not formatted")]
        output.note(", ".join(f"{count} {words}" for count, words in counts if count) or "no HCL")
    if failed:
        return Exit.ERROR
    return Exit.NO if changed and options.check else Exit.YES


def _formatted(
    source: Source | PolicyError, dialect: Dialect, now: float
) -> Formatted | PolicyError:
    """The formatted text, or what is wrong with it."""
    if isinstance(source, PolicyError):
        return source
    try:
        return format_policy(source, dialect, now)
    except PolicyError as error:
        return error


def _sources(paths: list[str]) -> Iterator[tuple[Path, Source | PolicyError]]:
    """Every text to format, or the error in its place, so that it hides none of the others."""
    for given in paths:
        path = Path(given)
        if path == _STDIN:
            try:
                yield path, Source.of(standard_input().read(MAX_SOURCE_BYTES + 1), "<stdin>")
            except SourceError as error:
                yield path, error
            continue
        try:
            files = policy_files([given])
        except SourceError as error:
            yield path, error
            continue
        for file in files:
            try:
                source = read_source(file)
            except SourceError as error:
                yield file, error
            else:
                if file == path or not source.is_json:
                    yield file, source


def _deliver(file: Path, formatted: Formatted, options: argparse.Namespace, output: Output) -> None:
    if options.diff:
        _show(formatted, output)
    elif options.check:
        if formatted.changed:
            output.line(f"would change {formatted.source.name}")
    elif file == _STDIN:
        sys.stdout.buffer.write(_encoded(formatted.text))
    elif formatted.changed:
        write_file(file, _encoded(formatted.text))
        output.line(f"formatted {formatted.source.name}")


def _show(formatted: Formatted, output: Output) -> None:
    """A difference that `patch` understands; on a terminal without control characters."""
    name = formatted.source.name
    lines = difflib.unified_diff(
        _lines(formatted.source.text), _lines(formatted.text), name, f"{name} (formatted)"
    )
    for line in lines:
        if output.out.isatty():
            output.line(line.removesuffix("\n").expandtabs())
        else:
            sys.stdout.buffer.write(_encoded(line))
            if not line.endswith("\n"):
                sys.stdout.buffer.write(b"\n\\ No newline at end of file\n")


def _lines(text: str) -> list[str]:
    """Lines with their breaks. `str.splitlines` would break at other characters as well."""
    return [line for line in text.replace("\n", "\n\0").split("\0") if line]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
