"""The whole decision: sections 1, 5, 8, 10 and 11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.reference.conditions import pagination_passes, parameters_pass, wrapping_passes
from tests.reference.data import (
    NoACL,
    NotDetermined,
    PolicyData,
    Refused,
    RequestData,
    TokenData,
)
from tests.reference.guarded import (
    default_policy,
    is_root_protected,
    is_unauthenticated,
    mount_of,
)
from tests.reference.patterns import Pattern, as_bytes, find, pattern_of
from tests.reference.rules import Meaning, check_keys, is_expired, meaning_of, merged
from tests.reference.templates import LeftOut, filled

# Section 5. Help needs none and is handled before; header (HEAD) is denied for all but root.
_CAPABILITY_OF = {
    "read": "read",
    "list": "list",
    "scan": "scan",
    "create": "create",
    "update": "update",
    "patch": "patch",
    "delete": "delete",
    "revoke": "update",
    "renew": "update",
    "rollback": "update",
}


def policy_names(token: TokenData) -> list[str]:
    """Section 8.1: trimmed, lower-cased, each once, sorted by name."""
    names = list(token.policies)
    if token.entity is not None:
        names += token.entity.policies
    for group in token.groups:
        names += group.policies
    return sorted({name.strip().lower() for name in names})


class Reference:
    """The verdicts for one token.

    `policies` are those the server accepted, of the token's namespace. `mounts` are full mount
    paths with their types; `sys/` and `auth/token/` are in every namespace. `error` says why no
    ACL could be built, if so.
    """

    def __init__(
        self,
        policies: Mapping[str, PolicyData],
        token: TokenData,
        *,
        dialect: str,
        now: float,
        mounts: Mapping[str, str],
        namespaces: Sequence[str],
    ) -> None:
        self.token = token
        self.dialect = dialect
        self.now = now
        self.mounts = mounts
        self.namespaces = namespaces
        self.is_root = False
        self.error: str | None = None
        self.table: dict[Pattern, Meaning] = {}
        try:
            self._build(policies)
        except (NoACL, Refused) as error:
            self.error = str(error) or type(error).__name__

    def _build(self, policies: Mapping[str, PolicyData]) -> None:
        known = {"default": default_policy(self.dialect), **policies}
        # Section 8.1: names of policies that do not exist are ignored.
        names = [name for name in policy_names(self.token) if name in known or name == "root"]
        if "root" in names:
            # Section 8.2: it may not be mixed with others.
            if len(names) > 1:
                raise NoACL("root and others")
            # Section 13, row 17: Vault knows root only in the root namespace.
            if self.token.namespace and self.dialect != "openbao-2.7":
                raise NoACL("root in a child namespace")
            self.is_root = True
            return
        by_pattern: dict[Pattern, list[Meaning]] = {}
        undetermined: NotDetermined | None = None
        for name in names:
            for rule in known[name].rules:
                try:
                    path = filled(
                        rule.path, known[name], self.token, dialect=self.dialect, now=self.now
                    )
                except LeftOut:
                    continue
                except NotDetermined as error:
                    undetermined = error
                    continue
                check_keys(rule, self.dialect)
                if is_expired(rule, self.now):
                    continue
                # Section 8.3: if the filled path contains `+*`, no ACL can be built.
                pattern = pattern_of(path, self.token.namespace)
                by_pattern.setdefault(pattern, []).append(meaning_of(rule, self.dialect))
        if undetermined is not None:
            raise undetermined
        self.table = {pattern: merged(meanings) for pattern, meanings in by_pattern.items()}

    def allows(self, request: RequestData) -> bool:
        """The verdict on one request (section 1). May raise `NotDetermined`."""
        path = request.path
        listing = request.operation in ("list", "scan")
        # Section 3: for list and scan the server appends `/` if it is missing.
        if listing and not path.endswith("/"):
            path += "/"
        full = self._full_path_of_request(request.namespace, path)
        # 1. Answers given before the ACL is looked at: nothing is done.
        if answered_before(request.operation, full):
            return False
        mount_type, inner = mount_of(full, self.namespaces, self.mounts)
        # Section 7: unauthenticated paths need no token and no capability, for any operation.
        if is_unauthenticated(mount_type, inner, self.dialect):
            return True
        if self.error is not None:
            return False
        # 2. Root, of the token's namespace and below (section 8.2); the front of the path may
        # lead there as well as the header (section 11).
        if self.is_root:
            return full.startswith(self.token.namespace)
        protected = self._is_protected(request, full, mount_type, inner)
        # 3. Help is always allowed; section 13, row 11: not without sudo in Vault 1.11.
        if request.operation == "help":
            if not (protected and self.dialect == "vault-1.11"):
                return True
            rule = self._winner(full, listing=False)
            return rule is not None and "sudo" in rule.capabilities
        # 4. The winning rule.
        rule = self._winner(full, listing=listing)
        if rule is None or rule.deny:
            return False
        # 5. The operation's capability.
        if _CAPABILITY_OF.get(request.operation) not in rule.capabilities:
            return False
        # 6. Wrapping TTL bounds.
        if not wrapping_passes(rule, request.wrap_ttl_seconds):
            return False
        # 7. Parameters or limit.
        if request.operation in ("read", "create", "update", "patch") and not parameters_pass(
            rule, request, self.dialect
        ):
            return False
        if listing and not pagination_passes(rule, request.data):
            return False
        # 8. A root-protected path: that same rule must also have sudo.
        return not protected or "sudo" in rule.capabilities

    def _full_path_of_request(self, namespace: str, path: str) -> str:
        full = full_path(namespace, path)
        # Section 11: these always go to the namespace of the token; seen on OpenBao only.
        inside = max((n for n in self.namespaces if full.startswith(n)), key=len, default="")
        if full[len(inside) :] in (
            "auth/token/lookup-self",
            "auth/token/renew-self",
            "auth/token/revoke-self",
        ):
            if inside != self.token.namespace and self.dialect != "openbao-2.7":
                raise NotDetermined(full)
            return self.token.namespace + full[len(inside) :]
        return full

    def _is_protected(self, request: RequestData, full: str, mount_type: str, inner: str) -> bool:
        """Section 7: declared by the mount; step-down and seal are handled apart."""
        if request.operation == "update" and full in ("sys/step-down", "sys/seal"):
            return True
        return is_root_protected(mount_type, inner, self.dialect)

    def capabilities(self, path: str, namespace: str = "") -> list[str]:
        """What `sys/capabilities` answers (section 10)."""
        full = full_path(namespace, path.strip())
        if self.is_root:
            inside = full_path(namespace, "").startswith(self.token.namespace)
            return ["root"] if inside else ["deny"]
        rule = self._winner(full, listing=True)
        if rule is None or rule.deny or not rule.capabilities:
            return ["deny"]
        return sorted(rule.capabilities)

    def _winner(self, full: str, *, listing: bool) -> Meaning | None:
        pattern = find(
            list(self.table),
            as_bytes(full),
            listing=listing,
            dialect=self.dialect,
            is_deny=lambda pattern: self.table[pattern].deny,
            may_list=lambda pattern: "list" in self.table[pattern].capabilities,
        )
        return None if pattern is None else self.table[pattern]


def answered_before(operation: str, full: str) -> bool:
    """Section 9, as far as the path alone decides; section 7 for step-down and seal."""
    # `//`, `/./` and `/../` are redirected; for help `//` is not (OpenBao 2.7.2, run).
    if "//" in full and operation != "help":
        return True
    if "/./" in full + "/" or "/../" in full + "/":
        return True
    # A write to a path that ends in `/` is refused.
    if operation in ("create", "update", "patch") and full.endswith("/"):
        return True
    # The HTTP layer answers these itself, and has no such methods for them (405; run).
    if operation in ("list", "scan", "delete") and full.removesuffix("/") in (
        "sys/health",
        "sys/init",
        "sys/leader",
        "sys/seal-status",
    ):
        return True
    # Of step-down and seal only PUT and POST exist, and help.
    return full in ("sys/step-down", "sys/seal") and operation not in ("create", "update", "help")


def full_path(namespace: str, path: str) -> str:
    """Section 3: namespace of the request and path, without the leading slashes of the result."""
    return (namespace + path).lstrip("/")
