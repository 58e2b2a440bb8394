"""What rules look at: a policy file, its ACL, and the project it is part of."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from policy.analyze.partition import Partition
from policy.analyze.symbolic import symbolic_token
from policy.lint.attachments import InventoryText
from policy.lint.block import Block, ValueList
from policy.lint.endpoints import Endpoints, Known, guarded_patterns, overlap
from policy.lint.wins import Wins
from policy.lower import compile_policy
from policy.lower.reshape import reshape
from policy.model import Capability, PatternKind, Policy, byte_text, plain_text
from policy.policies import PolicySet
from policy.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.acl import Grant
    from policy.analyze.inventory import Holder, Inventory
    from policy.catalog import Mount, MountTable
    from policy.evaluate import ACL
    from policy.lower import Compiled
    from policy.model import Dialect, Pattern, Rule
    from policy.source import Source, Span
    from policy.syntax import Document, Item

__all__ = ["PolicyFile", "Project"]

_ALONE = "linted"
"""The name a policy goes by while it is looked at alone: `root` and `default` are no exceptions."""


class Project:
    """All files of one run, and the server they are for.

    `mounts_given` tells that `mounts` is what is really mounted, and not only what every server
    has; `is_whole` that the files are all policies there are, and not some of them.
    """

    def __init__(
        self,
        dialect: Dialect,
        mounts: MountTable,
        *,
        mounts_given: bool,
        now: float,
        inventory: Inventory | None = None,
        inventory_source: Source | None = None,
        is_whole: bool = False,
    ) -> None:
        self.dialect = dialect
        self.mounts = mounts
        self.mounts_given = mounts_given
        self.now = now
        self.inventory = inventory
        """Who holds the policies, if somebody said so."""
        self.inventory_text = None
        """The file that says so, if it is to be judged as well."""
        if inventory_source is not None:
            self.inventory_text = InventoryText(self, inventory_source)
        self.is_whole = is_whole
        self.files: list[PolicyFile] = []
        self._endpoints: dict[tuple[str, Pattern], Known | None] = {}

    def add(self, name: str, source: Source, given_name: str = "") -> PolicyFile:
        """One more file. `given_name` is the name as the file has it, before it was lower-cased."""
        file = PolicyFile(self, name, source, given_name or name)
        self.files.append(file)
        return file

    def replace(self, file: PolicyFile, source: Source) -> None:
        """Another text in place of a file's."""
        at = self.files.index(file)
        self.files[at] = PolicyFile(self, file.name, source, file.given_name)
        for name in ("policies", "policies_by_name", "capabilities_by_pattern"):
            self.__dict__.pop(name, None)

    @cached_property
    def guarded(self) -> tuple[Pattern, ...]:
        """Every path where `sudo` makes a difference of any kind."""
        return guarded_patterns(self.dialect, self.mounts)

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """All policies that the server takes; of those with one name the last."""
        compiled = (file.compiled.policy for file in self.files)
        return {policy.name: policy for policy in compiled if policy is not None}

    def holders(self, name: str) -> list[Holder]:
        """Everybody in the inventory who holds a policy of the root namespace."""
        holders = () if self.inventory is None else self.inventory.holders
        return [holder for holder in holders if ("", name) in holder.token.policy_names]

    def acl_of_holder(self, holder: Holder, *, without: str = "") -> ACL:
        """What somebody may do, or might without one policy. Only where there is an inventory."""
        assert self.inventory is not None
        kept = [policy for name, policy in self.policies.items() if name != without]
        return self.inventory.acl(PolicySet(kept, self.dialect), holder, now=self.now)

    @cached_property
    def policies_by_name(self) -> dict[str, list[PolicyFile]]:
        """The files that stand for one policy name."""
        found: defaultdict[str, list[PolicyFile]] = defaultdict(list)
        for file in self.files:
            found[file.name].append(file)
        return found

    @cached_property
    def capabilities_by_pattern(self) -> dict[Pattern, frozenset[Capability]]:
        """What any file grants on a pattern: a token may hold several of the policies."""
        found: defaultdict[Pattern, frozenset[Capability]] = defaultdict(frozenset)
        for file in self.files:
            if file.compiled.policy is not None:
                for rule in file.compiled.policy.rules:
                    if rule.pattern is not None:
                        found[rule.pattern] |= rule.capabilities
        return found

    def endpoints(self, mount: Mount, pattern: Pattern) -> Known | None:
        """What the paths of a pattern, all of them on one mount, understand; None if unknown."""
        key = mount.path + mount.backend, pattern
        if key not in self._endpoints:
            known = Endpoints.of(mount.backend, self.dialect.product)
            self._endpoints[key] = None if known is None else known.touched(mount.path, pattern)
        return self._endpoints[key]


