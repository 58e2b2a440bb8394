"""Texts to lint, and the notes in them that say what is to be found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from policy.analyze.inventory import Holder, HolderKind, Inventory, read_inventory
from policy.catalog import MountTable
from policy.lint import Finding, Level, Project, Selection, lint
from policy.model import DEFAULT_DIALECT, Dialect, Token
from policy.source import Source

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "lint"
NOW = 1_800_000_000.0

_NOTE = re.compile(
    r"\s*# (?P<key>dialect|held|held-with|inventory|mounts|name|rule): (?P<value>.*?)(?: -- .*)?"
)
_EXPECTED = re.compile(r"expect: (.*)")


def notes(text: str) -> dict[str, str]:
    """What the comments say about the world."""
    found = (_NOTE.fullmatch(line) for line in text.splitlines())
    return {match["key"]: match["value"] for match in found if match is not None}


def expected(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, rule, severity and level of every finding that the comments announce."""
    for number, line in enumerate(text.splitlines(), 1):
        match = _EXPECTED.search(line)
        if match is not None:
            for each in match[1].split(","):
                rule, severity, level = each.split()
                yield number, rule, severity, level


def project_of(text: str, file: str = "policies/fixture.hcl") -> Project:
    """The world that the comments of a text describe, with the text in it."""
    said = notes(text)
    pairs = dict(pair.split("=") for pair in said.get("mounts", "").split())
    held = [] if said.get("held") == "no" else ["fixture"]
    token = Token([*held, "other"])
    holders = (Holder(HolderKind.TOKEN, "somebody", token),)
    inventory = Inventory(holders) if {"held", "held-with"} & said.keys() else None
    inventory_source = None
    if "inventory" in said:
        inventory = read_inventory(said["inventory"].encode(), "inventory.json")
        # On the line of the note, so that what is found there can be expected there.
        above = "\n" * text[: text.index("# inventory:")].count("\n")
        inventory_source = Source.of(above + said["inventory"], "inventory.json")
    project = Project(
        Dialect.named(said.get("dialect", DEFAULT_DIALECT.name)),
        MountTable.default().with_mounts(pairs),
        mounts_given=bool(pairs),
        now=NOW,
        inventory=inventory,
        inventory_source=inventory_source,
        is_whole=True,
    )
    names = [name.strip() for name in said.get("name", "fixture").split(",")]
    for number, name in enumerate(names):
        source = Source.of(text, file if number == 0 else f"policies/other{number}.hcl")
        project.add(name.lower(), source, name)
    if "held-with" in said:
        project.add("other", Source.of(said["held-with"], "policies/other.hcl"))
    return project


def found_in(text: str, level: Level = Level.AUDIT) -> list[Finding]:
    """The findings in a text: those of its first file."""
    project = project_of(text)
    files = project.files[:1]
    return list(lint(project, Selection(level), files))


def line_of(finding: Finding) -> int:
    """The line a finding begins on."""
    return finding.diagnostic.source.position(finding.diagnostic.span.start).line
