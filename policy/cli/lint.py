"""`sudopath lint`: mistakes in policies, where they stand, and what to do about them."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy.cli.exit_codes import Exit
from policy.cli.files import read_file, write_file
from policy.cli.inputs import named_sources
from policy.cli.over_files import add_files_command
from policy.cli.progress import shown
from policy.diagnostics import Severity
from policy.errors import PolicyError, SourceError
from policy.model import DEFAULT_DIALECT, DIALECTS, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.cli.output import Output
    from policy.lint import Config, Finding, Project, Selection

__all__ = ["add_command"]

_DESCRIPTION = """\
Find mistakes in policies: rules that never win, `sudo` that is missing or does nothing, paths that
nobody has, words the endpoint does not know, and more. `sudopath explain` lists the rules.
"""
_EXAMPLES = """\
examples:
  sudopath lint policies/
  sudopath lint policies/ --level audit --mounts mounts.json
  sudopath lint policies/ --format sarif > lint.sarif
  sudopath lint policies/ --write-baseline lint-baseline.json
  sudopath lint policies/ --fix

in a policy:
  # sudopath: ignore[sudo-by-wildcard] the break-glass policy is meant to be wide

exit codes: 0 nothing to complain about, 1 findings, 2 some files could not be read
"""
_FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")
_RANK: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


def add_command(commands: Any) -> None:
    """Add `lint` to the command line."""
    parser = add_files_command(
        commands,
        "lint",
        about="mistakes in policies, and what to do about them",
        description=_DESCRIPTION,
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "--level",
        choices=("regular", "pedantic", "audit"),
        help="how much to hear (default: regular)",
    )
    _add_lists(parser)
    parser.add_argument(
        "--dialect",
        choices=tuple(DIALECTS),
        help=f"the server that decides (default: {DEFAULT_DIALECT.name})",
    )
    parser.add_argument("--mounts", type=Path, metavar="FILE", help="JSON: what is mounted where")
    parser.add_argument(
        "--inventory", type=Path, metavar="FILE", help="JSON: who holds the policies"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="default: sudopath.toml here or above"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="leave these findings out")
    parser.add_argument(
        "--write-baseline", type=Path, metavar="FILE", help="make all findings known, and stop"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "info"),
        default="warning",
        help="the least severity that makes the exit code 1 (default: warning)",
    )
    parser.add_argument(
        "--fix", action="store_true", help="apply fixes that are proved to change no decision"
    )
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="with --fix or --diff: the others as well"
    )
    parser.add_argument("--diff", action="store_true", help="show what --fix would change")
    parser.set_defaults(run=_run)


def _add_lists(parser: argparse.ArgumentParser) -> None:
    for option, text in (
        ("--select", "only these rules, at any level"),
        ("--ignore", "all but these rules"),
    ):
        parser.add_argument(option, action="append", default=[], metavar="RULE[,RULE…]", help=text)


def _run(options: argparse.Namespace, output: Output) -> Exit:
    from policy.lint import find_config, lint, read_config
    from policy.lint.config import Config

    file = options.config or find_config(Path.cwd())
    config = Config() if file is None else read_config(file)
    project = _project(options, config)
    unreadable: list[str] = []
    for name, source in named_sources(options.paths):
        if isinstance(source, PolicyError):
            unreadable.append(str(source))
            output.problem(str(source))
        else:
            project.add(name, source, _given_name(name, source.name))
    if not project.files and not unreadable:
        raise SourceError("no policies were given")
    selection = _selection(options, config)
    findings = list(lint(project, selection, shown(project.files, output, "lint")))
    if options.write_baseline is not None:
        from policy.lint.baseline import baseline_text

        write_file(options.write_baseline, baseline_text(findings).encode())
        output.note(f"{len(findings)} findings are known from now on")
        return Exit.ERROR if unreadable else Exit.YES
    if options.fix or options.diff:
        findings = _fixed(project, selection, findings, options, output)
        if options.diff:
            return Exit.ERROR if unreadable else Exit.YES
    everything = len(findings)
    findings = _unknown(findings, options.baseline or config.baseline)
    _report(findings, everything - len(findings), project, unreadable, options, output)
    if unreadable:
        return Exit.ERROR
    least = _RANK[Severity(options.fail_on)]
    fails = any(_RANK[finding.diagnostic.severity] >= least for finding in findings)
    return Exit.NO if fails else Exit.YES


def _project(options: argparse.Namespace, config: Config) -> Project:
    from policy.catalog import MountTable
    from policy.lint import Project

    dialect = Dialect.named(options.dialect or config.dialect or DEFAULT_DIALECT)
    file = options.mounts or config.mounts
    mounts = MountTable.default()
    inventory = inventory_source = None
    if options.inventory is not None:
        from policy.analyze.inventory import read_inventory
        from policy.source import Source

        data, name = read_file(options.inventory), str(options.inventory)
        inventory = read_inventory(data, name)
        inventory_source = Source.of(data, name)
        mounts = inventory.mounts
    if file is not None:
        from policy.inventory import read_mounts

        mounts = read_mounts(read_file(file), str(file))
    return Project(
        dialect,
        mounts,
        mounts_given=mounts != MountTable.default(),
        now=time.time(),
        inventory=inventory,
        inventory_source=inventory_source,
        is_whole=any(Path(given).is_dir() for given in options.paths),
    )


def _selection(options: argparse.Namespace, config: Config) -> Selection:
    from policy.lint import Level, Selection, find_rule

    def ids(groups: list[str]) -> frozenset[str]:
        names = [name for group in groups for name in group.split(",") if name.strip()]
        return frozenset(find_rule(name).id for name in names)

    level = Level(options.level) if options.level else config.level or Level.REGULAR
    return Selection(
        level,
        ids(options.select) or config.select,
        ids(options.ignore) | config.ignore,
        config.severity,
        config.ignored_in,
    )


def _given_name(name: str, file: str) -> str:
    """The name of a policy as its file has it: the server's is in lower case."""
    written = Path(file).name[: len(name)]
    return written if written.lower() == name else name


