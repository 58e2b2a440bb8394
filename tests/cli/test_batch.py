"""`sudopath check --requests`: many requests in, as many answers out, in order."""

from __future__ import annotations

import contextlib
import os
import tracemalloc
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from policy import Token, load
from policy.cli.batch import _progress, answer_all
from policy.cli.exit_codes import Exit
from policy.cli.output import Output
from policy.report.schemas import SCHEMAS
from tests.cli.conftest import Done, Run

SHAPE: TypeAdapter[Any] = TypeAdapter(SCHEMAS["answer"])
ALLOWED: dict[str, Any] = {"operation": "read", "path": "secret/a"}
DENIED: dict[str, Any] = {"operation": "delete", "path": "secret/a"}
OPEN: dict[str, Any] = {"operation": "write", "path": "kv/a"}
LINE = "check -p policies -t dev --requests"


def asked(run: Run, *requests: dict[str, Any] | bytes) -> Done:
    lines = [r if isinstance(r, bytes) else orjson.dumps(r) for r in requests]
    return run(f"{LINE} -", stdin=b"\n".join(lines) + b"\n")


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([ALLOWED], 0),
        ([ALLOWED, ALLOWED], 0),
        ([ALLOWED, DENIED], 1),
        ([ALLOWED, OPEN], 3),
        ([OPEN, DENIED, ALLOWED], 1),
        ([DENIED, b"{", OPEN], 2),
        ([b"nonsense"], 2),
    ],
)
def test_exit_codes(run: Run, requests: list[Any], code: int) -> None:
    done = asked(run, *requests)
    assert done.code == code
    assert len(done.lines) == len(requests)
    assert done.err == ""


def test_answers_have_the_published_shape_and_the_line(run: Run) -> None:
    named = {**ALLOWED, "id": "a"}, {**ALLOWED, "operation": "fly", "id": 2}
    for number, answer in enumerate(asked(run, DENIED, OPEN, *named, b"{").lines, 1):
        assert answer["line"] == number
        SHAPE.validate_python(answer, strict=True)


def test_ids_come_back_and_order_is_kept(run: Run) -> None:
    requests = [{**ALLOWED, "id": at if at % 2 else f"r{at}"} for at in range(500)]
    answers = asked(run, *requests).lines
    assert [answer["id"] for answer in answers] == [request["id"] for request in requests]
    assert [answer["line"] for answer in answers] == list(range(1, 501))
    assert "id" not in asked(run, ALLOWED).lines[0]


def test_lines_that_are_no_requests_hide_none_of_the_others(run: Run) -> None:
    done = asked(
        run,
        ALLOWED,
        b"{",
        b"",
        b"   ",
        b"\xff\xfe",
        b"[1, 2]",
        b"[" * 100_000,
        {"operation": "fly", "path": "a", "id": 7},
        {"operation": "read"},
        {**ALLOWED, "data": 5},
        DENIED,
    )
    answers = done.lines
    # Empty lines get no answer, and count as lines.
    assert [answer["line"] for answer in answers] == [1, 2, 5, 6, 7, 8, 9, 10, 11]
    outcomes = [answer["outcome"] for answer in answers]
    assert outcomes == ["allow", *[None] * 7, "deny"]
    errors = [answer["error"] for answer in answers if answer["outcome"] is None]
    assert errors[0].startswith("line 2: not JSON")
    assert errors[4].startswith("unknown operation `fly`")
    assert answers[5]["id"] == 7
    assert "give `operation` and `path`" in errors[5]
    assert done.code == 2


def test_by_method(run: Run) -> None:
    request = {"method": "GET", "target": "/v1/secret/a?list=true"}
    (answer,) = asked(run, request).lines
    assert (answer["operation"], answer["outcome"]) == ("list", "allow")


def test_paths_that_are_not_utf_8(run: Run) -> None:
    (answer,) = asked(run, {"method": "GET", "target": "/v1/secret/%ff"}).lines
    assert (answer["path"], answer["outcome"]) == ("secret/�", "allow")


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_ends_of_lines(run: Run, end: bytes) -> None:
    done = run(f"{LINE} -", stdin=orjson.dumps(ALLOWED) + end)
    assert (done.code, len(done.lines)) == (0, 1)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \n"])
def test_nothing_asked_is_no_success(run: Run, data: bytes) -> None:
    done = run(f"{LINE} -", stdin=data)
    assert (done.code, done.out) == (2, "")
    assert done.err == "sudopath: -: no requests in this file\n"


def test_from_a_file(run: Run) -> None:
    Path("requests.jsonl").write_bytes(orjson.dumps(ALLOWED) + b"\n" + orjson.dumps(DENIED))
    assert len(run(f"{LINE} requests.jsonl").lines) == 2
    assert "none.jsonl: No such file" in run(f"{LINE} none.jsonl").err
    assert "policies: Is a directory" in run(f"{LINE} policies").err


class Terminal:
    """A standard error that is one."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.written: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


def test_progress_is_shown_on_a_terminal_and_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    output = Output(terminal, terminal)  # type: ignore[arg-type]  # as much of one as is needed
    with _progress(10, output) as advance:
        advance(5)
    assert terminal.written == []
    monkeypatch.setattr("policy.cli.batch._SECONDS_BEFORE_PROGRESS", -1.0)
    for size in (10, None):
        with _progress(size, output) as advance:
            advance(5)
            advance(5)
    assert "deciding" in "".join(terminal.written)


def test_memory_is_bounded(folder: Path) -> None:
    requests = ({**ALLOWED, "path": f"secret/{at}/{'x' * 1000}"} for at in range(3_000))
    Path("many.jsonl").write_bytes(b"\n".join(map(orjson.dumps, requests)))
    acl = load("policies").acl(Token(["dev"]))
    with Path(os.devnull).open("w") as sink, contextlib.redirect_stdout(sink):
        tracemalloc.start()
        try:
            code = answer_all(acl, Path("many.jsonl"), Output(sink, sink))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert code is Exit.YES
    assert peak < 1_500_000, "the file has three million bytes"
