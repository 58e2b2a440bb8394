"""A progress bar where somebody waits for many files in front of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.cli.output import Output

__all__ = ["shown"]

_T = TypeVar("_T")
_MANY: Final = 100


def shown(items: Sequence[_T], output: Output, word: str) -> Iterable[_T]:
    """The items, counted on standard error while somebody goes through them. Nothing else may be
    written meanwhile."""
    if len(items) < _MANY or not output.err.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, word, console=Console(file=output.err), transient=True)
