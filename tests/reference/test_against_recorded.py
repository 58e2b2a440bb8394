"""The reference itself must agree with every recorded verdict before it may judge the engine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.reference.data import (
    AliasData,
    EntityData,
    GroupData,
    PolicyData,
    Refused,
    RequestData,
    TokenData,
)
from tests.reference.model import Reference
from tests.reference.reading import Unreadable, read_policy
from tests.reference.rules import check_policy

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded" / "acl"

Case = Mapping[str, Any]
"""One line of a recorded file."""

NAMESPACES = ("ns1/", "ns1/ns2/", "ns3/", "nsu/", "nsu/kid/", "nsub/")
MOUNTS = {"pki/": "pki", "auth/userpass/": "userpass"} | {
    f"{namespace}auth/userpass/": "userpass" for namespace in NAMESPACES
}
NOW = 1_760_000_000.0
"""Recorded expirations are far from it on either side."""


def cases(path: Path) -> Iterator[Case]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def readable(case: Case) -> tuple[dict[str, PolicyData], set[str]]:
    """The policies the reference accepts, and the names of those it refuses."""
    accepted: dict[str, PolicyData] = {}
    refused: set[str] = set()
    for name, text in case["policies"].items():
        options = case.get("policy_options", {}).get(name, {})
        try:
            policy = PolicyData(
                read_policy(text),
                allow_slashes=options.get("allow_slashes_in_identity_templates", False),
                allow_wildcards=options.get("allow_wildcards_in_identity_templates", False),
            )
            check_policy(
                policy,
                dialect=case["dialect"],
                now=NOW,
                namespace=case.get("namespace", ""),
            )
        except (Refused, Unreadable):
            refused.add(name)
        else:
            accepted[name] = policy
    return accepted, refused


def token_of(case: Case) -> TokenData:
    names = list(case.get("token_policies", case["policies"]))
    # Section 8.1: when a token is created, `root` in the list leaves only `root`.
    if "root" in [name.strip().lower() for name in names]:
        names = ["root"]
    entity = case["entity"]
    return TokenData(
        policies=tuple(names),
        entity=entity
        and EntityData(
            id=entity["id"],
            name=entity["name"],
            metadata=entity["metadata"],
            policies=tuple(entity["policies"]),
            aliases=tuple(
                AliasData(
                    id=alias["id"],
                    name=alias["name"],
                    mount_accessor=alias["mount_accessor"],
                    metadata=alias["metadata"],
                    custom_metadata=alias["custom_metadata"],
                )
                for alias in entity["aliases"]
            ),
        ),
        groups=tuple(
            GroupData(
                id=group["id"],
                name=group["name"],
                metadata=group["metadata"],
                policies=tuple(group["policies"]),
                namespace=case.get("namespace", ""),
            )
            for group in case["groups"]
        ),
        namespace=case.get("namespace", ""),
    )


def disagreements(case: Case) -> list[str]:
    policies, refused = readable(case)
    found = []
    if refused != set(case.get("rejected", {})):
        found.append(f"refused {refused}, recorded {case.get('rejected')}")
    reference = Reference(
        policies,
        token_of(case),
        dialect=case["dialect"],
        now=NOW,
        mounts=MOUNTS,
        namespaces=NAMESPACES,
    )
    if (reference.error is not None) != ("acl_error" in case):
        found.append(f"ACL error {reference.error}, recorded {case.get('acl_error')}")
    for asked in case["capabilities"]:
        answer = reference.capabilities(asked["path"], asked.get("namespace", ""))
        if answer != asked["capabilities"]:
            found.append(f"{answer} for {asked}")
    for sent in case["requests"]:
        request = RequestData(
            operation=sent["operation"],
            path=sent["path"],
            namespace=sent.get("namespace", ""),
            data=sent["data"],
            wrap_ttl_seconds=sent["wrap_ttl_seconds"],
        )
        if reference.allows(request) != sent["allowed"]:
            found.append(f"not {sent}")
    return [f"{case['id']}: {one}" for one in found]


FILES = sorted(RECORDED.glob("*.jsonl.gz"))


def test_the_recorded_cases_are_all_there() -> None:
    every = [case for path in FILES for case in cases(path)]
    assert len(every) >= 5_189
    assert sum(len(case["requests"]) for case in every) >= 49_611
    assert sum(len(case["capabilities"]) for case in every) >= 155_937


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".jsonl.gz"))
def test_the_reference_agrees_with(path: Path) -> None:
    found = [one for case in cases(path) for one in disagreements(case)]
    assert not found, f"{len(found)} disagreements\n" + "\n".join(found[:20])
