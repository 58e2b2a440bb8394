"""The names users import: few, sorted, all there, and cheap to import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import policy

BORDERS = ("pydantic", "rich", "starlette", "uvicorn", "hypothesis", "httpx")


def test_the_names_are_sorted_and_each_stands_once() -> None:
    names = policy.__all__
    assert len(names) == len(set(names))
    kinds = [(not name.isupper(), not name[0].isupper(), name) for name in names]
    assert kinds == sorted(kinds), "constants first, then types, then functions"


def test_nothing_else_is_on_offer() -> None:
    for name in policy.__all__:
        getattr(policy, name)
    public = {
        name
        for name, value in vars(policy).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public - {"TYPE_CHECKING", "annotations"} == set(policy.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(policy, "nonsense")  # noqa: B009  (a type checker would refuse the short form)


def test_the_list_is_short_enough_to_remember() -> None:
    assert len(policy.__all__) <= 40


@pytest.mark.parametrize("name", policy.__all__)
def test_every_class_and_function_is_documented(name: str) -> None:
    value = getattr(policy, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value), f"{name} has no docstring"


def test_the_engine_loads_no_border_library() -> None:
    code = (
        "import sys, policy\n"
        "policy.parse('path \"a\" {}').name, [getattr(policy, name) for name in policy.__all__]\n"
        f"print(*[name for name in {BORDERS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
