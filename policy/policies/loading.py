"""Policies from text and from files."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, SourceError
from policy.lower import compile_policy
from policy.model import DEFAULT_DIALECT, Dialect
from policy.policies.policy_set import PolicySet
from policy.source import MAX_SOURCE_BYTES, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.diagnostics import Diagnostic
    from policy.model import Policy

__all__ = ["POLICY_SUFFIXES", "load", "parse", "policy_files", "policy_name", "read_source"]

POLICY_SUFFIXES = (".policy.hcl", ".policy.json", ".hcl", ".json", ".policy")
"""How the names of policy files end; the first that fits is no part of the policy's name."""


def parse(
    text: str | bytes,
    name: str = "policy",
    *,
    dialect: Dialect | str = DEFAULT_DIALECT,
    now: float | None = None,
) -> Policy:
    """Compile one policy text. `now` is in seconds since 1970, the clock's time unless given.

    Raises `InvalidPolicyError`, with every problem, when the server would refuse the text, and
    `SourceError` when it is larger than a server takes.
    """
    source = Source.of(text, f"<{name}>")
    compiled = compile_policy(source, name, Dialect.named(dialect), _clock(now))
    if compiled.policy is None:
        raise InvalidPolicyError(f"policy `{name}` is refused", _errors(compiled.diagnostics))
    return compiled.policy


def load(
    *paths: str | os.PathLike[str],
    dialect: Dialect | str = DEFAULT_DIALECT,
    now: float | None = None,
) -> PolicySet:
    """Load policies from files and directories; the name of a file is that of its policy.

    Directories are searched with all their subdirectories for `.hcl`, `.json` and `.policy`
    files. Raises `SourceError` for a path that cannot be read or a directory without a policy,
    and `InvalidPolicyError` with all problems of all files.
    """
    dialect = Dialect.named(dialect)
    now = _clock(now)
    policies = []
    problems: list[Diagnostic] = []
    for file in policy_files(paths):
        compiled = compile_policy(read_source(file), policy_name(file), dialect, now)
        if compiled.policy is None:
            problems += _errors(compiled.diagnostics)
        else:
            policies.append(compiled.policy)
    if problems:
        raise InvalidPolicyError(f"{len(problems)} problems in the policies", problems)
    return PolicySet(policies, dialect)


def policy_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """The policy files that `paths` stand for: files as given, directories searched, in order.

    Raises `SourceError` when a path does not exist or a directory holds no policy.
    """
    files: list[Path] = []
    for given in paths:
        path = Path(given)
        try:
            files += _files_of(path)
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
    return files


def _files_of(path: Path) -> list[Path]:
    if not path.exists():
        raise SourceError(f"{path}: no such file or directory")
    if not path.is_dir():
        return [path]
    # A link to nowhere is a policy that cannot be read, and reading it says so.
    found = sorted(
        p
        for p in path.rglob("*")
        if p.name.endswith(POLICY_SUFFIXES) and (p.is_file() or (p.is_symlink() and not p.exists()))
    )
    if not found:
        raise SourceError(f"{path}: no policy files (.hcl, .json, .policy) in this directory")
    return found


def policy_name(file: Path) -> str:
    """The name a file gives its policy: its own without the ending, in lower case."""
    name = file.name
    for suffix in POLICY_SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix).lower()
    return name.lower()


def read_source(file: Path) -> Source:
    """Read a policy file. Raises `SourceError` when it cannot be read or is too large."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None
    return Source.of(data, str(file))


def _clock(now: float | None) -> float:
    return time.time() if now is None else now


def _errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [d for d in diagnostics if d.severity is Severity.ERROR]
