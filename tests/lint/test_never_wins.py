"""`rule-never-wins` and `deny-never-wins` beside the plain way: trying all short paths."""

from __future__ import annotations

import random
from itertools import product

import pytest

from policy.lint import Level, PolicyFile, Selection, lint
from policy.model import DIALECTS, Operation, Request
from tests.lint.world import project_of

_RULES = frozenset({"deny-never-wins", "rule-never-wins"})
_WORDS = ('["deny"]', '["read"]', '["list"]', '["read", "list", "create", "update"]')
_PATHS = ["/".join(parts) for n in (1, 2, 3) for parts in product(("a", "b", "z"), repeat=n)]


def some_policy(rng: random.Random) -> str:
    """Blocks whose patterns meet often, each pattern once."""
    patterns = set()
    for _ in range(rng.randint(3, 7)):
        path = "/".join(rng.choice(("a", "b", "+", "+")) for _ in range(rng.randint(1, 2)))
        patterns.add(path + rng.choice(("", "/*", "/*")))
    return "".join(
        f'path "{path}" {{ capabilities = {rng.choice(_WORDS)} }}\n' for path in sorted(patterns)
    )


def winning_by_trying(file: PolicyFile) -> set[str]:
    """The paths of all blocks that decide some request."""
    found = set()
    for path in _PATHS:
        for operation in (Operation.READ, Operation.CREATE, Operation.LIST):
            for form in (path, path + "/") if operation is Operation.READ else (path,):
                decision = file.acl.decide(Request(operation, form))
                if decision.rule is not None:
                    found.add(decision.rule.path)
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_exactly_the_blocks_that_decide_no_request_are_found(dialect: str) -> None:
    rng = random.Random(7)
    count = 0
    for _ in range(60):
        project = project_of(f"# dialect: {dialect}\n" + some_policy(rng))
        (file,) = project.files
        found = lint(project, Selection(Level.REGULAR, only=_RULES))
        paths = {block.path for f in found if (block := file.block_at(f.diagnostic.span))}
        assert paths == {block.path for block in file.blocks} - winning_by_trying(file)
        count += len(paths)
    assert count > 5
