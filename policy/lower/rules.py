"""From items to rules: what a policy text means, and every reason the server has to refuse it.

The server stops at the first fault; here every fault is collected. Where one step of the server
keeps a later one from being taken (an expired rule, a `deny`), that later step is not taken here
either, since it decides whether the text is accepted. Steps and texts: OpenBao 2.7.2, recorded in
`fixtures/recorded/language`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from policy.lower.capabilities import SHORTHAND, read_capabilities
from policy.lower.control_group import control_group
from policy.lower.decode import Decoder, Rejected, describe
from policy.lower.names import unknown_key
from policy.lower.parameters import decode_parameters, lower_names
from policy.lower.scalars import NANOSECONDS, parse_expiration
from policy.lower.ttl import ttl_nanoseconds
from policy.model import (
    Capability,
    Conditions,
    Pattern,
    PatternKind,
    Rule,
    plain_text,
    split_template,
)
from policy.syntax import Item, ListNode, ObjectNode

if TYPE_CHECKING:
    from policy.lower.findings import Findings
    from policy.model import ControlGroup, Dialect, ParameterMap, ParameterValue
    from policy.source import Span

__all__ = ["compile_rules"]

_TOP_LEVEL = ("name", "path")
_NOTHING = Conditions({}, {})
_NO_CAPABILITIES: frozenset[Capability] = frozenset()
_DENY = frozenset({Capability.DENY})


def compile_rules(
    items: Iterable[Item], findings: Findings, dialect: Dialect, now: float | None
) -> tuple[Rule, ...]:
    """The rules of a document, in the order of the text; faulty and expired ones are left out."""
    decoder = Decoder(is_json=findings.source.is_json)
    rules = []
    for item in items:
        name = findings.attempt(decoder.key, item.keys[0])
        if name == "path":
            rule = _Block(item, findings, decoder, dialect, now).compile()
            if rule is not None:
                rules.append(rule)
        elif name == "name":
            findings.attempt(_policy_name, item, decoder)
        elif name is not None:
            unknown_key(findings, item, name, _TOP_LEVEL, "at the top level")
    return tuple(rules)


def _policy_name(item: Item, decoder: Decoder) -> None:
    """`name` is decoded, and then ignored."""
    if len(item.keys) > 1:
        raise Rejected(item.span, "`name` takes no label")
    decoder.string(item.value, "`name`")


class _Block:
    """One `path` block on its way to a rule."""

    def __init__(
        self,
        item: Item,
        findings: Findings,
        decoder: Decoder,
        dialect: Dialect,
        now: float | None,
    ) -> None:
        self.item = item
        self.findings = findings
        self.decoder = decoder
        self.dialect = dialect
        self.now = now
        self.attributes: dict[str, list[Item]] = {}

    def compile(self) -> Rule | None:
        errors_before = self.findings.errors
        path = self._path()
        if path is None or not self._sort_attributes():
            return None
        rule = self._rule(path)
        return rule if self.findings.errors == errors_before else None

    # the label

    def _path(self) -> str | None:
        keys = self.item.keys
        if len(keys) == 1:
            self.findings.warn(
                "path-without-label",
                "a `path` block without a label is the rule of the literal path `path`",
                keys[0].span,
                # One value below `path` that is no object keeps all of them from becoming rules.
                "write nothing but objects below `path`, one for each path"
                if self.decoder.is_json
                else 'write `path "…" { … }`',
            )
            return "path"
        if len(keys) > 2:
            self.findings.warn(
                "ignored-label", "further labels of a `path` block are ignored", keys[2].span
            )
        path = self.findings.attempt(self.decoder.key, keys[1])
        if self.decoder.is_json:
            # Reshaping makes labels of keys; the server decodes every one of a path.
            for label in keys[2:]:
                self.findings.attempt(self.decoder.key, label)
        if path is not None and ("{{" in path or "}}" in path):
            try:
                split_template(path)
            except ValueError as error:
                self.findings.error("unbalanced-template", str(error), keys[1].span)
        return path

    def _pattern(self, path: str) -> Pattern | None:
        try:
            pattern = Pattern.compile(path)
        except ValueError as error:
            self.findings.error("invalid-wildcards", str(error), self.item.keys[-1].span)
            return None
        return None if "{{" in path else pattern

    # the attributes

    def _sort_attributes(self) -> bool:
        """Sort the items of the block by key. False when there is no block."""
        body = self.item.value
        if not isinstance(body, ObjectNode):
            self.findings.error(
                "path-without-block",
                f"a path needs a block of attributes, not {describe(body)}",
                body.span,
            )
            return False
        for item in body.items:
            name = self.findings.attempt(self.decoder.key, item.keys[0])
            if name is None:
                continue
            if name in self.dialect.rule_keys:
                self.attributes.setdefault(name, []).append(item)
            else:
                unknown_key(self.findings, item, name, self.dialect.rule_keys, "of a `path` block")
        return True

    def _occurrences(self, name: str) -> list[Item]:
        """All occurrences of an attribute, those with a label first, as the server decodes them."""
        items = self.attributes.get(name, [])
        if len(items) < 2:
            return items
        return sorted(items, key=lambda item: len(item.keys) == 1)

    def _values(self, name: str) -> Iterable[Item]:
        """The occurrences of an attribute that takes no label."""
        for item in self._occurrences(name):
            if len(item.keys) > 1:
                self.findings.error("invalid-value", f"`{name}` takes no label", item.keys[1].span)
            else:
                yield item

    def _string(self, name: str) -> tuple[str, Item] | None:
        """A string attribute: every occurrence must decode, the last one counts."""
        last = None
        for item in self._values(name):
            text = self.findings.attempt(self.decoder.string, item.value, f"`{name}`")
            if text is not None:
                last = text, item
        return last

    def _strings(self, name: str) -> tuple[str, ...]:
        """A list attribute: occurrences are joined."""
        words: list[str] = []
        for item in self._values(name):
            words += self.findings.attempt(self.decoder.strings, item.value, f"`{name}`") or ()
        return tuple(words)

    def _anything(self, name: str) -> tuple[ParameterValue, Item] | None:
        """An attribute of any type: the first occurrence fixes the type, the last one counts."""
        last: tuple[ParameterValue, Item] | None = None
        for item in self._values(name):
            old = last[0] if last else None
            value = self.findings.attempt(self.decoder.anything, item.value, old)
            if value is not None:
                last = value, item
        return last

    def _integer(self, name: str) -> int:
        value = 0
        for item in self._values(name):
            value = self.findings.attempt(self.decoder.integer, item.value, f"`{name}`") or 0
        return value

    def _parameters(self, name: str) -> ParameterMap:
        items = self._occurrences(name)
        if not items:
            return {}
        written = self.findings.attempt(decode_parameters, items, name, self.decoder)
        if not written:
            return {}
        parameters, doubtful = lower_names(written, allowed=name == "allowed_parameters")
        for parameter in doubtful:
            self.findings.warn(
                "ambiguous-parameter",
                f"`{parameter}` is spelt in two ways in `{name}`; which one counts is random",
                items[0].keys[0].span,
                "names of parameters are compared in lower case: keep one spelling",
            )
        return parameters

    # the steps, in the server's order

    def _rule(self, path: str) -> Rule | None:
        span = self.item.span
        if self.attributes.keys() <= {"capabilities", "comment"}:
            pattern = self._pattern(path)
            return Rule(path, pattern, self._capabilities(""), span)

        control = self._control_group()
        policy = self._string("policy")
        expiration = self._expiration()
        min_ttl, max_ttl = self._anything("min_wrapping_ttl"), self._anything("max_wrapping_ttl")
        allowed = self._parameters("allowed_parameters")
        denied = self._parameters("denied_parameters")
        required = self._strings("required_parameters")
        mfa_methods = self._strings("mfa_methods")
        limit = self._integer("pagination_limit")
        event_types = self._strings("subscribe_event_types")
        list_filter = self._string("list_scan_response_keys_filter_path")

        if expiration is not None and self.now is not None and expiration < self.now:
            self._strings("capabilities")  # must decode, but is not read
            self.findings.inform("expired-rule", f"the rule for `{path}` has expired", span)
            # It stays in the policy, since its template can still refuse a token.
            return Rule(path, None, _NO_CAPABILITIES, span, None, expiration)
        errors_before = self.findings.errors
        pattern = self._pattern(path)
        has_pattern = self.findings.errors == errors_before
        capabilities = self._capabilities(self._shorthand(policy))
        if capabilities == _DENY:
            if self.attributes.keys() & _IGNORED_BESIDE_DENY:
                self.findings.warn(
                    "ignored-beside-deny",
                    "nothing else in a block counts beside `deny`",
                    self.item.keys[-1].span,
                )
            return Rule(path, pattern, capabilities, span, None, expiration)
        minimum, maximum = (
            self._ttl("min_wrapping_ttl", min_ttl),
            self._ttl("max_wrapping_ttl", max_ttl),
        )
        if minimum and maximum and maximum < minimum:
            self.findings.error(
                "contradicting-ttls",
                "`max_wrapping_ttl` is less than `min_wrapping_ttl`",
                self.attributes["max_wrapping_ttl"][-1].span,
            )
        if list_filter is not None and list_filter[0] and has_pattern:
            self._check_list_filter(*list_filter, capabilities, path)
        conditions = Conditions(
            allowed_parameters=allowed,
            denied_parameters=denied,
            required_parameters=required,
            min_wrapping_ttl=minimum,
            max_wrapping_ttl=maximum,
            pagination_limit=limit,
            list_filter=list_filter[0] if list_filter else "",
            control_group=control,
            mfa_methods=mfa_methods,
            subscribe_event_types=event_types,
        )
        return Rule(
            path,
            pattern,
            capabilities,
            span,
            None if conditions == _NOTHING else conditions,
            expiration,
        )

    def _capabilities(self, shorthand: str) -> frozenset[Capability]:
        """The capabilities, read from the left up to the first `deny`."""
        words: list[tuple[str, Span]] = []
        for item in self._values("capabilities"):
            listed = self.findings.attempt(self.decoder.strings, item.value, "`capabilities`")
            if listed and isinstance(item.value, ListNode):
                words += zip(listed, (e.span for e in item.value.elements), strict=True)
        if shorthand == "deny":
            return _DENY
        return read_capabilities(words, shorthand, self.findings, self.dialect)

    def _shorthand(self, policy: tuple[str, Item] | None) -> str:
        if policy is None:
            return ""
        word, item = policy
        if word not in SHORTHAND:
            known = ", ".join(f"`{w}`" for w in SHORTHAND if w)
            self.findings.error(
                "invalid-policy-word",
                f"`{word}` is no word for `policy`",
                item.value.span,
                f"it takes {known}; better write `capabilities`",
            )
            return ""
        return SHORTHAND[word]

    def _expiration(self) -> float | None:
        """The expiration in seconds since 1970."""
        written = self._string("expiration")
        if written is None:
            return None
        text, item = written
        try:
            nanoseconds = parse_expiration(text)
        except ValueError as error:
            self.findings.error("invalid-expiration", str(error), item.value.span)
            return None
        return None if nanoseconds is None else nanoseconds / NANOSECONDS

    def _ttl(self, name: str, decoded: tuple[ParameterValue, Item] | None) -> int:
        if decoded is None:
            return 0
        value, item = decoded
        return self.findings.attempt(ttl_nanoseconds, value, item.value.span, f"`{name}`") or 0

    def _control_group(self) -> ControlGroup | None:
        groups = []
        for item in self.attributes.get("control_group", ()):
            # OpenBao does not look at the rule's capabilities here, Vault does.
            granted = () if self.dialect.openbao_control_groups else self._strings("capabilities")
            groups.append(
                self.findings.attempt(
                    control_group, item.value, self.decoder, self.dialect, frozenset(granted)
                )
            )
        return groups[0] if groups else None

    def _check_list_filter(
        self, text: str, item: Item, capabilities: frozenset[Capability], path: str
    ) -> None:
        if Capability.LIST not in capabilities:
            self.findings.error(
                "list-filter-without-list",
                "`list_scan_response_keys_filter_path` needs the capability `list` in its block",
                item.keys[0].span,
            )
            return
        from policy.lower import list_filter  # few policies need it

        try:
            list_filter.check_list_filter(text, _cleaned(path))
        except list_filter.UndeterminedFilterError as error:
            self.findings.error("undetermined-list-filter", str(error), item.value.span)
        except ValueError as error:
            self.findings.error("invalid-list-filter", str(error), item.value.span)


def _cleaned(path: str) -> str:
    """The path as a list filter sees it: a final `*` stays only in a segment pattern."""
    kind, text, is_open = Pattern.compile(path)
    return plain_text(text) + ("*" if is_open and kind is PatternKind.SEGMENT else "")


_IGNORED_BESIDE_DENY = frozenset(
    {
        "allowed_parameters",
        "denied_parameters",
        "list_scan_response_keys_filter_path",
        "max_wrapping_ttl",
        "min_wrapping_ttl",
        "pagination_limit",
        "required_parameters",
    }
)
