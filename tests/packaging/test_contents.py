"""What the distributions hold, and what they do not."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

from tests.packaging.conftest import CHECKOUT, build


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_brings_one_package_and_its_metadata_only(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names_in(wheel)}
    (metadata,) = tops - {"policy"}
    assert metadata.startswith("sudopath-")
    assert metadata.endswith(".dist-info")


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    wanted = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "policy").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "policy/py.typed" in wanted
    assert any(name.startswith("policy/catalog/") and name.endswith(".json") for name in wanted)
    assert wanted <= names_in(wheel)


def test_the_wheel_holds_the_grammar_inside_the_package(wheel: Path) -> None:
    grammars = {path.name for path in (CHECKOUT / "grammar").glob("*.lark")}
    assert grammars
    assert {f"policy/_grammar/{name}" for name in grammars} <= names_in(wheel)


def test_the_wheel_holds_the_licence(wheel: Path) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names_in(wheel))


def test_the_source_distribution_builds_the_same_wheel(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    into = tmp_path / "built"
    into.mkdir()
    again = build("wheel", source, into)
    assert again.name == wheel.name
    assert names_in(again) == names_in(wheel)


def test_the_source_distribution_holds_what_the_tests_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        path.relative_to(CHECKOUT).as_posix()
        for folder in ("fixtures", "grammar", "tests")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {".ci/run", "LICENSE", "Makefile", "README.md", "pyproject.toml"}
    assert wanted <= names
