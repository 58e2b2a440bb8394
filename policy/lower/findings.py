"""Collects what is found while a text is compiled: every problem, not the first only."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from policy.diagnostics import Diagnostic, Severity
from policy.lower.decode import Rejected
from policy.source import Source, Span

__all__ = ["Findings"]

P = ParamSpec("P")
T = TypeVar("T")


class Findings:
    """The findings about one source, in the order they were made."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.errors = 0

    def error(self, code: str, message: str, span: Span, help_text: str | None = None) -> None:
        """Something the server refuses the whole policy for."""
        self.errors += 1
        self._add(code, Severity.ERROR, message, span, help_text)

    def warn(self, code: str, message: str, span: Span, help_text: str | None = None) -> None:
        """Something the server accepts that no author can have meant."""
        self._add(code, Severity.WARNING, message, span, help_text)

    def inform(self, code: str, message: str, span: Span) -> None:
        """Something worth knowing."""
        self._add(code, Severity.INFO, message, span, None)

    def attempt(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Take a step; when it is rejected, note why and give None."""
        try:
            return step(*args, **kwargs)
        except Rejected as rejected:
            self.error("invalid-value", rejected.message, rejected.span, rejected.help)
            return None

    def _add(
        self, code: str, severity: Severity, message: str, span: Span, help_text: str | None
    ) -> None:
        self.diagnostics.append(
            Diagnostic(code, severity, message, self.source, span, help=help_text)
        )
