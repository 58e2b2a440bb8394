"""What every test finds on the server: namespaces, mounts, and seats, which are tokens to ask with.

A seat is a token whose policy *names* never change. A test writes other texts under those names,
and other metadata into the identity behind the token: the server looks both up at every request,
so no token has to be made for a case.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from policy.model import Entity, Group, Operation, Request, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.live.server import RealServer, Written

__all__ = ["GUARDED", "MOUNTS", "NAMESPACES", "SEATS", "Seat", "World"]

NAMESPACES = ("", "ns1/", "ns1/kid/", "ns2/")
MOUNTS = ("a/", "b/", "kv1/")
"""KV version 1 in every namespace. Its existence check tells `create` from `update`."""
SLASHES = "allow_slashes_in_identity_templates"
WILDCARDS = "allow_wildcards_in_identity_templates"
"""Options that are stored beside a policy's text."""
POLICY_NAMES = ("p1", "p2", "p3")
PROBE = "zz-probe"
"""A policy of every seat beside the three: leave to ask for the compiled rules."""
_ALL = (*POLICY_NAMES, PROBE)
PROBE_PATH = "sys/internal/ui/resultant-acl"
_PROBE_TEXT = f'path "{PROBE_PATH}" {{ capabilities = ["read"] }}'

GUARDED: tuple[tuple[str, str], ...] = (
    *((op, path) for path in ("sys/audit", "sys/auth", "sys/raw") for op in ("read", "help")),
    ("read", "sys/audits"),
    ("read", "sys/auth/"),
    ("read", "sys/auth/zz"),
    ("read", "sys/auth/token"),
    ("update", "sys/auth/zz"),
    ("delete", "sys/auth/zz"),
    ("patch", "sys/auth/zz"),
    ("help", "sys/auth/zz"),
    ("update", "sys/audit/x"),
    ("delete", "sys/audit/x"),
    ("read", "sys/raw/x"),
    ("delete", "sys/raw/x"),
    ("update", "sys/remount"),
    ("read", "sys/remounts"),
    ("read", "sys/rotate"),
    ("read", "sys/rotate/config"),
    ("read", "sys/rotate/keyring"),
    ("read", "sys/config/cors"),
    ("list", "sys/config/cors"),
    ("delete", "sys/config/cors"),
    ("read", "sys/config/auditing"),
    ("read", "sys/config/auditing/request-headers"),
    ("delete", "sys/config/auditing/request-headers/x"),
    ("list", "sys/config/ui/headers/"),
    ("read", "sys/config/ui/headers/X-A"),
    ("read", "sys/plugins/catalog"),
    ("read", "sys/plugins/catalog/auth"),
    ("list", "sys/plugins/catalog/auth/"),
    ("update", "sys/revoke-prefix/zz"),
    ("update", "sys/leases/revoke-prefix/zz"),
    ("update", "sys/leases/revoke-force/zz"),
    ("read", "sys/leases"),
    ("update", "sys/leases/lookup"),
    ("list", "sys/leases/lookup"),
    ("list", "sys/leases/lookup/a"),
    ("scan", "sys/leases/lookup/a"),
    ("read", "sys/internal/inspect/router/root"),
    ("read", "sys/internal/counters/activity"),
    ("list", "sys/policies/acl"),
    ("read", "sys/mounts"),
    ("read", "sys/health"),
    ("read", "sys/seal-status"),
    ("list", "auth/token/accessors"),
    ("read", "auth/token/accessors"),
    ("update", "auth/token/revoke-orphan"),
    ("update", "auth/token/revoke-orphan/zz"),
    ("update", "auth/token/lookup-accessor"),
    ("update", "pki/root/sign-self-issued"),
    ("delete", "pki/root"),
    ("read", "pki/root/x"),
    ("read", "pki/roots"),
    ("list", "pki/root"),
    ("read", "auth/userpass/login/zz"),
)
"""Operations on paths a mount guards, or nearly, that do no harm where they are allowed."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A token to ask with, and what the engine has to know about it."""

    name: str
    secret: str
    token: Token
    user: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    """The fixed ids of `policy.testing.identities`, to those the server chose."""


