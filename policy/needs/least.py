"""The least policy for requests, proved before it is shown.

The engine that decides everything else decides here as well: with the policy every request is
allowed, and without any one capability of it at least one is not. What cannot be proved is not
printed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy.diagnostics import Severity
from policy.errors import PolicyError
from policy.lower import compile_policy
from policy.model import Capability, Policy, Token
from policy.needs.need import in_order
from policy.policies import PolicySet
from policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.catalog import MountTable
    from policy.evaluate import ACL
    from policy.model import Dialect, Request, Rule
    from policy.needs.need import Need

__all__ = ["LeastPolicy", "least_policies"]

_NAME = "needed"
# On these operations the server looks at no parameters.
_WITHOUT_PARAMETERS = frozenset(
    {Capability.DELETE, Capability.LIST, Capability.SCAN, Capability.SUDO}
)
_NO_SOURCE = Source("<needed>", "")


@dataclass(frozen=True, slots=True)
class LeastPolicy:
    """The least policy for the requests of one namespace, in which it has to be written."""

    namespace: str
    text: str
    requests: tuple[Request, ...]
    capabilities: int
    """How many capabilities it holds, each of which was found to be needed."""


def least_policies(
    needs: Iterable[Need], dialect: Dialect, mounts: MountTable, *, pin_parameters: bool = False
) -> list[LeastPolicy]:
    """The least policy for all requests of each namespace that have need of one.

    With `pin_parameters` a rule allows only the parameters that its requests send. Raises
    `PolicyError` when there is no such policy: a request that only root may make, or a path that
    no rule can name.
    """
    groups: dict[str, list[Need]] = {}
    for need in needs:
        if need.is_impossible:
            raise PolicyError(
                f"no policy can allow `{need.request.operation} {need.request.path}`: "
                + "; ".join(need.notes)
            )
        if need.capabilities:
            groups.setdefault(need.request.namespace, []).append(need)
    return [
        _Proof(namespace, group, dialect, mounts).least(pin_parameters=pin_parameters)
        for namespace, group in sorted(groups.items())
    ]


@dataclass(frozen=True, slots=True)
class _Draft:
    """One rule that is still negotiable."""

    path: str
    capabilities: frozenset[Capability]
    parameters: tuple[str, ...] | None = None

    def text(self) -> str:
        words = ", ".join(f'"{word}"' for word in in_order(self.capabilities))
        lines = [f"path {_quoted(self.path)} {{", f"  capabilities = [{words}]"]
        if self.parameters == () and not self.capabilities <= _WITHOUT_PARAMETERS:
            lines += ["", '  denied_parameters = {\n    "*" = []\n  }']
        elif self.parameters:
            quoted = [_quoted(name) for name in self.parameters]
            width = max(map(len, map(str.encode, quoted)))
            names = "".join(
                f"    {name}{' ' * (width - len(name.encode()))} = []\n" for name in quoted
            )
            lines += ["", f"  allowed_parameters = {{\n{names}  }}"]
        return "\n".join([*lines, "}\n"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class _Proof:
    """The requests of one namespace, before which drafts have to hold."""

    def __init__(
        self, namespace: str, needs: Sequence[Need], dialect: Dialect, mounts: MountTable
    ) -> None:
        self.namespace = namespace
        self.needs = needs
        self.dialect = dialect
        self.mounts = mounts

    def least(self, *, pin_parameters: bool) -> LeastPolicy:
        drafts = self._reduced(self._drafts(pin_parameters=pin_parameters))
        text = "\n".join(draft.text() for draft in drafts)
        rules = self._rules(text)
        refused = self._first_refused(rules)
        if refused is not None:
            raise PolicyError(
                f"no policy can name the path of `{refused.operation} {refused.path}` exactly"
            )
        for near, needs in self._neighbourhoods(rules):
            for at, rule in enumerate(near):
                for word in rule.capabilities:
                    if self._first_refused(_without(near, at, word), needs) is None:
                        raise PolicyError(f"`{word}` on `{rule.path}` was not found to be needed")
        requests = tuple(need.request for need in self.needs)
        count = sum(len(rule.capabilities) for rule in rules)
        return LeastPolicy(self.namespace, text, requests, count)

    def _neighbourhoods(
        self, rules: Sequence[Rule]
    ) -> Iterable[tuple[Sequence[Rule], Sequence[Need]]]:
        """Rules with the requests that they can have to do with: where no path has a wildcard,
        those of one path, with and without a final slash. It keeps long lists quick."""
        if any(_has_wildcard(rule.path) for rule in rules):
            return [(rules, self.needs)]
        near: dict[str, tuple[list[Rule], list[Need]]] = {}
        for rule in rules:
            near.setdefault(rule.path.rstrip("/"), ([], []))[0].append(rule)
        for need in self.needs:
            near[need.path.rstrip("/")][1].append(need)
        return near.values()

    def _drafts(self, *, pin_parameters: bool) -> list[_Draft]:
        """One rule a path, with all that the requests to it take."""
        words: dict[str, set[Capability]] = {}
        names: dict[str, set[str]] = {}
        for need in self.needs:
            words.setdefault(need.path, set()).update(need.capabilities)
            names.setdefault(need.path, set()).update(map(str.lower, need.parameters))
        return [
            _Draft(
                path,
                frozenset(words[path]),
                tuple(sorted(names[path])) if pin_parameters else None,
            )
            for path in sorted(words)
        ]

    def _reduced(self, drafts: list[_Draft]) -> list[_Draft]:
        """Without what another rule gives already. That happens where a path ends in `*` or has a
        `+` for a segment: a rule cannot name it without naming others as well."""
        if not any(_has_wildcard(draft.path) for draft in drafts):
            return drafts
        at = 0
        while at < len(drafts):
            rest = [*drafts[:at], *drafts[at + 1 :]]
            if rest and self._holds(rest):
                drafts = rest
                continue
            for word in in_order(drafts[at].capabilities):
                fewer = replace(drafts[at], capabilities=drafts[at].capabilities - {word})
                candidate = [*drafts[:at], fewer, *drafts[at + 1 :]]
                if self._holds(candidate):
                    drafts = candidate
            at += 1
        return drafts

    def _holds(self, drafts: Sequence[_Draft]) -> bool:
        text = "\n".join(draft.text() for draft in drafts)
        return self._first_refused(self._rules(text)) is None

    def _rules(self, text: str) -> tuple[Rule, ...]:
        compiled = compile_policy(Source.of(text, "<needed>"), _NAME, self.dialect, 0)
        if compiled.policy is None:
            errors = [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
            raise PolicyError("the server would refuse the policy", errors)
        return compiled.policy.rules

    def _first_refused(
        self, rules: Sequence[Rule], needs: Sequence[Need] | None = None
    ) -> Request | None:
        acl = self._acl(rules)
        for need in self.needs if needs is None else needs:
            if not acl.decide(need.request).allowed:
                return need.request
        return None

    def _acl(self, rules: Sequence[Rule]) -> ACL:
        policy = Policy(_NAME, tuple(rules), _NO_SOURCE, self.namespace)
        token = Token((_NAME,), namespace=self.namespace)
        return PolicySet([policy], self.dialect).acl(token, mounts=self.mounts, now=0)


def _has_wildcard(path: str) -> bool:
    return "*" in path or "+" in path


def _without(rules: Sequence[Rule], at: int, word: Capability) -> list[Rule]:
    fewer = rules[at]._replace(capabilities=rules[at].capabilities - {word})
    return [*rules[:at], fewer, *rules[at + 1 :]]
