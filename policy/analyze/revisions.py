"""Policies as they stand in a git revision: `main:policies/`, `HEAD~1:ops.hcl`."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, SourceError
from policy.lower import compile_policy
from policy.policies import POLICY_SUFFIXES, PolicySet, load, policy_name
from policy.source import Source

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic
    from policy.model import Dialect

__all__ = ["load_revision"]


def load_revision(given: str, *, dialect: Dialect, now: float | None = None) -> PolicySet:
    """Policies from a file or directory or, written `revision:path`, from git.

    The path is relative to the top of the repository that the working directory lies in. Raises
    `SourceError` for what cannot be read and `InvalidPolicyError` with all problems of all files.
    """
    revision, colon, path = given.partition(":")
    if not colon or not revision or Path(given).exists():
        return load(given, dialect=dialect, now=now)
    policies = []
    problems: list[Diagnostic] = []
    for file, data in _files(revision, path.strip("/")):
        source = Source.of(data, f"{revision}:{file}")
        compiled = compile_policy(source, policy_name(Path(file)), dialect, now)
        if compiled.policy is None:
            problems += [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
        else:
            policies.append(compiled.policy)
    if problems:
        raise InvalidPolicyError(f"{len(problems)} problems in the policies", problems)
    return PolicySet(policies, dialect)


def _files(revision: str, path: str) -> list[tuple[str, bytes]]:
    """Names, relative to the top, and contents."""
    if revision.startswith("-"):
        raise SourceError(f"`{revision}` is no git revision")
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    tree = _git("ls-tree", "-r", "-z", "--full-tree", commit.decode().strip())
    wanted = PurePosixPath(path)
    found = []
    for line in tree.split(b"\0"):
        about, _, name = line.partition(b"\t")
        file = PurePosixPath(name.decode("utf-8", "surrogateescape"))
        kind = about.split(b" ")[1:3]
        if not kind or kind[0] != b"blob":
            continue
        if file == wanted or (wanted in file.parents and file.name.endswith(POLICY_SUFFIXES)):
            found.append((str(file), _git("cat-file", "blob", kind[1].decode())))
    if not found:
        raise SourceError(f"{revision}:{path}: no policy files in this revision")
    return sorted(found)


def _git(*words: str) -> bytes:
    """What git prints. Raises `SourceError`."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False)  # noqa: S607  # git as the user has it
    except OSError as error:
        raise SourceError(f"git cannot be run: {error.strerror or error}") from None
    if done.returncode:
        words_of_git = done.stderr.decode(errors="replace").strip()
        raise SourceError(f"git: {words_of_git or 'no such revision: ' + words[-1]}")
    return done.stdout
