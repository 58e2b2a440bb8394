"""The published schemas are those of the code."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from policy.cli.main import main
from policy.report.schemas import SCHEMAS, schema

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_published(name: str) -> None:
    published = orjson.loads((FOLDER / f"{name}.json").read_bytes())
    assert published == schema(name), f"write it anew: sudopath schema {name}"
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_no_other_schema_is_published() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(SCHEMAS)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in SCHEMAS)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_command_prints_the_published_file(
    name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["schema", name]) == 0
    assert capsysbinary.readouterr().out == (FOLDER / f"{name}.json").read_bytes()
