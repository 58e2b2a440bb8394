"""Text to tree, with every syntax error that can be told apart.

The server stops at the first error. For people we go on at the next line that begins a `path`
block, so that one run shows all broken blocks, and the good ones are still read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from policy.diagnostics import Diagnostic, Severity
from policy.source import Source, Span
from policy.syntax.nodes import Document, FlawKind, Item, flaws
from policy.syntax.scan import (
    MAX_NESTING,
    NestingError,
    Scan,
    ScanError,
    UnexpectedTokenError,
)

if TYPE_CHECKING:
    from policy.model import Dialect
    from policy.syntax.builder import Root
    from policy.syntax.nodes import Flaw

__all__ = ["Parsed", "flaw_diagnostics", "parse", "parse_part"]

_MAX_ERRORS = 20
_BLOCK = re.compile(r"^[ \t]*path\b", re.MULTILINE)


class Parsed(NamedTuple):
    """A tree and what was found on the way. With an error among the findings the server refuses
    the text, and the tree holds what could be read all the same."""

    document: Document
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        """Whether the syntax holds."""
        return all(d.severity is not Severity.ERROR for d in self.diagnostics)


def parse(source: Source, dialect: Dialect) -> Parsed:
    """Parse a policy text in the form the server would choose for it, HCL or JSON.

    Never raises for what the text says: every problem is a diagnostic.
    """
    source = source.normalized
    parsed = _parse_json(source) if source.is_json else _parse_hcl(source)
    document, diagnostics = parsed
    return Parsed(document, (*diagnostics, *flaw_diagnostics(document, dialect)))


def parse_part(source: Source, start: int, end: int) -> Document | None:
    """The items of a part of an HCL text, if that part holds for itself; None if it does not."""
    scan = Scan(source.text, start, end)
    try:
        root = _run(scan, source)
    except _Refused:
        return None
    return _document(source, scan, root)


def flaw_diagnostics(document: Document, dialect: Dialect) -> list[Diagnostic]:
    """What there is to say about the flaws of a document."""
    source = document.source
    found = []
    said: set[FlawKind] = set()
    for flaw in sorted(flaws(document), key=lambda flaw: flaw.span):
        # Where one object ends early, those around it end at the tokens that follow: say it once.
        if flaw.kind not in said:
            found.append(_flaw(source, flaw, dialect))
        if flaw.kind in (FlawKind.LOST_REST, FlawKind.UNCLOSED_OBJECT):
            said.add(flaw.kind)
    if document.dangling is not None:
        found.append(
            Diagnostic(
                "dangling-assignment",
                Severity.WARNING,
                f"`{document.dangling.text} =` at the end has no value and is dropped",
                source,
                document.dangling.span,
                help="give it a value, or delete it",
            )
        )
    return found


def _document(source: Source, scan: Scan, root: Root) -> Document:
    return Document(
        source, root.items, (*root.flaws, *scan.flaws), tuple(scan.comments), root.dangling
    )


def _parse_json(source: Source) -> Parsed:
    try:
        root = _run(Scan(source.text), source)
    except _Refused as refused:
        return Parsed(Document(source, ()), (refused.diagnostic,))
    return Parsed(Document(source, root.items, root.flaws), ())


def _parse_hcl(source: Source) -> Parsed:
    whole = Scan(source.text)
    try:
        root = _run(whole, source)
    except _Refused as refused:
        return _recover(source, refused)
    return Parsed(_document(source, whole, root), ())


def _recover(source: Source, refused: _Refused) -> Parsed:
    """Read what is good around syntax errors, block by block."""
    text = source.text
    blocks = [match.start() for match in _BLOCK.finditer(text)]
    items: list[Item] = []
    diagnostics: list[Diagnostic] = []
    start = 0
    while True:
        diagnostics.append(refused.diagnostic)
        broken = bisect_right(blocks, refused.offset)
        if broken and blocks[broken - 1] > start:
            # If this breaks too, the break lies further up than where it showed.
            with suppress(_Refused):
                items += _run(Scan(text, start, blocks[broken - 1]), source).items
        if broken == len(blocks) or len(diagnostics) == _MAX_ERRORS:
            return Parsed(Document(source, tuple(items)), tuple(diagnostics))
        start = blocks[broken]
        try:
            items += _run(Scan(text, start), source).items
        except _Refused as again:
            refused = again
        else:
            return Parsed(Document(source, tuple(items)), tuple(diagnostics))


class _Refused(Exception):
    """The text is refused at `offset`."""

    def __init__(self, offset: int, diagnostic: Diagnostic) -> None:
        super().__init__(offset)
        self.offset = offset
        self.diagnostic = diagnostic


def _run(scan: Scan, source: Source) -> Root:
    """Parse what the scan covers. Raises `_Refused` at the first error."""
    # Lark is loaded by the first text that needs it: plain policies do not.
    from policy.syntax.grammar import parse_scan

    try:
        return parse_scan(scan, is_json=source.is_json)
    except NestingError as error:
        diagnostic = Diagnostic(
            "nesting-too-deep",
            Severity.ERROR,
            f"brackets nest deeper than {MAX_NESTING:,} levels, more than we follow",
            source,
            Span(error.offset, error.offset + 1),
        )
        raise _Refused(error.offset, diagnostic) from None
    except ScanError as error:
        from policy.syntax.messages import scan_error

        raise _Refused(error.offset, scan_error(source, error.offset)) from None
    except UnexpectedTokenError as error:
        from policy.syntax.messages import token_error

        diagnostic = token_error(source, scan, error)
        raise _Refused(max(diagnostic.span.start, scan.start), diagnostic) from None


def _flaw(source: Source, flaw: Flaw, dialect: Dialect) -> Diagnostic:
    kind, span = flaw
    quoted = source.text[span.start : min(span.end, span.start + 60)]
    severity = Severity.WARNING
    message = ""
    notes: tuple[str, ...] = ()
    help_text = None
    match kind:
        case FlawKind.LOST_BOOL:
            message = f"`{quoted}` in a JSON list is skipped: the list has no such element"
            notes = ("a list left empty by this allows any value",)
            help_text = "write the policy in HCL, which keeps booleans in lists"
        case FlawKind.LOST_BRACKET:
            message = "a `[` inside a JSON list is skipped, and the first `]` ends the whole list"
            help_text = "write the policy in HCL to nest lists"
        case FlawKind.LOST_MEMBER:
            message = f"`{quoted}` breaks off here and is dropped"
        case FlawKind.LOST_REST:
            message = f"`{quoted}` where a comma or `}}` should be: the object ends here"
            notes = ("everything the object still holds after this place is lost without an error",)
            if quoted.startswith('"'):
                help_text = "put a comma between the members"
        case FlawKind.UNCLOSED_OBJECT:
            message = "this object is never closed, and the server does not mind"
            help_text = "is the end of the text missing?"
        case FlawKind.REPEATED_ARGUMENT:
            message = f"`{quoted}` is assigned again in the same block"
            if dialect.refuses_repeated_arguments:
                severity = Severity.ERROR
                help_text = "say it once, with all its values"
            else:
                notes = ("Vault refuses this from version 1.21 on",)
        case FlawKind.SWALLOWED:
            if source.text.startswith('"', span.start):
                message = "a `${` in this string swallows everything up to the `}` that closes it"
                help_text = "nothing is interpolated here: write the string without `${`"
            else:
                message = "an exponent without digits swallows the character behind it"
                help_text = "finish the number, or put the text in quotes"
        case _:  # FlawKind.BROKEN_ITEM
            message = f"`{quoted}` breaks off before `}}`"
            if dialect.forgives_error_before_brace:
                notes = ("this server drops it; newer ones refuse the policy",)
            else:
                severity = Severity.ERROR
    return Diagnostic(str(kind), severity, message, source, span, notes=notes, help=help_text)
