"""`sudopath fmt`: policies in the servers' own layout."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.inputs import add_dialect_option, standard_input
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
    parser: argparse.ArgumentParser = commands.add_parser(
        "fmt",
        help="format policies as the server's own formatter does",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="files, or directories, in which JSON policies are passed over; `-` is standard input",
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
    for file, source in _sources(options.paths):
        try:
            if isinstance(source, PolicyError):
                raise source
            formatted = format_policy(source, dialect, now)
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
            files = policy_files([path])
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
        _replace(file, _encoded(formatted.text))
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


def _replace(file: Path, data: bytes) -> None:
    """Put new content in a file, all of it or nothing: mode and owner stay, and a link still
    points to it. Raises `SourceError` when that fails; the file is then as it was."""
    target = file.resolve()
    temporary = ""
    try:
        if not os.access(target, os.W_OK):
            raise PermissionError(13, "not writable")
        status = target.stat()
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        with contextlib.suppress(PermissionError):
            os.chown(temporary, status.st_uid, status.st_gid)
        Path(temporary).chmod(status.st_mode & 0o7777)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise SourceError(f"{file}: cannot write: {error.strerror or error}") from None
