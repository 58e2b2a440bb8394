"""The guard against a slow, literal reading of the data files, on paths near their entries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

import policy.catalog.data
from policy.catalog import Fact
from policy.model import DIALECTS
from tests.catalog.servers import MOUNTS, guard

DATA: Final = Path(policy.catalog.data.__file__).parent
ENTRIES: Final[list[Any]] = json.loads((DATA / "guarded.json").read_text())["entries"]
BACKENDS: Final = {mount.path: mount.backend for mount in MOUNTS.mounts}

# Which versions speak for a dialect: itself if it was read, else the one below and the one above.
READ_VERSIONS: Final = {
    "openbao-2.7": ("2.7", "2.7"),
    "vault-1.11": ("1.11", "1.11"),
    "vault-1.21": ("1.20", "2.0"),
    "vault-2.0": ("2.0", "2.0"),
}
AGES: Final = ["1.11", "1.14", "1.20", "2.0", "2.7"]


def fits(pattern: str, path: str) -> bool:
    """One entry alone, as a regular expression over the whole path."""
    parts = [
        "[^/]*" if part == "+" else re.escape(part) for part in pattern.removesuffix("*").split("/")
    ]
    whole = "/".join(parts) + (".*" if pattern.endswith("*") else "")
    return re.fullmatch(whole, path, re.DOTALL) is not None


def literal(entries: Iterable[str], path: str) -> str | None:
    """Section 7: the longest entry that is a string prefix; a plain one must equal the path.
    Entries with a `+` segment are tried after that."""
    entries = list(entries)
    plain = [entry for entry in entries if "+" not in entry.split("/")]
    fitting = [entry for entry in plain if path.startswith(entry.removesuffix("*"))]
    if fitting:
        longest = max(fitting, key=lambda entry: (len(entry.removesuffix("*")), len(entry)))
        if longest.endswith("*") or longest == path:
            return longest
    others = [entry for entry in entries if entry not in plain and fits(entry, path)]
    return others[0] if others else None


def declared(dialect: str, backend: str, kind: str) -> list[str]:
    """The entries that count for a dialect, by the rule the data files describe."""
    product = dialect.partition("-")[0]
    below, above = READ_VERSIONS[dialect]
    found = []
    for entry in ENTRIES:
        versions = entry["versions"].get(product, [])
        if kind == "sudo":
            counts = any(AGES.index(version) <= AGES.index(above) for version in versions)
        else:
            counts = below in versions and above in versions
        if (
            counts
            and entry["kind"] == kind
            and entry["mount"] == backend
            and entry["enforced_by"] in ("router", "core")
        ):
            found.append(entry["pattern"])
    return found


def reading(dialect: str, path: str, kind: str) -> str | None:
    mount = max((mount for mount in BACKENDS if path.startswith(mount)), key=len, default=None)
    if mount is None:
        return None
    entry = literal(declared(dialect, BACKENDS[mount], kind), path.removeprefix(mount))
    return None if entry is None else mount + entry


def said(fact: Fact | None) -> str | None:
    return None if fact is None else fact.path


SEGMENT: Final = st.sampled_from(
    ("", "x", "root", "a b", "é", "+", "*", "x\ny", "sign-self-issued")
)
TAILS: Final = st.sampled_from(("", "", "", "/", "x", "/x", "/x/y", "//", "*"))
_PATTERNS: Final = {
    mount: sorted({entry["pattern"] for entry in ENTRIES if entry["mount"] == backend})
    for mount, backend in BACKENDS.items()
}


@st.composite
def paths(draw: st.DrawFn) -> str:
    """Entries filled in, lengthened, cut short, or put on a mount they do not belong to."""
    home = draw(st.sampled_from(sorted(_PATTERNS)))
    pattern = draw(st.sampled_from(_PATTERNS[home] or ["x"]))
    path = "/".join(
        draw(SEGMENT) if part == "+" else part for part in pattern.removesuffix("*").split("/")
    )
    path += draw(TAILS)
    path = path[: len(path) - draw(st.sampled_from((0, 0, 0, 1, 2)))]
    mount = draw(st.sampled_from((home, home, home, home, "kv/", "nowhere/", "", "ns1/" + home)))
    return mount + path


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(sorted(DIALECTS)), paths())
def test_the_guard_answers_what_the_data_says(dialect: str, path: str) -> None:
    server = guard(dialect)
    assert said(server.root_protected(path)) == reading(dialect, path, "sudo")
    assert said(server.unauthenticated(path)) == reading(dialect, path, "unauthenticated")


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(DIALECTS)), paths())
def test_no_version_between_is_laxer_than_its_neighbours(dialect: str, path: str) -> None:
    """The entries of several versions together must not hide each other's."""
    mount = max((mount for mount in BACKENDS if path.startswith(mount)), key=len, default=None)
    if mount is None:
        return
    product = dialect.partition("-")[0]
    for version in READ_VERSIONS[dialect]:
        own = {
            kind: literal(
                [
                    entry["pattern"]
                    for entry in ENTRIES
                    if entry["kind"] == kind
                    and entry["mount"] == BACKENDS[mount]
                    and entry["enforced_by"] in ("router", "core")
                    and version in entry["versions"].get(product, [])
                ],
                path.removeprefix(mount),
            )
            for kind in ("sudo", "unauthenticated")
        }
        if own["sudo"] is not None:
            assert guard(dialect).root_protected(path) is not None
        if guard(dialect).unauthenticated(path) is not None:
            assert own["unauthenticated"] is not None


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(DIALECTS)), paths())
def test_advice_is_every_other_entry_that_fits(dialect: str, path: str) -> None:
    product = dialect.partition("-")[0]
    below, above = READ_VERSIONS[dialect]
    wanted = set()
    for mount, backend in BACKENDS.items():
        for entry in ENTRIES:
            versions = entry["versions"].get(product, [])
            near = [version in versions for version in (below, above)]
            if (
                path.startswith(mount)
                and entry["mount"] == backend
                and (entry["enforced_by"] not in ("router", "core"))
                and (all(near) if entry["kind"] == "unauthenticated" else any(near))
                and fits(entry["pattern"], path.removeprefix(mount))
            ):
                wanted.add(entry["id"])
    assert {fact.id for fact in guard(dialect).advice(path)} == wanted
