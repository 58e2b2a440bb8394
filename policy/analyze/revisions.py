"""Policies as they stand in a git revision: `main:policies/`, `HEAD~1:ops.hcl`."""

from __future__ import annotations

import subprocess
from os.path import normpath
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, SourceError
from policy.lower import compile_policy
from policy.policies import PolicySet, is_policy_file, load, policy_name
from policy.source import Source

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic
    from policy.model import Dialect

__all__ = ["load_revision"]

_LINK = "120000"
_SUBMODULE = "160000"
"""Modes in a tree of git."""


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
    entries = [line.partition(b"\t")[::2] for line in tree.split(b"\0") if line]
    files = [PurePosixPath(name.decode("utf-8", "surrogateescape")) for _, name in entries]
    folders = {str(parent) for file in files for parent in file.parents}
    found = []
    for (about, _), file in zip(entries, files, strict=True):
        if file != wanted and wanted not in file.parents:
            continue
        mode, _, object_id = about.decode().split(" ")
        is_policy = file == wanted or is_policy_file(file.relative_to(wanted))
        if mode == _SUBMODULE:
            raise SourceError(f"{revision}:{file}: a submodule, which is not followed here")
        if mode == _LINK:
            target = _git("cat-file", "blob", object_id).decode("utf-8", "surrogateescape")
            leads_to = normpath(file.parent / target)
            # On disk it is followed: without it the policies would seem to be others.
            if is_policy or leads_to in folders or leads_to.startswith(("/", "..")):
                raise SourceError(f"{revision}:{file}: a link, which is not followed here")
        elif is_policy:
            found.append((str(file), _git("cat-file", "blob", object_id)))
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
