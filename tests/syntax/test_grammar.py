"""The grammar files: found, complete, described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy.syntax.builder import Builder
from policy.syntax.grammar import grammar_text
from policy.syntax.scan import UnexpectedTokenError

FOLDER = Path(__file__).parents[2] / "grammar"


@pytest.mark.parametrize("name", ["hcl", "json"])
def test_the_grammar_is_that_of_the_checkout(name: str) -> None:
    assert grammar_text(name) == (FOLDER / f"{name}.lark").read_text(encoding="utf-8")


def test_an_installed_package_brings_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_grammar").mkdir()
    (tmp_path / "_grammar" / "hcl.lark").write_text("start: packaged")
    monkeypatch.setattr("policy.syntax.grammar.files", lambda _: tmp_path)
    assert grammar_text("hcl") == "start: packaged"


@pytest.mark.parametrize("name", ["hcl", "json"])
def test_every_terminal_has_a_line(name: str) -> None:
    described = set(re.findall(r"`([A-Z_]+)`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    terminals = set(re.findall(r"^([A-Z_]+)(?:\.\d+)?:", grammar_text(name), re.MULTILINE))
    assert terminals
    assert terminals <= described


@pytest.mark.parametrize("name", ["hcl", "json"])
def test_every_alternative_has_a_method(name: str) -> None:
    aliases = set(re.findall(r"-> (\w+)", grammar_text(name)))
    assert aliases
    assert [alias for alias in aliases if not callable(getattr(Builder, alias, None))] == []


def test_every_method_has_an_alternative() -> None:
    names = set(
        re.findall(r"-> (\w+)|^(\w+):", grammar_text("hcl") + grammar_text("json"), re.MULTILINE)
    )
    flat = {name for pair in names for name in pair}
    own = {name for name in vars(Builder) if not name.startswith("_")}
    assert own <= flat


def test_an_error_can_be_printed() -> None:
    from lark import Token

    assert "x" in str(UnexpectedTokenError(Token("IDENT", "x"), set(), []))
