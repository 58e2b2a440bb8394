"""What the comparison draws: policy texts, and whole cases of policies, identity and requests."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from policy.model import STEP_DOWN, Operation, Request
from policy.testing import (
    REALISTIC,
    TINY,
    as_hcl,
    as_json,
    identities,
    mutated,
    neighbourhood,
    patterns,
    patterns_near,
    policies,
    policy_sets,
    random_request,
    templates,
    token_soup,
)
from tests.live.verdict import is_harmless
from tests.live.world import GUARDED, NAMESPACES, SEATS, SLASHES, WILDCARDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from hypothesis.strategies import SearchStrategy

    from policy.model import Entity, Group

__all__ = [
    "OPERATIONS",
    "Case",
    "Field",
    "cases",
    "random_field",
    "step_down_cases",
    "texts",
    "with_requests",
]

_GUARDED = frozenset(GUARDED)
_GUARDED_PATHS = tuple(dict.fromkeys(path for _, path in GUARDED))
_PATHS = 120
_OFTEN = ("plain", "plain", "person", "person", *SEATS)
OPERATIONS = (
    *(Operation.READ, Operation.LIST, Operation.CREATE, Operation.UPDATE, Operation.PATCH),
    *(Operation.DELETE, Operation.SCAN, Operation.HELP, Operation.HEADER),
)
_UNUSUAL = (
    " ",
    "\t",
    "%2f",
    "%",
    "?",
    "#",
    ";",
    "\\",
    "~",
    ".",
    "\x7f",
    "\u00a0",
    "\u200b",
    "\ufffd",
    "é",
)
_OF_DEFAULT = (
    *("cubbyhole/a", "cubbyhole/", "sys/capabilities-self", "sys/tools/hash", "sys/tools/hash/a"),
    *("auth/token/lookup-self", "sys/wrapping/lookup", "identity/oidc/provider/a/authorize"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A policy as a client may send it: the text, or the same in base64."""

    value: str


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to ask both sides. Ids of the identity are the fixed words of the strategies."""

    seat: str
    policies: Mapping[str, str]
    requests: tuple[Request, ...]
    asked: Mapping[str, tuple[str, ...]]
    """By namespace, the paths to ask `sys/capabilities` about."""
    entity: Entity | None = None
    groups: tuple[Group, ...] = ()
    options: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    is_guarded: bool = False
    """Whether it is about paths a mount guards."""


def texts(recorded: Sequence[str] = ()) -> SearchStrategy[str]:
    """Policy texts of every kind, damaged ones among them; `recorded` are more to damage."""
    labels = st.one_of(patterns(), patterns(REALISTIC), _odd_labels())
    usual, odd = policies(labels), policies(labels, odd=True)
    kinds = [usual, odd, odd, mutated(usual), mutated(odd), token_soup(), mutated(token_soup())]
    if recorded:
        kinds += [mutated(st.sampled_from(recorded))] * 3
    return st.one_of(kinds)


def _odd_labels() -> SearchStrategy[str]:
    """Labels with templates, braces and stars in places where they may not stand."""
    pieces = ("a", "/", "+", "*", "{{", "}}", "identity.entity.name", "{", "}", " ", "+*", "${x}")
    return st.lists(st.sampled_from(pieces), max_size=6).map("".join)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A case of one of these kinds: small colliding patterns, guarded paths, templates, patterns
    that reach into other namespaces."""
    seat = draw(st.sampled_from(_OFTEN))
    home = SEATS[seat]
    is_person = seat.startswith("person")
    entity, groups = draw(identities(special=draw(st.booleans()))) if is_person else (None, ())
    guarded = draw(st.integers(0, 4)) == 4
    segments = REALISTIC if draw(st.integers(0, 4)) == 4 else TINY
    fresh = patterns(segments)
    if guarded:
        fresh = st.one_of(st.sampled_from(_GUARDED_PATHS), _patterns_near_guarded())
    if entity is not None:
        fresh = st.one_of(fresh, _templated(fresh, entity, groups))
    elif draw(st.integers(0, 3)) == 3:
        fresh = st.builds(str.__add__, st.sampled_from(("ns1/", "ns1/kid/", "+/", "ns")), fresh)
    drawn = draw(policy_sets(paths=fresh.map(_without_forbidden), segments=segments))
    forms = st.sampled_from((as_hcl, as_json))
    written = {name: draw(forms)(found) for name, found in drawn.items()}
    options = {
        name: {option: draw(st.booleans()) for option in (SLASHES, WILDCARDS)}
        for name in (written if is_person else ())
    }
    values = {} if entity is None else _values(entity, groups)
    labels = [rule.path.removeprefix("/") for rules in drawn.values() for rule in rules]
    pool = [_filled(home + label, values) for label in labels]
    full = neighbourhood(dict.fromkeys(pool), limit=_PATHS)
    if seat == "default":
        full += _OF_DEFAULT
    elsewhere = draw(st.sampled_from(NAMESPACES))
    asked = {namespace: tuple(_inside(full, namespace)) for namespace in {home, "", elsewhere}}
    case = Case(
        seat,
        written,
        (),
        {namespace: paths for namespace, paths in sorted(asked.items()) if paths},
        entity,
        groups,
        options,
        is_guarded=guarded,
    )
    dice = draw(st.randoms(use_true_random=False))
    return with_requests(case, dice, draw(st.integers(0, 12)))