SEATS = {
    "plain": "",
    "plain-ns1": "ns1/",
    "plain-kid": "ns1/kid/",
    "default": "",
    "person": "",
    "person-ns1": "ns1/",
}
"""All seats with their namespaces. A person has an identity."""


class World:
    """The prepared server."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self.seats: dict[str, Seat] = {}
        self.probe_text = _PROBE_TEXT
        self._present: dict[str, bool] = {}
        self._filled: set[tuple[str, str]] = set()

    def prepare(self) -> None:
        """Make everything the tests need. Once for a server."""
        server = self.server
        server.must("DELETE", "sys/mounts/secret")
        for namespace in NAMESPACES:
            if namespace:
                parent, _, name = namespace.rstrip("/").rpartition("/")
                server.must("POST", f"sys/namespaces/{name}", {}, namespace=parent)
            for mount in MOUNTS:
                kind = {"type": "kv", "options": {"version": "1"}}
                server.must("POST", f"sys/mounts/{mount.rstrip('/')}", kind, namespace=namespace)
            server.must("POST", "sys/mounts/pki", {"type": "pki"}, namespace=namespace)
            server.must("POST", "sys/auth/userpass", {"type": "userpass"}, namespace=namespace)
            server.write_policy(PROBE, _PROBE_TEXT, namespace=namespace)
            for name in POLICY_NAMES:
                server.write_policy(name, "", namespace=namespace)
        for name, namespace in (("plain", ""), ("plain-ns1", "ns1/"), ("plain-kid", "ns1/kid/")):
            self.seats[name] = self._plain(name, namespace)
        self.seats["default"] = self._plain("default", "", ["default", *POLICY_NAMES, PROBE])
        for name, namespace in (("person", ""), ("person-ns1", "ns1/")):
            self.seats[name] = self._person(name, namespace)

    def _plain(self, name: str, namespace: str, names: Sequence[str] = _ALL) -> Seat:
        answer = self.server.must(
            "POST",
            "auth/token/create",
            {"policies": names, "no_default_policy": "default" not in names, "ttl": "700h"},
            namespace=namespace,
        )
        secret = answer.json["auth"]["client_token"]
        return Seat(name, secret, Token(tuple(names), namespace=namespace))

    def _person(self, name: str, namespace: str) -> Seat:
        """A login with an entity, one alias, a group, and a group above that group. The token
        holds `p1`, the entity `p2`, the inherited group `p3`."""
        server = self.server
        user = {
            "password": "p",
            "token_policies": ["p1", PROBE],
            "token_no_default_policy": True,
            "token_ttl": "700h",
            "token_max_ttl": "760h",
        }
        longest = {"max_lease_ttl": "760h"}
        server.must("POST", "sys/auth/userpass/tune", longest, namespace=namespace)
        server.must("POST", "auth/userpass/users/alice", user, namespace=namespace)
        login = server.must(
            "POST", "auth/userpass/login/alice", {"password": "p"}, token="", namespace=namespace
        )
        auth = login.json["auth"]
        entity = auth["entity_id"]
        found = server.must("GET", f"identity/entity/id/{entity}", namespace=namespace).data
        alias = found["aliases"][0]
        server.must(
            "POST", f"identity/entity/id/{entity}", {"policies": ["p2"]}, namespace=namespace
        )
        groups: list[str] = []
        for index, members in enumerate(({"member_entity_ids": [entity]}, None)):
            made = server.must(
                "POST",
                "identity/group",
                {
                    "name": f"group-{index}",
                    "policies": ["p3"] if index else [],
                    **(members or {"member_group_ids": groups}),
                },
                namespace=namespace,
            )
            groups.append(made.data["id"])
        server.must("POST", "identity/group", {"name": "stranger"}, namespace=namespace)
        ids = {
            "entity-id": entity,
            "alias-id": alias["id"],
            "auth_userpass_1": alias["mount_accessor"],
            "group-id-1": groups[0],
            "group-id-2": groups[1],
        }
        token = Token(("p1", PROBE), namespace=namespace)
        return Seat(name, auth["client_token"], token, "alice", ids)

    # Per case

    def write(
        self,
        seat: Seat,
        texts: Mapping[str, str],
        options: Mapping[str, Mapping[str, bool]],
    ) -> dict[str, Written]:
        """Store these policies in the namespace of the seat, and empty the others of the three.
        One that is refused is emptied as well: on the server the old text would stay."""
        written = {}
        for name in POLICY_NAMES:
            text = texts.get(name, "")
            chosen = {
                SLASHES: False,
                WILDCARDS: False,
                **options.get(name, {}),
            }
            namespace = seat.token.namespace
            where = (namespace, name)
            if name not in texts and where not in self._filled:
                continue
            answer = self.server.write_policy(name, text, namespace=namespace, options=chosen)
            if answer.accepted and name in texts:
                self._filled.add(where)
            elif where in self._filled:
                self._filled.discard(where)
                self.server.write_policy(name, "", namespace=namespace)
            if name in texts:
                written[name] = answer
        return written

    def seat_with(self, name: str, entity: Entity | None, groups: Sequence[Group]) -> Seat:
        """The seat after its identity was given these names and metadata, with real ids."""
        seat = self.seats[name]
        if entity is None:
            return seat
        server, namespace, ids = self.server, seat.token.namespace, seat.ids
        server.must(
            "POST",
            f"identity/entity/id/{ids['entity-id']}",
            {"name": entity.name, "metadata": dict(entity.metadata)},
            namespace=namespace,
        )
        drawn = entity.aliases[0]
        server.must(
            "POST",
            f"identity/entity-alias/id/{ids['alias-id']}",
            {
                "name": seat.user,
                "canonical_id": ids["entity-id"],
                "mount_accessor": ids["auth_userpass_1"],
                "custom_metadata": dict(drawn.custom_metadata),
            },
            namespace=namespace,
        )
        alias = replace(
            drawn, id=ids["alias-id"], name=seat.user, mount_accessor=ids["auth_userpass_1"]
        )
        known = []
        # A name may pass from one group to the other, so both are moved out of the way first.
        for group in groups:
            self._rename(namespace, ids[group.id], {"name": f"moving-{group.id}"})
        for group, policies in zip(groups, ((), ("p3",)), strict=True):
            change: dict[str, Any] = {"name": group.name, "metadata": dict(group.metadata)}
            self._rename(namespace, ids[group.id], change)
            known.append(replace(group, id=ids[group.id], policies=policies, namespace=namespace))
        real = replace(entity, id=ids["entity-id"], policies=("p2",), aliases=(alias,))
        return replace(seat, token=replace(seat.token, entity=real, groups=tuple(known)))

    def _rename(self, namespace: str, group: str, change: Mapping[str, Any]) -> None:
        self.server.must("POST", f"identity/group/id/{group}", change, namespace=namespace)

    # Whether an object exists decides between create and update

    def prepared(self, request: Request) -> Request | None:
        """The request as the server will understand it, after making its object exist or not;
        None for a write to a path that no object can have."""
        if request.operation not in (Operation.CREATE, Operation.UPDATE):
            return request
        if not {"", ".", ".."}.isdisjoint(request.path.removeprefix("/").split("/")):
            return None
        full = request.namespace + request.path.lstrip("/")
        key = _key_of(full)
        if not key:
            # Nothing is kept under the bare name of a mount, so a write there creates.
            is_mount = key is not None
            return replace(request, operation=Operation.CREATE if is_mount else Operation.UPDATE)
        wanted = request.operation is Operation.UPDATE
        if self._present.get(full) is not wanted:
            method, body = ("PUT", {"v": "1"}) if wanted else ("DELETE", None)
            if self.server.send(method, full, body).status != 204:
                return None
            self._present[full] = wanted
        return request

    def changed(self, request: Request) -> None:
        """Note that an allowed request may have changed its object."""
        if request.operation in (Operation.CREATE, Operation.UPDATE, Operation.DELETE):
            self._present.pop(request.namespace + request.path.lstrip("/"), None)


def _key_of(full: str) -> str | None:
    """The key in a KV mount a full path leads to, or None where it leads elsewhere."""
    inside = max((ns for ns in NAMESPACES if full.startswith(ns)), key=len)
    path = full.removeprefix(inside)
    for mount in MOUNTS:
        if (path + "/").startswith(mount):
            return path.removeprefix(mount.rstrip("/")).lstrip("/")
    return None
