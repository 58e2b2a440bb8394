"""Runs the rules over the files of a project. What is wrong with one file hides no other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy.analyze import AnalysisLimitError
from policy.diagnostics import Diagnostic, Severity
from policy.lint.findings import Confidence, Finding, Level, Problem
from policy.lint.fingerprint import fingerprint
from policy.lint.registry import all_rules, find_rule
from policy.lint.rule import FileRule, InventoryRule
from policy.lint.suppression import ignores
from policy.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policy.lint.attachments import InventoryText
    from policy.lint.rule import Rule
    from policy.lint.target import PolicyFile, Project

__all__ = ["Selection", "lint"]

_NO_RULES: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Selection:
    """Which rules run, by id, and what is changed about them.

    `only` and `without` are ids; an empty `only` is all. A rule that is named in `only` runs
    whatever its level.
    """

    level: Level = Level.REGULAR
    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    ignored_in: Callable[[str], frozenset[str]] = lambda _: _NO_RULES
    """Ids of rules that are ignored in the file of a name."""

    def runs(self, rule: Rule) -> bool:
        """Whether a rule may say something; single findings can still be of a higher level."""
        if rule.id in self.without or (self.only and rule.id not in self.only):
            return False
        return rule.id in self.only or self.level.includes(rule.level)

    def shows(self, rule: Rule, level: Level) -> bool:
        """Whether a finding of that level is shown."""
        return rule.id in self.only or self.level.includes(level)


def lint(
    project: Project, selection: Selection, files: Iterable[PolicyFile] | None = None
) -> Iterator[Finding]:
    """All findings of all files, or of some: files in their order, findings in that of the text.
    Those of the inventory come last."""
    for file in project.files if files is None else files:
        yield from sorted(_of_file(file, selection), key=lambda f: f.diagnostic.sort_key)
    if project.inventory_text is not None:
        found = _of_inventory(project.inventory_text, selection)
        yield from sorted(found, key=lambda f: f.diagnostic.sort_key)


def _of_inventory(text: InventoryText, selection: Selection) -> Iterator[Finding]:
    ignored = selection.ignored_in(text.source.name)
    seen: Counter[str] = Counter()
    for each in all_rules():
        if not isinstance(each, InventoryRule) or each.id in ignored or not selection.runs(each):
            continue
        for problem in each.check(text):
            yield _finding(text, each, problem, selection, seen)


def _of_file(file: PolicyFile, selection: Selection) -> list[Finding]:
    ignored = selection.ignored_in(file.source.name)
    rules = [
        each
        for each in all_rules()
        if isinstance(each, FileRule)
        and selection.runs(each)
        and each.id not in ignored
        and each.judges(file)
    ]
    seen: Counter[str] = Counter()
    findings = [
        _finding(file, each, problem, selection, seen)
        for each in rules
        for problem in _problems(file, each)
        if selection.shows(each, problem.level or each.level)
    ]
    return _after_ignores(file, findings, {each.id for each in rules}, selection, seen)


def _problems(file: PolicyFile, rule: FileRule) -> Iterable[Problem]:
    try:
        found = list(rule.check(file))
    except AnalysisLimitError as error:
        return [
            Problem(
                f"could not be checked for `{rule.id}`: {error}",
                Span(0, 0),
                severity=Severity.INFO,
                level=Level.PEDANTIC,
                code="not-checked",
            )
        ]
    # In a refused text no fix can be proved.
    return found if file.compiled.policy is not None else [p._replace(fix=None) for p in found]


def _finding(
    file: PolicyFile | InventoryText,
    rule: Rule,
    problem: Problem,
    selection: Selection,
    seen: Counter[str],
) -> Finding:
    severity = selection.severities.get(rule.id) or problem.severity or rule.severity
    code = problem.code or rule.id
    diagnostic = Diagnostic(
        code,
        severity,
        problem.message,
        file.source,
        problem.span,
        problem.labels,
        problem.notes,
        problem.help,
    )
    return Finding(
        rule.id,
        rule.alias,
        diagnostic,
        problem.confidence or rule.confidence,
        problem.level or rule.level,
        file.name,
        fingerprint(file, code, problem, seen),
        problem.fix,
    )


def _after_ignores(
    file: PolicyFile,
    findings: list[Finding],
    active: set[str],
    selection: Selection,
    seen: Counter[str],
) -> list[Finding]:
    """Without what comments in the file ignore, and with the comments that ignore nothing."""
    if "sudopath:" not in file.source.text:
        return findings
    found = list(ignores(file.document))
    kept = [f for f in findings if not any(ignore.covers(f) for ignore in found)]
    unused = find_rule("unused-ignore")
    if unused.id not in active:
        return kept
    codes = {f.diagnostic.code: f.rule for f in findings}
    for ignore in found:
        if any(ignore.covers(f) for f in findings):
            continue
        problem = _unused(ignore.name, ignore.span, active, codes)
        if problem is not None:
            kept.append(_finding(file, unused, problem, selection, seen))
    return kept


def _unused(name: str, span: Span, active: set[str], codes: Mapping[str, str]) -> Problem | None:
    by_name = {n: r.id for r in all_rules() for n in (r.id, r.alias.lower())}
    rule = by_name.get(name.lower()) or codes.get(name)
    if rule is None:
        return Problem(
            f"there is no rule `{name}` to ignore",
            span,
            help="`sudopath explain` lists the rules",
            confidence=Confidence.CERTAIN,
        )
    # A rule that did not run may well have something to say here.
    if rule not in active:
        return None
    return Problem(f"`{name}` finds nothing here", span, help="delete it from the comment")