def random_field(random: Random, text: str) -> Field:
    """A text in base64, sometimes a little wrong, or a heap of letters that may be base64."""
    if random.randrange(3) == 0:
        return Field("".join(random.choice(_LETTERS) for _ in range(random.randint(1, 8))))
    field = b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
    place = random.randint(0, len(field))
    match random.randrange(5):
        case 0:
            field = field[:place] + random.choice(_LETTERS) + field[place:]
        case 1:
            field = field[:place] + field[place + 1 :]
        case 2:
            field = field.rstrip("=")
        case 3:
            field = b64encode(field.encode("ascii")).decode("ascii")
        case _:
            pass
    return Field(field)


_LETTERS = (
    *("path", "name", "AAAA", "ab", "a", "=", "==", "\n", "\r\n", " ", "-", "_", "/", "//", "+"),
    *("#", "cGF0aA==", "IyBj", "{}", "e30=", "é"),
)


@st.composite
def step_down_cases(draw: st.DrawFn) -> Case:
    """Policies around `sys/step-down`, and ways to ask for it. Only for a server with HA."""
    near = patterns_near(_STEP_DOWN, ("sys", "step-down", "step", "+"))
    drawn = draw(policy_sets(paths=st.one_of(st.sampled_from(_STEP_DOWN), near)))
    texts = {name: as_hcl(found) for name, found in drawn.items()}
    dice = draw(st.randoms(use_true_random=False))
    asked = [
        random_request(dice, ("sys/step-down",), operations=(Operation.UPDATE, Operation.HELP))
        for _ in range(6)
    ]
    paths = ("sys/step-down", "sys/step-down/", "sys/seal")
    return Case("plain", texts, (*asked, STEP_DOWN), {"": paths})


_STEP_DOWN = (
    "sys/step-down",
    "sys/*",
    "sys/+",
    "+/step-down",
    "sys/step-*",
    "*",
    "+/+",
    "sys/seal",
)


def with_requests(case: Case, random: Random, count: int) -> Case:
    """The case with other requests: near the patterns, or some of the guarded ones."""
    return replace(case, requests=tuple(_request(case, random) for _ in range(count)))


def _request(case: Case, random: Random) -> Request:
    namespace = random.choice(tuple(case.asked) or ("",))
    paths = case.asked.get(namespace) or ("a",)
    request = random_request(random, paths, operations=OPERATIONS, namespaces=(namespace,))
    if random.randrange(50) == 0:
        request = replace(request, path=request.path + random.choice(_UNUSUAL))
    if case.is_guarded and random.randrange(4):
        word, path = random.choice(GUARDED)
        operation = Operation(word)
        if operation is not request.operation:
            request = replace(request, data={} if operation is Operation.UPDATE else None)
        request = replace(request, operation=operation, path=path)
    if is_harmless(request, _GUARDED):
        return request
    return replace(request, operation=Operation.READ, data=None)


def _inside(full: Sequence[str], namespace: str) -> list[str]:
    """The paths that can be asked about in a namespace; the server trims blanks around them."""
    found = []
    for path in full:
        relative = path.removeprefix(namespace) if path.startswith(namespace) else path
        if relative and relative == relative.strip():
            found.append(relative)
    return list(dict.fromkeys(found))


def _patterns_near_guarded() -> SearchStrategy[str]:
    words = ("sys", "auth", "config", "leases", "x", "zz", "token", "root")
    return patterns_near(_GUARDED_PATHS, words)


@st.composite
def _templated(
    draw: st.DrawFn, fresh: SearchStrategy[str], entity: Entity, groups: Sequence[Group]
) -> str:
    """A pattern with a template in the place of one segment, or behind one."""
    parts = draw(fresh).split("/")
    at = draw(st.integers(0, len(parts) - 1))
    template = draw(templates(entity, groups))
    parts[at] = template if draw(st.booleans()) else parts[at].removesuffix("*") + template
    return "/".join(parts)


def _without_forbidden(pattern: str) -> str:
    # Taken together two allowed pieces may read `+*`.
    return pattern.replace("+*", "+")


_TEMPLATE = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def _values(entity: Entity, groups: Sequence[Group]) -> dict[str, str]:
    """What the usual selectors stand for, to find paths worth asking about."""
    values = {"identity.entity.id": entity.id, "identity.entity.name": entity.name}
    values |= {f"identity.entity.metadata.{k}": v for k, v in entity.metadata.items()}
    for alias in entity.aliases:
        prefix = f"identity.entity.aliases.{alias.mount_accessor}"
        values |= {f"{prefix}.id": alias.id, f"{prefix}.name": alias.name}
        values |= {f"{prefix}.custom_metadata.{k}": v for k, v in alias.custom_metadata.items()}
    for group in groups:
        for prefix in (f"identity.groups.ids.{group.id}", f"identity.groups.names.{group.name}"):
            values |= {f"{prefix}.id": group.id, f"{prefix}.name": group.name}
            values |= {f"{prefix}.metadata.{k}": v for k, v in group.metadata.items()}
    return values


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _TEMPLATE.sub(lambda found: values.get(found[1], "none"), pattern)
