"""The options that several commands share, and what they stand for: policies, token, mounts."""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from policy.catalog import MountTable
from policy.cli.files import read_file
from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, PolicyError, SourceError, UsageError
from policy.lower import compile_policy
from policy.model import DEFAULT_DIALECT, DIALECTS, Dialect, Token
from policy.policies import PolicySet, policy_files, policy_name, read_source
from policy.source import MAX_SOURCE_BYTES, Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, TextIO

    from policy.diagnostics import Diagnostic
    from policy.evaluate import ACL

__all__ = [
    "add_acl_options",
    "add_dialect_option",
    "add_format_option",
    "add_now_option",
    "build_acl",
    "named_sources",
    "seconds",
    "standard_input",
]

_MOST_SECONDS = 1e12
"""Farther away than any date that a policy can name."""
_NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<file>.+)", re.ASCII)


def add_dialect_option(parser: argparse.ArgumentParser) -> None:
    """`--dialect`"""
    parser.add_argument(
        "--dialect",
        choices=tuple(DIALECTS),
        default=DEFAULT_DIALECT.name,
        help=f"the server that decides (default: {DEFAULT_DIALECT.name})",
    )


def add_format_option(parser: argparse.ArgumentParser) -> None:
    """`--format`"""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people or for programs"
    )


def add_acl_options(parser: argparse.ArgumentParser) -> None:
    """The options that make up an ACL."""
    parser.add_argument(
        "-p",
        "--policies",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="a policy file, or a directory of them; `-` is standard input; the name of a file is "
        "that of its policy unless NAME= says another (can be repeated)",
    )
    parser.add_argument(
        "-t",
        "--token",
        action="append",
        default=[],
        metavar="NAME[,NAME…]",
        help="names of the policies attached to the token (can be repeated); "
        "without this and without --token-file: all policies that were given",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="JSON with the token's policies, entity and groups (see `sudopath schema token`)",
    )
    parser.add_argument(
        "--mounts",
        type=Path,
        metavar="FILE",
        help="JSON with paths and types of mounts, or what `secrets list -format=json` prints",
    )
    add_now_option(parser)
    add_dialect_option(parser)
    add_format_option(parser)


def add_now_option(parser: argparse.ArgumentParser) -> None:
    """`--now`: seconds since 1970, None for the clock."""
    parser.add_argument(
        "--now",
        type=_instant,
        metavar="TIME",
        help="when: RFC 3339 or seconds since 1970 (default: the clock)",
    )


def _instant(text: str) -> float:
    from datetime import UTC, datetime

    try:
        return seconds(text)
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is neither RFC 3339 nor seconds") from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def seconds(text: str) -> float:
    """A number of seconds. Raises `ValueError`, also for what is no finite number."""
    value = float(text)
    if not abs(value) < _MOST_SECONDS:
        raise ValueError(f"`{text}` is no number of seconds")
    return value


def named_sources(paths: list[str]) -> Iterator[tuple[str, Source | PolicyError]]:
    """Name and text of every policy that `paths` stand for; a file that cannot be read gives the
    error in place of its text, so that it hides none of the others."""
    for given in paths:
        match = _NAMED.fullmatch(given)
        # `a=b.hcl` is a file of that name if there is one.
        name, file = (
            (match["name"], match["file"]) if match and not Path(given).exists() else ("", given)
        )
        if file == "-":
            yield name or "stdin", _read_standard_input()
            continue
        try:
            files = policy_files([file])
        except SourceError as error:
            yield name or file, error
            continue
        for path in files:
            try:
                yield (name if name and len(files) == 1 else policy_name(path)), read_source(path)
            except SourceError as error:
                yield name or str(path), error


def standard_input() -> BinaryIO:
    """Standard input as bytes. Raises `SourceError` when it is closed."""
    # Python has no stream for a closed descriptor.
    stream: TextIO | None = sys.stdin
    if stream is None:
        raise SourceError("<stdin>: standard input is closed")
    return stream.buffer


def _read_standard_input() -> Source | PolicyError:
    try:
        return Source.of(standard_input().read(MAX_SOURCE_BYTES + 1), "<stdin>")
    except SourceError as error:
        return error
    except OSError as error:
        return SourceError(f"<stdin>: {error.strerror or error}")


def build_acl(options: argparse.Namespace) -> ACL:
    """The ACL that the options describe. Raises `PolicyError` with everything that is wrong."""
    dialect = Dialect.named(options.dialect)
    now = time.time() if options.now is None else options.now
    policies = []
    problems: list[Diagnostic] = []
    unreadable: list[str] = []
    for name, source in named_sources(options.policies):
        if isinstance(source, PolicyError):
            unreadable.append(str(source))
            continue
        compiled = compile_policy(source, name, dialect, now)
        problems += [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
        if compiled.policy is not None:
            policies.append(compiled.policy)
    if unreadable or problems:
        text = "\n\n".join([*unreadable, *(d.render() for d in problems)])
        raise InvalidPolicyError(text)
    policy_set = PolicySet(policies, dialect)
    token = _token(options, policy_set)
    mounts = MountTable.default()
    if options.mounts is not None:
        from policy.inventory import read_mounts

        mounts = read_mounts(read_file(options.mounts), str(options.mounts))
    return policy_set.acl(token, mounts=mounts, now=now)


def _token(options: argparse.Namespace, policies: PolicySet) -> Token:
    names = [name for group in options.token for name in group.split(",") if name.strip()]
    if options.token and not names:
        # An unset variable must not turn into a token with all policies.
        raise UsageError("--token names no policy")
    if options.token_file is not None:
        from policy.inventory import read_token

        token = read_token(read_file(options.token_file), str(options.token_file))
        return Token((*token.policies, *names), token.entity, token.groups, token.namespace)
    if not names and not options.policies:
        raise UsageError("no policies: give files with --policies, or names with --token")
    return Token(names or [policy.name for policy in policies])
