"""`sudopath needs`: which policy does this take?"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy.catalog import MountTable
from policy.cli.exit_codes import Exit
from policy.cli.files import read_file
from policy.cli.inputs import add_dialect_option, add_format_option, standard_input
from policy.errors import PolicyError, UsageError
from policy.model import Dialect, http_request, operation_request
from policy.needs import command_requests, curl_request, least_policies, need_of
from policy.source import MAX_SOURCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.cli.output import Output
    from policy.model import Request
    from policy.needs import LeastPolicy, Need

__all__ = ["add_command"]

_DESCRIPTION = """\
Say what requests need, and print the least policy for all of them. It is proved before it is
printed: with it every request is allowed, and without any one capability of it one is not.

REQUEST is a method and a path (`POST sys/step-down`), an operation and a path (`read secret/a`),
a `curl` command line, or a command of `vault` or `bao`. Several stand in quotes, one each.
"""
_EXAMPLES = """\
examples:
  sudopath needs POST sys/step-down
  sudopath needs vault operator step-down
  sudopath needs --mounts mounts.json vault kv put secret/app/db password=x
  sudopath needs "vault secrets list" "LIST secret/metadata/app" "curl $VAULT_ADDR/v1/sys/mounts"
  sudopath needs --requests runbook.txt > runbook.hcl

exit codes: 0 here is the policy (or none is needed), 1 no policy can allow it, 2 could not answer
"""
_PROGRAMS = frozenset({"bao", "curl", "vault"})


def add_command(commands: Any) -> None:
    """Add `needs` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "needs",
        help="which policy does this take?",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--requests",
        metavar="FILE",
        help="many requests, one a line: as JSON (see `sudopath schema request`), or as here; "
        "`#` begins a comment; `-` is standard input",
    )
    parser.add_argument(
        "--mounts",
        type=Path,
        metavar="FILE",
        help="JSON with paths and types of mounts, or what `secrets list -format=json` prints",
    )
    parser.add_argument("--namespace", default="", metavar="NS", help="namespace of the requests")
    parser.add_argument("--data", metavar="JSON", help="the parameters of one request")
    parser.add_argument(
        "--exists",
        choices=("yes", "no"),
        help="whether the objects of writes exist: update or create, not both",
    )
    parser.add_argument(
        "--pin-parameters",
        action="store_true",
        help="let each rule allow only the parameters that its requests send",
    )
    add_dialect_option(parser)
    add_format_option(parser)
    parser.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="REQUEST",
        help="behind `curl`, `vault` and `bao` every option is theirs",
    )
    parser.set_defaults(run=_run, parser=parser)


@dataclass(slots=True)
class _Asked:
    """The requests so far, and the mounts, with those that had to be assumed."""

    mounts: MountTable
    namespace: str
    exists: bool | None
    requests: list[Request] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, words: Sequence[str], data: dict[str, Any] | None = None) -> None:
        """Add the requests of one command line."""
        if not words:
            raise UsageError("a request is empty")
        if words[0] == "curl":
            self.requests.append(
                curl_request(words[1:], namespace=self.namespace, exists=self.exists)
            )
        elif words[0] in _PROGRAMS:
            commanded = command_requests(
                words, self.mounts, namespace=self.namespace, exists=self.exists
            )
            self.mounts = commanded.mounts
            self.requests += commanded.requests
            self.notes += commanded.notes
        elif len(words) != 2:
            raise UsageError(f"`{shlex.join(words)}` is no method and path, and no known command")
        else:
            self._add_pair(words[0], words[1], data)

    def _add_pair(self, what: str, path: str, data: dict[str, Any] | None) -> None:
        namespace = self.namespace and self.namespace.strip("/") + "/"
        if what.isupper():
            request = http_request(
                what, path.lstrip("/"), data=data, namespace=namespace, exists=self.exists
            )
        else:
            path = path.removeprefix("/").removeprefix("v1/")
            request = operation_request(
                what, path, data=data, namespace=namespace, exists=self.exists
            )
        self.requests.append(request)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    words, options = _own_options(options)
    dialect = Dialect.named(options.dialect)
    asked = _Asked(
        _mounts(options.mounts),
        options.namespace,
        None if options.exists is None else options.exists == "yes",
    )
    if options.requests is not None:
        for line in _lines(options.requests):
            _add_line(line, asked)
    if any(any(char.isspace() for char in word) for word in words) and (words[0] not in _PROGRAMS):
        for text in words:
            asked.add(_split(text))
    elif words:
        asked.add(words, _data(options.data))
    if not asked.requests:
        raise UsageError("no request: give a method and a path, or a command")
    needs = [need_of(request, dialect, asked.mounts) for request in asked.requests]
    impossible = any(need.is_impossible for need in needs)
    policies = (
        []
        if impossible
        else least_policies(needs, dialect, asked.mounts, pin_parameters=options.pin_parameters)
    )
    if options.format == "json":
        from policy.report.needs_json import needs_report

        report = needs_report(needs, policies, asked.notes, dialect)
        output.json(dict(report), pretty=sys.stdout.isatty())
    else:
        output.line("\n".join(_text(needs, policies, asked.notes, dialect)))
    return Exit.NO if impossible else Exit.YES


