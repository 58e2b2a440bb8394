"""A deny that a LIST goes past.

What: There are paths on which the deny wins for every other operation, and on which a LIST is
    allowed by a broader rule.
Why: The server appends a slash before it looks a LIST up, and so finds another rule. Which ones
    depends on the server: Vault before 1.13.10 tries wildcards on the path with its slash only,
    OpenBao tries that first.
Example:
    # dialect: openbao-2.7
    path "secret/metadata/*" { capabilities = ["read", "list"] }
    path "secret/metadata/+" { capabilities = ["deny"] }
Instead:
    # dialect: openbao-2.7
    path "secret/metadata/*" { capabilities = ["read", "list"] }
    path "secret/metadata/+" { capabilities = ["deny"] }
    path "secret/metadata/+/" { capabilities = ["deny"] }
Source: OpenBao 2.7.2 (recorded as `list-*`); Vault 1.11, 1.21 and 2.0, read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.acl import BITS
from policy.analyze import Form, PathSet
from policy.analyze.partition import Lookup
from policy.analyze.path_map import combine
from policy.analyze.touching import Touching
from policy.diagnostics import Severity
from policy.lint.findings import Confidence, Problem
from policy.lint.rule import rule
from policy.model import Capability, PatternKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.lint.target import PolicyFile


@rule("deny-misses-list", "SP205", Severity.WARNING, Confidence.CERTAIN)
def check(file: PolicyFile) -> Iterator[Problem]:
    """Exact for the server that was chosen."""
    blocks = [b for b in file.first_blocks if b.grant is not None and b.grant.is_deny]
    listing_rules = [
        grant.pattern
        for grant in file.acl.table
        if grant.mask & BITS[Capability.LIST] and grant.pattern.kind is not PatternKind.EXACT
    ]
    near = Touching(listing_rules)
    blocks = [block for block in blocks if block.pattern and block.pattern in near]
    if not blocks:
        return
    plain, listing = file.partition.node(Lookup.PLAIN), file.partition.node(Lookup.LISTING)
    cells = file.partition.cells
    for block in blocks:
        grant = block.grant

        def passes(one: int, two: int, grant: object = grant) -> int:
            winner = cells[two].grant
            return int(
                cells[one].grant is grant
                and winner is not None
                and winner.pattern.kind != "exact"
                and bool(winner.mask & BITS[Capability.LIST])
            )

        past = PathSet(combine(plain, listing, passes)) & PathSet.matching(*file.broader(block))
        path = past.witness(Form.WITHOUT_SLASH)
        if path is not None:
            yield Problem(
                f"a LIST goes past this deny, for example of `{path}`",
                block.label,
                notes=(f"{file.project.dialect} looks a LIST up with a slash behind the path",),
                help=f"deny `{block.path.removesuffix('/')}/` as well",
            )
