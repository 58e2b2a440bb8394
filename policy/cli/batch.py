"""Many requests in, many answers out, in order, in bounded memory."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from policy.cli.exit_codes import Exit
from policy.cli.inputs import standard_input
from policy.cli.output import json_line
from policy.errors import PolicyError, SourceError
from policy.evaluate import Outcome
from policy.inventory import read_request
from policy.report import decision_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from policy.cli.output import Output
    from policy.evaluate import ACL

__all__ = ["answer_all"]

_MAX_LINE_BYTES = 32 * 1024 * 1024
_SECONDS_BEFORE_PROGRESS = 1.0


def answer_all(acl: ACL, file: Path, output: Output) -> Exit:
    """Answer every line of a file. A line that is no request gets an answer that says so."""
    seen: set[Outcome | None] = set()
    with _opened(file) as (stream, size), _progress(size, output) as advance:
        for number, line in enumerate(_lines(stream), 1):
            if line.strip():
                answer, outcome = _answer(acl, line, number)
                seen.add(outcome)
                sys.stdout.buffer.write(json_line(answer))
                if size is None:  # who writes the requests may wait for the answers
                    sys.stdout.buffer.flush()
            advance(len(line))
    sys.stdout.buffer.flush()
    if not seen:
        raise SourceError(f"{file}: no requests in this file")
    if None in seen:
        return Exit.ERROR
    if Outcome.DENY in seen:
        return Exit.NO
    return Exit.UNDETERMINED if Outcome.UNDETERMINED in seen else Exit.YES


def _answer(acl: ACL, line: bytes, number: int) -> tuple[dict[str, Any], Outcome | None]:
    answer: dict[str, Any] = {"line": number}
    try:
        asked = read_request(line, f"line {number}")
        if asked.id is not None:
            answer["id"] = asked.id
        decision = acl.decide(asked.request())
    except PolicyError as error:
        answer |= {"outcome": None, "error": str(error)}
        return answer, None
    return answer | decision_report(decision), decision.outcome


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(_MAX_LINE_BYTES):
        yield line


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    if str(file) == "-":
        yield standard_input(), None
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None
    with stream:
        yield stream, file.stat().st_size


@contextmanager
def _progress(size: int | None, output: Output) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, once the work takes longer than a second, on a terminal only."""
    if not output.err.isatty():
        yield lambda _: None
        return
    started = time.monotonic()
    done = 0
    bar: Any = None

    def advance(amount: int) -> None:
        nonlocal bar, done
        done += amount
        if bar is None and time.monotonic() - started > _SECONDS_BEFORE_PROGRESS:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(file=output.err), transient=True)
            bar.add_task("deciding", total=size)
            bar.start()
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()
