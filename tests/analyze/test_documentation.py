"""The example in `docs/analysis.md` runs, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text("utf-8")


def test_the_library_example(capsys: Any) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    exec(compile(code, "analysis.md", "exec"), {})  # noqa: S102  (our own page)
    said = re.findall(r"# (.+)", code)
    assert capsys.readouterr().out.splitlines() == said


def test_the_picture_is_true() -> None:
    import policy
    from policy.analyze.partition import Lookup, Partition
    from policy.analyze.path_map import find

    text = re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)[0]
    policies = policy.PolicySet([policy.parse(text, "p")])
    partition = Partition(policies.acl(policy.Token(["p"])))
    node = partition.node(Lookup.PLAIN)
    for path, rule in (("a/x/c", "a/+/c"), ("a/b", "a/b"), ("a/b/c/d", "a/*"), ("a/b/c", "a/+/c")):
        grant = partition.cells[find(node, path)].grant
        assert grant is not None
        assert str(grant.pattern) == rule
    assert "a" not in partition.allowed(policy.Operation.READ)