def _unknown(findings: list[Finding], file: Path | None) -> list[Finding]:
    if file is None:
        return findings
    from policy.lint.baseline import read_baseline

    known = read_baseline(read_file(file), str(file))
    return [finding for finding in findings if finding.fingerprint not in known]


def _fixed(
    project: Project,
    selection: Selection,
    findings: list[Finding],
    options: argparse.Namespace,
    output: Output,
) -> list[Finding]:
    """Apply or show the fixes; what is left to say afterwards."""
    from policy.lint import lint
    from policy.lint.fixes import fixed
    from policy.source import Source

    count = 0
    for file in list(project.files):
        own = [f for f in findings if f.diagnostic.source is file.source]
        result = fixed(file, own, unsafe=options.unsafe_fixes)
        if not result.applied:
            continue
        count += len(result.applied)
        if options.diff:
            for line in _diff(file.original.text, result.text, file.original.name):
                output.line(line)
            continue
        if file.original.name == "<stdin>":
            raise SourceError("standard input cannot be fixed in place; use --diff")
        write_file(Path(file.original.name), result.text.encode("utf-8", "surrogateescape"))
        project.replace(file, Source.of(result.text, file.original.name))
    if options.diff:
        return findings
    output.note(f"{count} fixed")
    return list(lint(project, selection))


def _diff(old: str, new: str, name: str) -> Iterator[str]:
    from difflib import unified_diff

    lines = unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="")
    yield from lines


def _report(
    findings: Sequence[Finding],
    known: int,
    project: Project,
    unreadable: list[str],
    options: argparse.Namespace,
    output: Output,
) -> None:
    match options.format:
        case "text":
            from policy.report.lint_text import finding_text, lint_summary

            for finding in findings:
                output.line(finding_text(finding))
                output.line()
            output.line(lint_summary(findings, len(project.files), known, len(unreadable)))
        case "json":
            from policy.report.lint_json import lint_report

            report = lint_report(findings, project.dialect, len(project.files), unreadable)
            output.json(dict(report), pretty=False)
        case "sarif":
            from policy.report.sarif import sarif_report

            output.json(sarif_report(findings, _version(), unreadable), pretty=True)
        case "github":
            from policy.report.github import github_annotation

            for finding in findings:
                print(github_annotation(finding), file=output.out)
        case "gitlab":
            from policy.report.gitlab import gitlab_report

            output.json([dict(each) for each in gitlab_report(findings)], pretty=True)
        case "junit":
            from policy.report.junit import junit_report

            names = [file.source.name for file in project.files]
            print(junit_report(findings, names, unreadable), end="", file=output.out)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    with suppress(PackageNotFoundError):
        return version("sudopath")
    return "0.0.0"