class PolicyFile:
    """One policy text. What it holds is worked out when a rule first asks."""

    def __init__(self, project: Project, name: str, source: Source, given_name: str) -> None:
        self.project = project
        self.name = name
        self.given_name = given_name
        self.original = source
        self.source = source.normalized
        self._mounts: dict[Pattern, tuple[Mount, bool] | None] = {}

    @cached_property
    def compiled(self) -> Compiled:
        """What the server would make of it."""
        return compile_policy(self.source, self.name, self.project.dialect, self.project.now)

    @cached_property
    def document(self) -> Document:
        """The syntax tree."""
        return parse(self.source, self.project.dialect).document

    @cached_property
    def items(self) -> dict[Span, Item]:
        """The top-level items by their place."""
        items = self.document.items
        return {item.span: item for item in (reshape(items) if self.source.is_json else items)}

    @cached_property
    def has_blocks(self) -> bool:
        """Whether the text can be told apart into blocks. Where the syntax is broken, a block may
        as well be part of a string that does not end."""
        return self.compiled.policy is not None or parse(self.source, self.project.dialect).accepted

    @cached_property
    def policy(self) -> Policy:
        """The policy; where the server refuses the text, the blocks that are sound for
        themselves. Only rules that judge block by block are run on those."""
        if self.compiled.policy is not None:
            return replace(self.compiled.policy, name=_ALONE)
        from policy.lower.compiler import compile_whole

        assert self.has_blocks
        rules, _ = compile_whole(self.source, self.project.dialect, self.project.now)
        return Policy(_ALONE, rules, self.source)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks, in the order of the text."""
        return tuple(Block(self, rule) for rule in self.policy.rules)

    def acl_of(self, policy: Policy) -> ACL:
        """The ACL of a token that holds nothing else, and has a value for every template."""
        token = symbolic_token([_ALONE], [policy])
        return PolicySet([policy], self.project.dialect).acl(
            token, mounts=self.project.mounts, now=self.project.now
        )

    @property
    def value_lists(self) -> Iterator[ValueList]:
        """The values that are allowed or denied, by block and parameter."""
        for block in self.blocks:
            conditions = block.rule.conditions
            if conditions is not None:
                for name, values in conditions.allowed_parameters.items():
                    yield ValueList(block, "allowed_parameters", name, values)
                for name, values in conditions.denied_parameters.items():
                    yield ValueList(block, "denied_parameters", name, values)

    @cached_property
    def first_blocks(self) -> tuple[Block, ...]:
        """One block for each pattern, the first; those that are left out are not among them."""
        return tuple(block for block in self.blocks if block.is_first)

    @cached_property
    def acl(self) -> ACL:
        """The ACL of the policy alone."""
        return self.acl_of(self.policy)

    @cached_property
    def grants(self) -> dict[int, Grant]:
        """The merged rules by the identity of each rule that went into them."""
        return {id(rule): grant for grant in self.acl.table for _, rule in grant.rules}

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns of the policy."""
        return tuple(grant.pattern for grant in self.acl.table)

    @cached_property
    def partition(self) -> Partition:
        """All paths by the rule that wins there, and why they are guarded where one does."""
        return Partition(self.acl, only_rules=True)

    @cached_property
    def wins(self) -> Wins:
        """Where each pattern wins."""
        return Wins(self.partition)

    def mount(self, pattern: Pattern) -> tuple[Mount, bool] | None:
        """The mount that all paths of a pattern lie on, and whether that is sure. None where
        several are possible or nothing is known."""
        if pattern not in self._mounts:
            self._mounts[pattern] = self._mount(pattern)
        return self._mounts[pattern]

    def _mount(self, pattern: Pattern) -> tuple[Mount, bool] | None:
        start = plain_text(pattern.text[: pattern.first_wildcard])
        found = self.project.mounts.find(start)
        if found is not None:
            mount = found[0]
            return (mount, True) if byte_text(start).startswith(byte_text(mount.path)) else None
        if self.project.mounts_given:
            return None
        from policy.lint.guesses import guessed_mount

        guess = guessed_mount(start, self)
        return None if guess is None else (guess, False)

    def known(self, pattern: Pattern) -> tuple[Known, bool] | None:
        """What the endpoints of a pattern understand, and whether their mount is sure."""
        found = self.mount(pattern)
        if found is None:
            return None
        mount, is_sure = found
        known = self.project.endpoints(mount, pattern)
        return None if known is None else (known, is_sure)

    def protected(self, pattern: Pattern) -> bool:
        """Whether a pattern is one root-protected path."""
        if pattern.kind is not PatternKind.EXACT:
            return False
        return self.acl.guard.root_protected(pattern.text) is not None

    def broader(self, block: Block) -> list[Pattern]:
        """The wildcard patterns of the policy, but for that of a block."""
        return [
            grant.pattern
            for grant in self.acl.table
            if grant.pattern.kind is not PatternKind.EXACT and grant is not block.grant
        ]

    def block_of(self, rule: Rule) -> Block:
        """The block that became a rule."""
        return self._blocks_by_rule[id(rule)]

    @cached_property
    def _blocks_by_rule(self) -> dict[int, Block]:
        return {id(block.rule): block for block in self.blocks}

    @cached_property
    def _starts(self) -> list[int]:
        return [block.rule.span.start for block in self.blocks]

    def sudo_matters(self, pattern: Pattern) -> bool:
        """Whether `sudo` makes a difference of any kind on some path of a pattern."""
        return overlap(pattern, self.project.guarded)

    def others(self, pattern: Pattern) -> frozenset[Capability]:
        """What the files of the run grant on the same pattern, this one included."""
        return self.project.capabilities_by_pattern.get(pattern, frozenset())

    def block_at(self, span: Span) -> Block | None:
        """The block that a span lies in."""
        if not self.has_blocks:
            return None
        at = bisect_right(self._starts, span.start) - 1
        if at >= 0 and span.end <= self.blocks[at].rule.span.end:
            return self.blocks[at]
        return None
