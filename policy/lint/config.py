"""`sudopath.toml`, or `[tool.sudopath]` in `pyproject.toml`.

    [lint]
    level = "pedantic"
    ignore = ["sudo-without-effect"]
    severity = { glob-covers-more = "error" }
    baseline = "lint-baseline.json"
    dialect = "openbao-2.7"
    mounts = "mounts.json"

    [lint.per-file-ignores]
    "legacy/*.hcl" = ["refused"]

In `pyproject.toml` the tables are `[tool.sudopath.lint]` and so on. Paths are relative to the
file. What the command line says counts more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from policy.diagnostics import Severity
from policy.errors import SourceError, UsageError
from policy.lint.findings import Level
from policy.lint.registry import find_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Config", "find_config", "read_config"]

_Word = TypeVar("_Word", Level, Severity)
_KEYS = (
    *("baseline", "dialect", "ignore", "level", "mounts", "per-file-ignores", "select"),
    "severity",
)


@dataclass(frozen=True)
class Config:
    """What the file says. Rules are named by id, paths are found from the working directory."""

    level: Level | None = None
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    per_file_ignores: Mapping[str, frozenset[str]] = field(default_factory=dict)
    baseline: Path | None = None
    dialect: str | None = None
    mounts: Path | None = None
    folder: Path = Path()

    def ignored_in(self, file: str) -> frozenset[str]:
        """The rules that are ignored in a file."""
        try:
            name = Path(file).resolve().relative_to(self.folder.resolve()).as_posix()
        except ValueError:
            name = Path(file).as_posix()
        found = [ids for glob, ids in self.per_file_ignores.items() if fnmatchcase(name, glob)]
        return frozenset().union(*found)


def find_config(start: Path) -> Path | None:
    """The nearest configuration in a folder or above it."""
    folder = start.resolve()
    for each in (folder, *folder.parents):
        own = each / "sudopath.toml"
        if own.is_file():
            return own
        project = each / "pyproject.toml"
        if project.is_file() and "tool.sudopath" in _text(project):
            return project
    return None


def read_config(file: Path) -> Config:
    """Read a configuration.

    Raises `SourceError` when it cannot be read and `UsageError` for anything in it that is not
    understood: a misspelt key must not quietly do nothing.
    """
    import tomllib

    try:
        data = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: {error}") from None
    own: Mapping[str, object] = data
    if file.name == "pyproject.toml":
        own = _table(_table(data, "tool", file), "sudopath", file)
    for key in own:
        if key != "lint":
            raise UsageError(f"{file}: unknown table `{key}`; there is only `lint`")
    table = _table(own, "lint", file)
    for key in table:
        if key not in _KEYS:
            raise UsageError(f"{file}: unknown key `{key}` in `lint`; known are {', '.join(_KEYS)}")
    return Config(
        level=_choice(Level, table.get("level"), "level", file),
        select=_ids(table.get("select", []), "select", file),
        ignore=_ids(table.get("ignore", []), "ignore", file),
        severity=_severities(table.get("severity", {}), file),
        per_file_ignores={
            glob: _ids(names, "per-file-ignores", file)
            for glob, names in _table(table, "per-file-ignores", file).items()
        },
        baseline=_path(table.get("baseline"), "baseline", file),
        dialect=_string(table.get("dialect"), "dialect", file),
        mounts=_path(table.get("mounts"), "mounts", file),
        folder=file.parent,
    )


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SourceError(f"{file}: not UTF-8") from None


def _table(table: Mapping[str, object], key: str, file: Path) -> Mapping[str, object]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise UsageError(f"{file}: `{key}` must be a table")
    return value


def _severities(value: object, file: Path) -> dict[str, Severity]:
    table = _table({"severity": value}, "severity", file)
    found = {}
    for name, word in table.items():
        severity = _choice(Severity, word, "severity", file)
        if severity is not None:
            found[find_rule(name).id] = severity
    return found


def _ids(value: object, key: str, file: Path) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise UsageError(f"{file}: `{key}` must be a list of names of rules")
    return _named(value)


def _named(names: Iterable[str]) -> frozenset[str]:
    return frozenset(find_rule(name).id for name in names)


def _string(value: object, key: str, file: Path) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise UsageError(f"{file}: `{key}` must be a string")


def _path(value: object, key: str, file: Path) -> Path | None:
    text = _string(value, key, file)
    return None if text is None else file.parent / text


def _choice(kind: type[_Word], value: object, key: str, file: Path) -> _Word | None:
    if value is None:
        return None
    try:
        return kind(str(value))
    except ValueError:
        known = ", ".join(kind)
        raise UsageError(f"{file}: `{key}` must be one of {known}, not `{value}`") from None
