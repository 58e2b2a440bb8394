"""The progress bar: only where somebody looks on, and never among the answers."""

from __future__ import annotations

import io
import sys

import pytest

from policy.cli.output import Output
from policy.cli.progress import shown

MANY = list(range(150))


class Terminal(io.StringIO):
    """Something that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("items", "is_terminal"), [(MANY, False), (MANY[:50], True)])
def test_nobody_waits(items: list[int], is_terminal: bool) -> None:
    err = Terminal() if is_terminal else io.StringIO()
    assert shown(items, Output(sys.stdout, err), "fmt") is items
    assert err.getvalue() == ""


def test_many_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    err = Terminal()
    assert list(shown(MANY, Output(sys.stdout, err), "fmt")) == MANY
    assert "fmt" in err.getvalue()
    assert capsys.readouterr().out == ""
