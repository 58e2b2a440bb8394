"""Policies from text and from files."""

from __future__ import annotations

import os
import time
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, SourceError
from policy.lower import compile_policy
from policy.model import DEFAULT_DIALECT, Dialect
from policy.policies.policy_set import PolicySet
from policy.source import MAX_SOURCE_BYTES, Source, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.diagnostics import Diagnostic
    from policy.model import Policy

__all__ = [
    "is_policy_file",
    "load",
    "parse",
    "policy_files",
    "policy_name",
    "read_source",
]

_SUFFIXES = (".policy.hcl", ".policy.json", ".hcl", ".json", ".policy")
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
    files, also behind links; hidden files and directories are left out. Raises `SourceError` for
    a path that cannot be read or a directory without a policy, and `InvalidPolicyError` with all
    problems of all files.
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

    Raises `SourceError` when a path does not exist, a directory holds no policy, or a part of it
    cannot be searched.
    """
    files: list[Path] = []
    for given in paths:
        if not os.fspath(given):
            # An unset variable must not turn into the working directory.
            raise SourceError("the name of a file or directory is empty")
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
    found = sorted(_below(path))
    if not found:
        raise SourceError(f"{path}: no policy files (.hcl, .json, .policy) in this directory")
    return found


def _below(top: Path) -> Iterator[Path]:
    """Every policy file below a directory. One that links lead to twice is searched once. Raises
    `SourceError` for one that cannot be searched: it may hold a policy that denies."""

    def unsearchable(error: OSError) -> None:
        raise SourceError(f"{error.filename}: {error.strerror or error}") from None

    seen = set()
    for folder, folders, files in os.walk(top, onerror=unsearchable, followlinks=True):
        real = Path(folder).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in (Path(folder, name) for name in files if is_policy_file(name)):
            # A link to nowhere is a policy that cannot be read, and reading it says so.
            if file.is_file() or (file.is_symlink() and not file.exists()):
                yield file


def is_policy_file(relative: str | os.PathLike[str]) -> bool:
    """Whether a file of that path below a directory is one of its policies, by its name. What is
    hidden is somebody else's: the bookkeeping of a mounted volume, of git, of Terraform."""
    path = PurePath(relative)
    is_hidden = any(part.startswith(".") for part in path.parts)
    return path.name.endswith(_SUFFIXES) and not is_hidden


def policy_name(file: Path) -> str:
    """The name a file gives its policy: its own without the ending, in lower case.

    Raises `SourceError` for a name with a line break, with which a file could forge lines in what
    is printed about it: some CI services read orders from those.
    """
    name = file.name
    _refuse_line_break(file)
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix).lower()
    return name.lower()


def read_source(file: Path) -> Source:
    """Read a policy file. Raises `SourceError` when it cannot be read or is too large, or has a
    line break in its name (see `policy_name`)."""
    _refuse_line_break(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None
    return Source.of(data, str(file))


def _refuse_line_break(file: Path) -> None:
    if "\n" in str(file):
        raise SourceError(f"{printable(str(file))}: a line break in the name of a policy file")


def _clock(now: float | None) -> float:
    return time.time() if now is None else now


def _errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [d for d in diagnostics if d.severity is Severity.ERROR]
