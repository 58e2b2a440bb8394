"""What a client might ask of a server around `sys/step-down`: likely requests, and odd ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from tests.server.sequences.steps import Step

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

__all__ = ["TOPICS", "sequence"]

_METHODS: Final = (
    "GET",
    "PUT",
    "POST",
    "DELETE",
    "LIST",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "SCAN",
    "FOO",
)
_ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, "", 0, 1, -1, 2.5, True, False, [], {}, "bogus", "1h", "true", "5", "a,b", " a , b "),
    *(["a", "b"], ["a", 1], [["a"]], {"a": "b"}, {"a": 1}, {"a": ["b"]}, ["a=b"], "A-B.c", "-5s"),
    *("root", "default", [""], "a b", "é", "1d", "7", {"a": None}, [None], "a=b"),
)
_TEXTS: Final = (
    *('{"a":', "garbage", "[]", "null", '"x"', " ", "{}", "{} x", '{"a":1,"a":2}', "policies=a"),
    *("token=x&ttl=1h", "{'a':1}", '{"ttl":tru}', "\x00", '{"a":"\\ud800"}', "a=%zz"),
)
_POLICIES: Final = ("p1", "p2", "p3", "nosuch", "default", "root", "P1", "team/p")
_RULES: Final = (
    'path "sys/*" { capabilities = ["create","read","update","delete","list","sudo","patch"] }',
    'path "*" { capabilities = ["create","read","update","delete","list","patch","scan"] }',
    'path "auth/token/*" { capabilities = ["create","update","read","list"] }',
    (
        'path "auth/token/create" { capabilities = ["update","sudo"] }\n'
        'path "auth/token/create-orphan" { capabilities = ["update"] }\n'
        'path "auth/token/lookup*" { capabilities = ["read","update"] }'
    ),
    'path "kv/*" { capabilities = ["read","list"] }\npath "kv/data/+/x" { policy = "write" }',
    (
        'path "secret/*" { capabilities = ["create","read"] }\npath "secret/a" { capabilities = '
        '["deny"] }'
    ),
    (
        'path "secret/{{identity.entity.name}}/*" { capabilities = ["create","update","read"] }\n'
        'path "secret/{{identity.entity.metadata.team}}" { capabilities = ["read"] }'
    ),
    (
        'path "sys/policies/acl/*" { capabilities = ["read","update","create"] '
        'required_parameters = ["policy"] denied_parameters = { "ttl" = [] } }\n'
        'path "sys/policies/acl" { capabilities = ["list"] }'
    ),
    (
        'path "secret/w" { capabilities = ["read","create","update"] min_wrapping_ttl = "10s" '
        'max_wrapping_ttl = "2m" }'
    ),
    'path "sys/mounts" { capabilities = ["read"] }\npath "identity/*" { policy = "read" }',
    'path "cubbyhole/*" { capabilities = [] }\npath "sys/capabilities-self" { policy = "deny" }',
    'path "sys/step-down" { capabilities = ["update"] }',
    (
        'path "auth/up/users/u1" { capabilities = ["create","read","update","delete"] }\n'
        'path "auth/up/users/U1/password" { capabilities = ["update"] }\n'
        'path "sys/wrapping/*" { capabilities = ["update"] }'
    ),
    '{"path":{"secret/*":{"capabilities":["read","list"]},"sys/health":{"policy":"sudo"}}}',
    'path "x" { capabilities = ["fly"] }',
    'path "x" { policy = "read" ',
    "",
    "path",
    (
        'name = "x"\npath "a/+/b*" { capabilities = ["read"] allowed_parameters = { "a" = ["b", 1] '
        '"*" = [] } pagination_limit = 7 }'
    ),
)
_PLACES: Final = (
    *("secret/a", "secret/b", "secret/a/b", "secret/w", "kv/data/a", "kv/metadata/a", "sys/mounts"),
    *("sys/policies/acl/p1", "auth/token/create", "sys/step-down", "nosuch/x", "cubbyhole/a", "/"),
    *("secret/", "kv/data/x/x", "sys/health", "identity/entity", "/secret/a", "a/x/bc", ""),
)
_PAGES: Final = tuple(f"/v1/sys/{name}" for name in ("health", "init", "leader", "seal-status"))
_TTLS: Final = (
    "1h",
    "30m",
    3600,
    "90",
    "2s",
    "1s",
    "0",
    0,
    "800h",
    "-1h",
    "bogus",
    "1d",
    "1.5h",
    60,
)
_NAMES: Final = ("e1", "e2", "E1", "ops", "a b", "x/y", "")


@dataclass(slots=True)
class Pen:
    """Writes down the steps of one sequence."""

    dice: random.Random
    steps: list[Step] = field(default_factory=list)
    made: dict[str, list[str]] = field(default_factory=dict)
    """References to what earlier steps hand out, by kind."""
    namespaces: list[str] = field(default_factory=list)

    def one(self, *choices: Any) -> Any:
        """One of them."""
        return self.dice.choice(choices)

    def maybe(self, chance: float) -> bool:
        """True that often."""
        return self.dice.random() < chance

    def some(self, **fields: Any) -> dict[str, Any]:
        """Some of these fields."""
        return {name: value for name, value in fields.items() if self.maybe(0.3)}

    def any_of(self, kind: str, *others: str) -> str:
        """A reference of that kind, sometimes one of another kind, or to nothing."""
        known = self.made.get(kind, [])
        if known and self.maybe(0.85):
            return self.dice.choice(known)
        wrong = [ref for refs in self.made.values() for ref in refs]
        return self.dice.choice([*others, "nosuch", *wrong])

    def token(self) -> str:
        """Who asks: mostly root, often somebody else, sometimes nobody."""
        if self.maybe(0.55):
            return "<root>"
        return self.any_of("token", "<root>", "", "s.nosuch", "b.nosuch")

    def write(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        makes: Sequence[str] = (),
        token: str | None = None,
        plain: bool = False,
        **more: Any,
    ) -> None:
        """One request; unless it is to be a plain one, with something odd about it now and then.

        `makes` are the kinds of what its answer hands out.
        """
        step = Step(
            len(self.steps) + 1,
            method,
            "/v1/" + path.replace(" ", "%20").replace("é", "%C3%A9"),
            json,
            token=self.token() if token is None else token,
            **more,
        )
        if not plain:
            step = self._odd(step)
        self.steps.append(step)
        for kind in makes:
            self.made.setdefault(kind, []).append(f"<{kind}:{step.number}>")

    def _odd(self, step: Step) -> Step:
        if isinstance(step.json, dict) and self.maybe(0.25):
            step = replace(step, json=self._odd_fields(step.json))
        # A status page is no page any more with something behind it, whatever lists it.
        is_page = step.target.startswith(_PAGES)
        # And who writes the policy `default` changes it for all sequences to come.
        is_fixed = (is_page and step.target.endswith("/")) or "default" in step.target
        if self.maybe(0.06) and not is_fixed:
            step = replace(step, method=self.dice.choice(_METHODS))
        if self.maybe(0.03):
            step = replace(step, json=None, text=self.dice.choice(_TEXTS))
        if self.maybe(0.06) and not is_page:
            ends = ("/", "?list=true", "?list=1&after=", "?x=1", "//", "/x", "?list=x")
            step = replace(step, target=step.target + self.dice.choice(ends))
        headers = dict(step.headers)
        if step.method == "PATCH" and self.maybe(0.8):
            headers["Content-Type"] = "application/merge-patch+json"
        if self.maybe(0.05):
            headers["X-Vault-Wrap-TTL"] = self.one("60", "1m", "5s", "0", "-1", "bogus", "1h")
        if self.maybe(0.03):
            headers["Content-Type"] = self.one(
                "application/x-www-form-urlencoded", "text/plain", "application/json"
            )
        if self.maybe(0.12 if self.namespaces else 0.03):
            headers["X-Vault-Namespace"] = self.dice.choice(
                [*(self.namespaces * 4), "root", "nosuch", "/", "team", "team/inner/"]
            )
        if self.maybe(0.02):
            headers["X-Vault-Request"] = "true"
        return replace(step, headers=headers)

    def _odd_fields(self, given: dict[str, Any]) -> dict[str, Any]:
        changed = dict(given)
        kind = self.dice.randrange(3)
        if kind == 0 and changed:
            changed[self.dice.choice(sorted(changed))] = self.dice.choice(_ODD_VALUES)
        elif kind == 1 and changed:
            del changed[self.dice.choice(sorted(changed))]
        else:
            name = self.one("zz", "Policy", "unknown", "name", "token", "id", "ttl", "path")
            changed[name] = self.dice.choice(_ODD_VALUES)
        return changed

    def post(self) -> str:
        return str(self.one("POST", "PUT"))


# Policies


def _policies(pen: Pen) -> None:
    name = pen.one(*_POLICIES, "p1", "p2", "p3", "a b", "x.y")
    face = pen.one("sys/policies/acl", "sys/policies/acl", "sys/policy")
    kind = pen.dice.randrange(10)
    if kind < 4:
        # The server cannot be given its own default policy back.
        name = "p1" if name == "default" else name
        word = "rules" if face == "sys/policy" and pen.maybe(0.5) else "policy"
        body = {word: pen.one(*_RULES)} | pen.some(
            cas=pen.one(-1, 0, 1, 2, "1"),
            cas_required=pen.one(True, False, "true"),
            ttl=pen.one(*_TTLS),
            expiration=pen.one("2040-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "x", 4102444800),
        )
        if pen.maybe(0.6):
            body = {word: body[word]}
        if pen.maybe(0.1):
            body["name"] = pen.one("p2", "other")
        pen.write(pen.post(), f"{face}/{name}", body)
    elif kind < 6:
        pen.write("GET", f"{face}/{name}")
    elif kind < 7:
        pen.write(*pen.one(("LIST", face), ("GET", face), ("GET", f"{face}?list=true")))
    elif kind < 8:
        pen.write("DELETE", f"{face}/{name}")
    elif kind < 9:
        pen.write("LIST", f"{face}/{pen.one('team', 'p1', 'x')}")
    else:
        pen.write("GET", "sys/internal/ui/resultant-acl")


def _capabilities(pen: Pen) -> None:
    kind = pen.dice.randrange(4)
    count = pen.one(1, 1, 2, 4)
    paths = [pen.dice.choice(_PLACES) for _ in range(count)]
    asked: Any = pen.one(paths, paths, ",".join(paths))
    body = {pen.one("paths", "paths", "path"): asked}
    if kind == 0:
        pen.write(pen.post(), "sys/capabilities-self", body)
    elif kind == 1:
        pen.write(
            pen.post(), "sys/capabilities", body | {"token": pen.any_of("token", "<root>", "")}
        )
    elif kind == 2:
        body |= {"accessor": pen.any_of("accessor", "")}
        pen.write(pen.post(), "sys/capabilities-accessor", body)
    else:
        pen.write("GET", "sys/internal/ui/resultant-acl")


# Tokens


def _token_fields(pen: Pen) -> dict[str, Any]:
    fields = pen.some(
        policies=pen.dice.sample(_POLICIES, pen.dice.randint(0, 3)),
        ttl=pen.one(*_TTLS),
        num_uses=pen.one(0, 1, 1, 2, 3, "2", -1),
        renewable=pen.one(True, False),
        display_name=pen.one("ops", "a b!c", "é"),
        meta=pen.one({"a": "b"}, {"x": "1", "y": "2"}, {}),
    )
    if pen.maybe(0.35):
        fields |= pen.some(
            explicit_max_ttl=pen.one(*_TTLS),
            period=pen.one(*_TTLS),
            no_parent=pen.one(True, False),
            no_default_policy=pen.one(True, False),
            type=pen.one("batch", "batch", "service", "default", "x"),
            id=pen.one("mine", "mine-2", "s.abc", "a.b", ""),
            entity_alias=pen.one("u1", "nosuch"),
            lease=pen.one("1h", "2h"),
        )
    return fields


def _make_token(pen: Pen) -> None:
    path = pen.one("create", "create", "create", "create-orphan", "create/r1", "create/r2")
    pen.write(pen.post(), f"auth/token/{path}", _token_fields(pen), makes=("token", "accessor"))


def _tokens(pen: Pen) -> None:
    kind = pen.dice.randrange(16)
    token, accessor = pen.any_of("token", "<root>"), pen.any_of("accessor")
    increment = pen.some(increment=pen.one(*_TTLS))
    sleep = 1.3 if pen.maybe(0.02) else 0.0
    if kind < 4:
        _make_token(pen)
    elif kind < 6:
        pen.write(pen.one("GET", "GET", "POST"), "auth/token/lookup-self", sleep=sleep)
    elif kind < 7:
        pen.write("POST", "auth/token/lookup", {"token": token}, sleep=sleep)
    elif kind < 8:
        pen.write("POST", "auth/token/lookup-accessor", {"accessor": accessor}, sleep=sleep)
    elif kind < 9:
        pen.write(pen.post(), "auth/token/renew-self", increment, sleep=sleep)
    elif kind < 10:
        pen.write(pen.post(), "auth/token/renew", {"token": token} | increment)
    elif kind < 11:
        pen.write(pen.post(), "auth/token/renew-accessor", {"accessor": accessor} | increment)
    elif kind < 12:
        path = pen.one("revoke", "revoke-orphan", "revoke")
        if token != "<root>":
            pen.write(pen.post(), f"auth/token/{path}", {"token": token})
    elif kind < 13:
        pen.write(pen.post(), "auth/token/revoke-accessor", {"accessor": accessor})
    elif kind < 14:
        who = pen.any_of("token", "")
        if who != "<root>":
            pen.write(pen.post(), "auth/token/revoke-self", token=who)
    elif kind < 15:
        pen.write(*pen.one(("LIST", "auth/token/accessors"), ("GET", "auth/token/lookup")))
    else:
        pen.write("GET", pen.one("sys/policies/acl/p1", "auth/token/roles/r1", "nosuch/x"))


def _roles(pen: Pen) -> None:
    kind = pen.dice.randrange(8)
    name = pen.one("r1", "r1", "r2", "R1", "nosuch", "a.b")
    if kind < 4:
        fields = pen.some(
            allowed_policies=pen.one(["p1", "p2"], "p1,P2", [], "*"),
            allowed_policies_glob=pen.one(["p*"], "x*,p?", []),
            disallowed_policies=pen.one(["p3"], "p1", ["default"]),
            disallowed_policies_glob=pen.one(["p*"], ["d*"]),
            orphan=pen.one(True, False),
            renewable=pen.one(True, False),
            period=pen.one(*_TTLS),
            token_period=pen.one(*_TTLS),
            explicit_max_ttl=pen.one(*_TTLS),
            token_explicit_max_ttl=pen.one(*_TTLS),
            path_suffix=pen.one("suffix", "a", "x/y", "ab-cd"),
            token_type=pen.one("batch", "service", "default", "default-batch", "x"),
            token_no_default_policy=pen.one(True, False),
            token_num_uses=pen.one(0, 1, 3, -1),
            token_bound_cidrs=pen.one(["127.0.0.1"], "10.0.0.0/8,127.0.0.0/8", "x"),
            allowed_entity_aliases=pen.one(["u1"], ["*"]),
        )
        if pen.maybe(0.3):
            fields = dict(list(fields.items())[:1])
        pen.write(pen.post(), f"auth/token/roles/{name}", fields)
    elif kind < 5:
        pen.write("GET", f"auth/token/roles/{name}")
    elif kind < 6:
        pen.write("LIST", "auth/token/roles")
    elif kind < 7:
        pen.write("DELETE", f"auth/token/roles/{name}")
    else:
        pen.write(
            "POST", f"auth/token/create/{name}", _token_fields(pen), makes=("token", "accessor")
        )


# Identity


def _entities(pen: Pen) -> None:
    kind = pen.dice.randrange(10)
    name, entity = pen.one(*_NAMES), pen.any_of("id")
    fields = pen.some(
        policies=pen.one(["p1"], "p1,p2", [], ["root"], ["P3 ", "p1", "p1"]),
        metadata=pen.one({"team": "a"}, {"team": "b", "x": "1"}, {}, ["k=v"]),
        disabled=pen.one(True, False, False),
    )
    if kind < 3:
        pen.write("POST", "identity/entity", {"name": name} | fields, makes=("id",))
    elif kind < 4:
        pen.write("POST", f"identity/entity/name/{name}", fields, makes=("id",))
    elif kind < 5:
        pen.write("POST", f"identity/entity/id/{entity}", fields | pen.some(name=name))
    elif kind < 6:
        pen.write("GET", f"identity/entity/{pen.one(f'id/{entity}', f'name/{name}')}")
    elif kind < 7:
        pen.write("LIST", f"identity/entity/{pen.one('id', 'name')}")
    elif kind < 8:
        pen.write("DELETE", f"identity/entity/{pen.one(f'id/{entity}', f'name/{name}')}")
    elif kind < 9:
        body = pen.one(
            *({"id": entity}, {"name": name}, {"alias_id": entity}, {"alias_name": "u1"}),
            {"alias_name": "u1", "alias_mount_accessor": pen.any_of("mount")},
        )
        pen.write("POST", "identity/lookup/entity", body)
    else:
        pen.write("POST", "identity/entity", {"id": entity} | fields)


def _aliases(pen: Pen) -> None:
    kind = pen.dice.randrange(6)
    alias = pen.any_of("id")
    body = {"name": pen.one("u1", "u2"), "mount_accessor": pen.any_of("mount")} | pen.some(
        canonical_id=pen.any_of("id"),
        custom_metadata=pen.one({"a": "b"}, {}),
    )
    if kind < 3:
        pen.write("POST", "identity/entity-alias", body, makes=("id", "canonical"))
    elif kind < 4:
        pen.write("GET", f"identity/entity-alias/id/{alias}")
    elif kind < 5:
        pen.write("LIST", "identity/entity-alias/id")
    else:
        pen.write(
            *pen.one(
                ("DELETE", f"identity/entity-alias/id/{alias}"),
                ("POST", f"identity/entity-alias/id/{alias}", body),
            )
        )


def _groups(pen: Pen) -> None:
    kind = pen.dice.randrange(9)
    name, group = pen.one("g1", "g2", "G1", ""), pen.any_of("id")
    fields = pen.some(
        policies=pen.one(["p1"], "p1,p2", [], ["root"]),
        metadata=pen.one({"team": "a"}, {}),
        member_entity_ids=pen.one([pen.any_of("id")], [], pen.any_of("id")),
        member_group_ids=pen.one([pen.any_of("id")], []),
        type=pen.one("internal", "external", "x"),
    )
    if kind < 3:
        pen.write("POST", "identity/group", {"name": name} | fields, makes=("id",))
    elif kind < 4:
        pen.write("POST", f"identity/group/name/{name}", fields, makes=("id",))
    elif kind < 5:
        pen.write("POST", f"identity/group/id/{group}", fields)
    elif kind < 6:
        pen.write("GET", f"identity/group/{pen.one(f'id/{group}', f'name/{name}')}")
    elif kind < 7:
        pen.write("LIST", f"identity/group/{pen.one('id', 'name')}")
    elif kind < 8:
        pen.write("DELETE", f"identity/group/{pen.one(f'id/{group}', f'name/{name}')}")
    else:
        pen.write("POST", "identity/lookup/group", pen.one({"id": group}, {"name": name}))


# Userpass


def _enable_userpass(pen: Pen) -> None:
    pen.write("POST", "sys/auth/up", {"type": "userpass"}, token="<root>", plain=True)
    pen.write("GET", "sys/auth/up", makes=("mount",), token="<root>", plain=True)


def _userpass(pen: Pen) -> None:
    kind = pen.dice.randrange(9)
    name = pen.one("u1", "u1", "u2", "U1", "nosuch")
    if kind < 3:
        fields = pen.some(
            token_policies=pen.one(["p1"], "p1,p2", []),
            policies=pen.one("p2", ["p1", "p3"]),
            token_ttl=pen.one(*_TTLS),
            token_max_ttl=pen.one(*_TTLS),
            token_explicit_max_ttl=pen.one(*_TTLS),
            token_period=pen.one(*_TTLS),
            token_num_uses=pen.one(0, 1, 2, -1),
            token_type=pen.one("batch", "service", "default", "x", "default-batch"),
            token_no_default_policy=pen.one(True, False),
            token_bound_cidrs=pen.one(["127.0.0.1"], "127.0.0.0/8", "x"),
        )
        if pen.maybe(0.85):
            fields["password"] = "pw"
        pen.write("POST", f"auth/up/users/{name}", fields)
    elif kind < 6:
        body = {"password": pen.one("pw", "pw", "pw", "bad", "")}
        token = pen.one("", "", "<root>", "nosuch")
        pen.write(
            "POST",
            f"auth/up/login/{name}",
            body,
            makes=("token", "accessor", "entity"),
            token=token,
        )
    elif kind < 7:
        pen.write("GET", f"auth/up/users/{name}")
    elif kind < 8:
        pen.write(*pen.one(("LIST", "auth/up/users"), ("DELETE", f"auth/up/users/{name}")))
    else:
        part, body = pen.one(
            ("password", {"password": "pw2"}), ("policies", {"token_policies": ["p2"]})
        )
        pen.write("POST", f"auth/up/users/{name}/{part}", body)


# Key-value


def _mount_secrets(pen: Pen) -> None:
    pen.write("POST", "sys/mounts/secret", {"type": "kv"}, token="<root>", plain=True)
    options = {"version": "2"}
    body = {"type": "kv", "options": options}
    pen.write("POST", "sys/mounts/kv", body, token="<root>", plain=True)


def _kv1(pen: Pen) -> None:
    kind = pen.dice.randrange(7)
    mount = pen.one("secret", "secret", "cubbyhole")
    path = f"{mount}/{pen.one('a', 'b', 'a/b', 'a/b/c', 'w', 'é')}"
    if kind < 3:
        pen.write(pen.post(), path, pen.one({"x": "1"}, {"ttl": "1h", "x": 2}, {"lease": "x"}, {}))
    elif kind < 5:
        pen.write("GET", path)
    elif kind < 6:
        pen.write("LIST", pen.one(mount, f"{mount}/a", path))
    else:
        pen.write("DELETE", path)


def _kv2(pen: Pen) -> None:
    kind = pen.dice.randrange(16)
    name = pen.one("a", "a", "b", "a/b")
    options = {"options": pen.some(cas=pen.one(0, 1, 2, "1", -1))} if pen.maybe(0.4) else {}
    numbers = {"versions": pen.one([1], [1, 2], "1,3", [9], 1, [])}
    settings = pen.some(
        max_versions=pen.one(0, 1, 2, -1),
        cas_required=pen.one(True, False),
        delete_version_after=pen.one("1h", "0s", "2s", "-1s", "bogus"),
        metadata_cas_required=pen.one(True, False),
    )
    if kind < 4:
        data = {"data": pen.one({"x": 1}, {"y": {"z": None, "l": [1]}}, {}, None)}
        pen.write(pen.post(), f"kv/data/{name}", data | options)
    elif kind < 6:
        pen.write(
            "GET", f"kv/data/{name}{pen.one('', '', '?version=1', '?version=9', '?version=x')}"
        )
    elif kind < 7:
        headers = {"Content-Type": "application/merge-patch+json"}
        body = {"data": pen.one({"x": None}, {"y": {"q": 1}}, {"n": 1})} | options
        pen.write("PATCH", f"kv/data/{name}", body, headers=headers)
    elif kind < 8:
        pen.write("DELETE", f"kv/data/{name}")
    elif kind < 10:
        pen.write("POST", f"kv/{pen.one('delete', 'undelete', 'destroy')}/{name}", numbers)
    elif kind < 11:
        pen.write("GET", f"kv/metadata/{name}")
    elif kind < 12:
        custom = pen.some(
            custom_metadata=pen.one({"a": "b"}, {}, {"a": 1}), metadata_cas=pen.one(0, 1, 2)
        )
        pen.write("POST", f"kv/metadata/{name}", settings | custom)
    elif kind < 13:
        pen.write(
            *pen.one(
                ("LIST", "kv/metadata"),
                ("LIST", "kv/metadata/a"),
                ("DELETE", f"kv/metadata/{name}"),
            )
        )
    elif kind < 14:
        pen.write("GET", pen.one(f"kv/subkeys/{name}", f"kv/subkeys/{name}?depth=1", f"kv/{name}"))
    elif kind < 15:
        pen.write("POST", "kv/config", settings)
    else:
        pen.write("GET", "kv/config")


# Mounts and namespaces


def _mounts(pen: Pen) -> None:
    kind = pen.dice.randrange(10)
    face = pen.one("mounts", "auth")
    path = pen.one("m1", "m1", "m2", "m1/in")
    if face == "mounts" and pen.maybe(0.3):
        path = pen.one("secret", "sys", "cubbyhole", "auth")
    if kind < 3:
        kinds = ("kv", "kv", "kv-v2", "kv-v1") if face == "mounts" else ("userpass", "userpass")
        body: dict[str, Any] = {"type": pen.one(*kinds, "nosuch")}
        body |= pen.some(
            description=pen.one("about", ""),
            options=pen.one({"version": "1"}, {"version": "2"}, {"version": "3"}, None, {"x": "y"}),
            config=pen.one({"default_lease_ttl": "1h"}, {"max_lease_ttl": "2h"}, {}, {"x": 1}),
            local=pen.one(True, False),
            seal_wrap=pen.one(True, False),
        )
        pen.write("POST", f"sys/{face}/{path}", body)
    elif kind < 4:
        pen.write("GET", f"sys/{face}")
    elif kind < 5:
        pen.write("GET", f"sys/{face}/{path}", makes=("mount",))
    elif kind < 6:
        pen.write("GET", f"sys/{face}/{path}/tune")
    elif kind < 7:
        if path not in ("sys", "auth", "cubbyhole", "secret"):
            pen.write("DELETE", f"sys/{face}/{path}")
    elif kind < 8:
        body = pen.some(
            default_lease_ttl=pen.one("1h", "0", "bogus", 60),
            max_lease_ttl=pen.one("2h", "30m"),
            description=pen.one("tuned", ""),
            options=pen.one({"version": "2"}, {"version": "1"}),
        )
        if path in ("m1", "m2", "m1/in"):
            pen.write("POST", f"sys/{face}/{path}/tune", body)
    elif kind < 9:
        pen.write("GET", f"sys/internal/ui/mounts{pen.one('', f'/{path}', f'/{path}/x')}")
    else:
        method = pen.one("GET", "POST", "LIST", "DELETE")
        pen.write(
            method,
            pen.one("m1/a", "m1/data/a", "m2/x", "auth/m1/users/u"),
            {"x": "1"} if method == "POST" else None,
        )


def _namespaces(pen: Pen) -> None:
    kind = pen.dice.randrange(8)
    path = pen.one("team", "team", "other", "team/inner", "root", "sys", "a b")
    if kind < 3:
        body = pen.some(custom_metadata=pen.one({"a": "b"}, {}))
        pen.write("POST", f"sys/namespaces/{path}", body)
        if "/" not in path and path in ("team", "other"):
            pen.namespaces.append(path)
    elif kind < 4:
        pen.write("GET", f"sys/namespaces/{path}")
    elif kind < 5:
        pen.write(pen.one("LIST", "GET"), "sys/namespaces")
    elif kind < 6:
        pen.write("GET", "sys/internal/ui/namespaces")
    else:
        headers = {"X-Vault-Namespace": pen.one("team", "team/", "other", "nosuch", "root")}
        what = pen.one(
            ("GET", "sys/policies/acl/default", None),
            ("LIST", "sys/policies/acl", None),
            ("POST", "sys/policies/acl/p1", {"policy": pen.one(*_RULES)}),
            ("GET", "auth/token/lookup-self", None),
            ("GET", "sys/mounts", None),
            ("POST", "identity/entity", {"name": "e1"}),
            ("PUT", "sys/step-down", None),
            ("GET", "sys/health", None),
            ("GET", "sys/leader", None),
            ("POST", "sys/capabilities-self", {"path": "sys/mounts"}),
        )
        if pen.maybe(0.2):
            body = {"policies": ["p1"]}
            pen.write(
                "POST", "auth/token/create", body, headers=headers, makes=("token", "accessor")
            )
        else:
            pen.write(*what, headers=headers)


# Wrapping


def _wrapping(pen: Pen) -> None:
    kind = pen.dice.randrange(9)
    wrapped = pen.any_of("wrapped", "")
    headers = {"X-Vault-Wrap-TTL": pen.one("60", "1m", "5s")}
    if kind < 2:
        pen.write(
            "POST",
            "sys/wrapping/wrap",
            pen.one({"a": "b"}, {}, {"x": {"y": 1}}),
            headers=headers,
            makes=("wrapped",),
        )
    elif kind < 4:
        what = pen.one(
            ("POST", "auth/token/create", {"ttl": "1h"}),
            ("GET", "auth/token/lookup-self", None),
            ("GET", "sys/policies/acl/default", None),
            ("GET", "secret/a", None),
            ("DELETE", "sys/policies/acl/p3", None),
        )
        pen.write(*what, headers=headers, makes=("wrapped",))
    elif kind < 5:
        token = pen.one("", "<root>")
        pen.write(pen.post(), "sys/wrapping/lookup", {"token": wrapped}, token=token)
    elif kind < 6:
        pen.write(pen.post(), "sys/wrapping/unwrap", {"token": wrapped})
    elif kind < 7:
        pen.write(pen.post(), "sys/wrapping/unwrap", token=wrapped)
    elif kind < 8:
        pen.write(pen.post(), "sys/wrapping/rewrap", {"token": wrapped}, makes=("wrapped",))
    else:
        path = pen.one("auth/token/lookup-self", "cubbyhole/response", "sys/wrapping/lookup")
        pen.write("GET", path, token=wrapped)


# Status, and nothing in particular


def _status(pen: Pen) -> None:
    query = pen.one("", "", "?standbyok=true", "?activecode=299", "?sealedcode=x", "?standbyok=yes")
    method, path, body = pen.one(
        ("GET", f"sys/health{query}", None),
        ("HEAD", f"sys/health{query}", None),
        ("GET", "sys/leader", None),
        ("GET", "sys/seal-status", None),
        ("GET", "sys/init", None),
        ("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1}),
        ("PUT", "sys/unseal", {"key": pen.one("abcd", "0" * 64, "", "zz")}),
        ("GET", "sys/ha-status", None),
        ("GET", "sys/key-status", None),
        ("GET", "sys/step-down", None),
        ("POST", "sys/seal/", None),
        ("GET", "sys/nosuch", None),
        ("GET", "nosuch/thing", None),
        ("LIST", "auth/nosuch", None),
        ("GET", "sys/policies", None),
        ("GET", "sys/leader/", None),
        ("GET", "identity/entity/nosuch", None),
        ("GET", "auth/token", None),
        ("GET", "auth/token/nosuch", None),
    )
    pen.write(method, path, body)


def _step_down(pen: Pen) -> None:
    # Whoever may would cost the real server ten seconds.
    token = pen.one("", "s.nosuch", "nosuch")
    pen.write(pen.post(), "sys/step-down", pen.one(None, {"a": 1}), token=token)


TOPICS: Final[dict[str, tuple[Callable[[Pen], None], Callable[[Pen], None] | None]]] = {
    "aliases": (_aliases, _enable_userpass),
    "capabilities": (_capabilities, None),
    "entities": (_entities, None),
    "groups": (_groups, None),
    "kv1": (_kv1, _mount_secrets),
    "kv2": (_kv2, _mount_secrets),
    "mounts": (_mounts, None),
    "namespaces": (_namespaces, None),
    "policies": (_policies, None),
    "roles": (_roles, None),
    "status": (_status, None),
    "step-down": (_step_down, None),
    "tokens": (_tokens, None),
    "userpass": (_userpass, _enable_userpass),
    "wrapping": (_wrapping, None),
}
"""What a sequence may be about: its requests, and how it begins."""


def sequence(dice: random.Random, topics: Sequence[str] = ()) -> list[Step]:
    """A random sequence about one to three topics."""
    pen = Pen(dice)
    chosen: Sequence[str] = topics or dice.sample(sorted(TOPICS), dice.randint(1, 3))
    begun = set()
    for topic in chosen:
        begin = TOPICS[topic][1]
        if begin is not None and begin not in begun:
            begun.add(begin)
            begin(pen)
    for name in ("p1", "p2")[: dice.randint(0, 2)]:
        body = {"policy": dice.choice(_RULES[:13])}
        pen.write("PUT", f"sys/policies/acl/{name}", body, token="<root>", plain=True)
    for _ in range(dice.randint(0, 3)):
        names = dice.sample(("p1", "p2", "default"), dice.randint(1, 2))
        pen.write(
            "POST",
            "auth/token/create",
            {"policies": names},
            makes=("token", "accessor"),
            token="<root>",
            plain=True,
        )
    for _ in range(dice.randint(4, 14)):
        TOPICS[dice.choice(chosen)][0](pen)
    return pen.steps
