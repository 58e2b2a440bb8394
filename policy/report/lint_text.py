"""What the linter found, for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from policy.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.lint import Finding

__all__ = ["finding_text", "lint_summary"]

_WIDTH = 80
_REMARK = "  = "
_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "remarks"}
_SINGULARS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}


def finding_text(finding: Finding) -> str:
    """One finding: place, phrase, underlined text, notes, and the fix if there is one."""
    lines = finding.diagnostic.render().split("\n")
    if finding.fix is not None:
        kind = "`--fix` does it" if finding.fix.is_safe else "`--fix --unsafe-fixes` does it"
        lines.append(f"  = fix: {finding.fix.message} ({kind})")
    return "\n".join(part for line in lines for part in _folded(line))


def _folded(line: str) -> list[str]:
    """Notes and the like in lines that fit on any terminal. The first line of a finding stays
    whole, for programs that look for places; so does the text that it shows."""
    if len(line) <= _WIDTH or not line.startswith(_REMARK):
        return [line]
    from textwrap import wrap

    return wrap(
        line,
        _WIDTH,
        subsequent_indent=" " * len("  = note: "),
        break_long_words=False,
        break_on_hyphens=False,
    )


def lint_summary(findings: Sequence[Finding], files: int, known: int, unreadable: int = 0) -> str:
    """The last line. `known` counts findings that a baseline left out, `unreadable` files that
    are not among `files`."""
    counts = Counter(finding.diagnostic.severity for finding in findings)
    words = ", ".join(_counted(counts)) or "nothing to say"
    rest = f"; {known} in the baseline" if known else ""
    rest += f"; {unreadable} unreadable" if unreadable else ""
    return f"{words} in {files} {'file' if files == 1 else 'files'}{rest}"


def _counted(counts: Counter[Severity]) -> Iterable[str]:
    for severity in Severity:
        count = counts[severity]
        if count:
            yield f"{count} {(_SINGULARS if count == 1 else _PLURALS)[severity]}"