def _own_options(options: argparse.Namespace) -> tuple[list[str], argparse.Namespace]:
    """Options of ours that stand behind a request, where nobody else could take them."""
    words: list[str] = options.words
    if words and words[0] == "--":
        words = words[1:]
    if not words or words[0] in _PROGRAMS:
        return words, options
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    if first == len(words):
        return words, options
    parser: argparse.ArgumentParser = options.parser
    late = parser.parse_args(words[first:], copy(options))
    return [*words[:first], *late.words], late


def _mounts(file: Path | None) -> MountTable:
    if file is None:
        return MountTable.default()
    from policy.inventory import read_mounts

    return read_mounts(read_file(file), str(file))


def _data(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--data is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("--data must be a JSON object of parameters")
    return value


def _lines(file: str) -> Iterator[tuple[str, str]]:
    """Place and text of each line that says something."""
    data = standard_input().read(MAX_SOURCE_BYTES) if file == "-" else read_file(Path(file))
    text = data.decode("utf-8", "surrogateescape")
    name = "<stdin>" if file == "-" else file
    # A command may go on over several lines, each but the last with a backslash at its end.
    for number, line in enumerate(text.replace("\\\n", " ").split("\n"), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            yield f"{name}:{number}", line.removeprefix("$ ")


def _add_line(placed: tuple[str, str], asked: _Asked) -> None:
    place, line = placed
    try:
        if line.startswith("{"):
            from policy.inventory import read_request

            asked.requests.append(read_request(line.encode("utf-8"), place).request())
        else:
            asked.add(_split(line))
    except PolicyError as error:
        message = str(error)
        raise UsageError(message if message.startswith(place) else f"{place}: {message}") from None


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"`{line}`: {str(error).lower()}") from None


def _text(
    needs: Sequence[Need], policies: Sequence[LeastPolicy], notes: Sequence[str], dialect: Dialect
) -> Iterator[str]:
    """All of it is a policy: what is said to people stands in comments."""
    for need in dict.fromkeys(map(_Shown, needs)):
        yield from need.lines
    for note in dict.fromkeys(notes):
        yield f"# note: {note}"
    if policies:
        yield ""
    elif not any(need.is_impossible for need in needs):
        yield "# No policy is needed."
    for policy in policies:
        where = f" in the namespace `{policy.namespace}`" if policy.namespace else ""
        yield f"# The least policy{where} ({dialect}):"
        yield policy.text.rstrip("\n")
        if policy is not policies[-1]:
            yield ""


@dataclass(frozen=True, slots=True, init=False)
class _Shown:
    """A need as comment lines; two that read alike are shown once."""

    lines: tuple[str, ...]

    def __init__(self, need: Need) -> None:
        request = need.request
        lines = [f"{request.operation} {request.namespace}{need.path}"]
        if need.capabilities:
            lines.append(f"  needs: {', '.join(need.capabilities)}")
        elif need.is_impossible:
            lines.append("  cannot be allowed by any policy")
        else:
            lines.append("  needs: nothing")
        if need.sudo is not None:
            lines.append(f"  sudo: {need.sudo.describe()}")
        if need.parameters:
            lines.append(f"  parameters: {', '.join(need.parameters)}")
        lines += [f"  note: {note}" for note in need.notes]
        object.__setattr__(
            self, "lines", tuple(wrapped for line in lines for wrapped in _fold(line))
        )


def _fold(line: str) -> list[str]:
    from textwrap import wrap

    indent = " " * (len(line) - len(line.lstrip()))
    return wrap(
        line,
        79,
        initial_indent="# ",
        subsequent_indent=f"# {indent}  ",
        break_on_hyphens=False,
        break_long_words=False,
        drop_whitespace=True,
    )
