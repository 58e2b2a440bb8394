"""Policies in, one merged table out: what the tests of the ACL share."""

from __future__ import annotations

from policy import parse
from policy.acl import Grant, Problem, Table, build_table
from policy.model import Dialect, Policy, Token, byte_text

__all__ = ["OPENBAO", "built", "grant_of", "policies_of", "table_of", "winner"]

OPENBAO = "openbao-2.7"


def policies_of(*texts: str, dialect: str = OPENBAO) -> list[Policy]:
    """The texts as policies `p0`, `p1` and so on."""
    return [parse(text, f"p{number}", dialect=dialect, now=0) for number, text in enumerate(texts)]


def built(
    *texts: str, dialect: str = OPENBAO, token: Token | None = None, now: float | None = 0
) -> Table | Problem:
    policies = policies_of(*texts, dialect=dialect)
    return build_table(policies, token or Token(), Dialect.named(dialect), now)


def table_of(
    *texts: str, dialect: str = OPENBAO, token: Token | None = None, now: float | None = 0
) -> Table:
    table = built(*texts, dialect=dialect, token=token, now=now)
    assert isinstance(table, Table)
    return table


def grant_of(*bodies: str) -> Grant:
    """The merged rule of several blocks for one path."""
    (grant,) = table_of(*(f'path "a" {{ {body} }}' for body in bodies))
    return grant


def winner(table: Table, path: str, *, listing: bool = False) -> str | None:
    """The pattern that wins for a path."""
    find = table.find_listing if listing else table.find
    grant = find(byte_text(path))
    return None if grant is None else str(grant.pattern)
