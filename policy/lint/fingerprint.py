"""A name for a finding that stays when its block moves, so that tools do not report it as new."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter

    from policy.lint.attachments import InventoryText
    from policy.lint.findings import Problem
    from policy.lint.target import PolicyFile

__all__ = ["fingerprint"]

_LONGEST = 200


def fingerprint(
    file: PolicyFile | InventoryText, code: str, problem: Problem, seen: Counter[str]
) -> str:
    """32 hexadecimal digits made of the file, the rule, the path of the block and the text the
    finding points at, white space aside. `seen` counts equal ones, which then get a number."""
    # Not loaded for a run that finds nothing.
    from hashlib import sha256

    block = file.block_at(problem.span)
    path = "" if block is None else block.path
    pointed = "".join(file.source.text[slice(*problem.span)].split())
    # A finding about a whole block shall outlive a change inside it.
    if block is not None and problem.span == block.rule.span:
        pointed = ""
    parts = (PurePath(file.source.name).as_posix(), code, path, pointed[:_LONGEST])
    key = "\0".join(parts)
    seen[key] += 1
    text = f"{key}\0{seen[key]}"
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
