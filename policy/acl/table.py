"""The ACL of one token: all its policies merged, and the lookup of the winning rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.acl.grant import BITS, Grant, merge
from policy.acl.index import PatternIndex
from policy.model import Capability, Listing, Pattern, PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy.model import Dialect, Policy, Rule, Token

__all__ = ["Problem", "Table", "build_table"]

_LIST_BIT = BITS[Capability.LIST]


class Problem(NamedTuple):
    """Why no ACL could be built. Then every request of the token fails."""

    message: str
    is_determined: bool = True
    """False where it is not known whether the server would build one."""


class Table:
    """The merged rules of a token. Never changes, so any number of threads may share it."""

    __slots__ = ("_find_both", "exact", "expires_at", "index", "left_out", "listing", "wildcard")

    def __init__(
        self,
        exact: dict[str, Grant],
        wildcard: tuple[Grant, ...],
        listing: Listing,
        left_out: tuple[tuple[Policy, Rule], ...] = (),
        expires_at: float | None = None,
    ) -> None:
        self.exact = exact
        """Exact patterns by their path (byte text)."""
        self.wildcard = wildcard
        """Prefix and segment patterns, in no order."""
        self.listing = listing
        self.left_out = left_out
        """Rules whose template has no value for this token."""
        self.expires_at = expires_at
        """When the table stops being true (seconds since 1970): the next rule's expiration."""
        self.index = PatternIndex(wildcard)
        self._find_both: Callable[[str, str], Grant | None] = {
            Listing.WITH_SLASH_ONLY: self._with_slash_only,
            Listing.WITHOUT_SLASH_FIRST: self._without_slash_first,
            Listing.WITH_SLASH_FIRST: self._with_slash_first,
            Listing.BEST_DENY_OR_LIST: self._best_of_both,
        }[listing]

    def __len__(self) -> int:
        return len(self.exact) + len(self.wildcard)

    def __iter__(self) -> Iterator[Grant]:
        yield from self.exact.values()
        yield from self.wildcard

    def find(self, path: str) -> Grant | None:
        """The winning rule for a path (byte text without leading slashes) and any operation but
        list and scan."""
        return self.exact.get(path) or self.index.find(path)

    def find_listing(self, path: str) -> Grant | None:
        """The winning rule for list and scan, and for what `sys/capabilities` reports.

        An exact rule with or without the final slash comes first; how patterns are looked up
        with and without it differs between servers.
        """
        exact = self.exact.get(path)
        if exact is not None:
            return exact
        if not path.endswith("/"):
            if self.listing is Listing.BEST_DENY_OR_LIST:
                return _best_deny_or_list(self.index.matches(path))
            return self.index.find(path)
        return self.find_sent_listing(path)

    def find_sent_listing(self, path: str) -> Grant | None:
        """The winning rule for list and scan of a path to which the slash may still have to be
        appended, as the server does."""
        if path[-1:] == "/":
            trimmed = path[:-1]
        else:
            trimmed, path = path, path + "/"
        exact = self.exact
        return exact.get(path) or exact.get(trimmed) or self._find_both(path, trimmed)

    def _with_slash_only(self, path: str, _: str) -> Grant | None:
        return self.index.find(path)

    def _without_slash_first(self, path: str, trimmed: str) -> Grant | None:
        return self.index.find(trimmed) or self.index.find(path)

    def _with_slash_first(self, path: str, trimmed: str) -> Grant | None:
        return self.index.find(path) or self.index.find(trimmed)

    def _best_of_both(self, path: str, trimmed: str) -> Grant | None:
        return _best_deny_or_list(self.index.matches(path) + self.index.matches(trimmed))

    def candidates(self, path: str, *, listing: bool) -> list[tuple[str, Grant]]:
        """All rules that match, each with the form of the path it matches, in the order in which
        the lookup considers them."""
        forms = [path]
        if listing and path.endswith("/"):
            forms.append(path[:-1])
        found = [(form, self.exact[form]) for form in forms if form in self.exact]
        if listing and self.listing is Listing.WITHOUT_SLASH_FIRST:
            forms.reverse()
        elif listing and self.listing is Listing.WITH_SLASH_ONLY:
            del forms[1:]
        for form in forms:
            found += [(form, grant) for grant in self.index.matches(form, all_prefixes=True)]
        return found


def _best_deny_or_list(matches: list[Grant]) -> Grant | None:
    """Vault 2.0: the best deny, unless a rule with `list` ranks at least as high; then that one;
    without either, the best of all."""
    if not matches:
        return None

    def best(grants: Iterable[Grant]) -> Grant | None:
        return max(grants, key=lambda grant: grant.pattern.rank, default=None)

    deny = best(grant for grant in matches if grant.is_deny)
    lists = best(grant for grant in matches if grant.mask & _LIST_BIT)
    if deny is not None and (lists is None or deny.pattern.rank > lists.pattern.rank):
        return deny
    return lists or best(matches)


def build_table(
    policies: Iterable[Policy], token: Token, dialect: Dialect, now: float | None
) -> Table | Problem:
    """Merge policies, in the order given, into the table of one token.

    Expired rules are dropped before merging: an expired deny denies nothing, and an expired rule
    hides nothing. `now` is in seconds since 1970; without it nothing counts as expired.
    """
    by_pattern: dict[Pattern, list[tuple[Policy, Rule]]] = {}
    left_out: list[tuple[Policy, Rule]] = []
    ends: list[float] = []
    for policy in policies:
        for rule in policy.rules:
            path = rule.path
            if rule.pattern is None:
                # A forbidden value refuses the token even where the rule has expired.
                filled = _fill(rule, policy, token, dialect, now, ends)
                if isinstance(filled, Problem):
                    return filled
                if filled is None:
                    left_out.append((policy, rule))
                    continue
                path = filled
            if rule.expiration is not None:
                if now is not None and rule.expiration < now:
                    continue
                ends.append(rule.expiration)
            pattern = rule.pattern
            if pattern is None or policy.namespace:
                try:
                    pattern = Pattern.compile(path, policy.namespace)
                except ValueError as error:
                    return Problem(f'"{rule.path}": {error}')
            by_pattern.setdefault(pattern, []).append((policy, rule))
        if policy.expiration is not None:
            ends.append(policy.expiration)
    exact = {}
    wildcard = []
    for pattern, rules in by_pattern.items():
        grant = merge(pattern, rules)
        if pattern.kind is PatternKind.EXACT:
            exact[pattern.text] = grant
        else:
            wildcard.append(grant)
    return Table(
        exact, tuple(wildcard), dialect.listing, tuple(left_out), min(ends) if ends else None
    )


def _fill(
    rule: Rule,
    policy: Policy,
    token: Token,
    dialect: Dialect,
    now: float | None,
    ends: list[float],
) -> str | Problem | None:
    """The path of a rule with its template filled in, or why no ACL can be built; None if the
    rule is to be left out."""
    from policy.acl import templates  # most policies have none

    if now is not None and templates.uses_time(rule.path):
        ends.append(int(now) + 1.0)
    try:
        return templates.fill_template(rule.path, policy, token, dialect, now)
    except templates.MissingValueError:
        return None
    except templates.ForbiddenValueError as error:
        return Problem(f'"{rule.path}": {error}', error.is_determined)
