"""The comparison itself: it sees a difference where there is one."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from policy import DIALECTS
from policy.model import Operation, Request
from tests.corpus.report import compare_file
from tests.live.cases import Case, Field
from tests.live.compare import Comparison
from tests.live.disagreement import DisagreementError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.reduce import Asked
    from tests.live.world import World

pytestmark = pytest.mark.live

# Vault 1.11 differs from the server in these (spec of the ACL, section 13).
_LIST_WITH_PLUS = 'path "a/+" { capabilities = ["list"] }'
_OF_OPENBAO_ONLY = 'path "a" { capabilities = ["scan"] }'


@pytest.fixture
def other(world: World) -> Comparison:
    """A comparison with an engine that plays another server."""
    return Comparison(world, dialect=DIALECTS["vault-1.11"])


def test_acceptance(other: Comparison, comparison: Comparison) -> None:
    comparison.check(_OF_OPENBAO_ONLY)
    with pytest.raises(DisagreementError, match="acceptance"):
        other.check(_OF_OPENBAO_ONLY)


def test_capabilities(other: Comparison, comparison: Comparison) -> None:
    case = Case("plain", {"p1": _LIST_WITH_PLUS}, (), {"": ("a/b/",)})
    comparison.check(case)
    with pytest.raises(DisagreementError, match="capabilities"):
        other.check(case)


def test_requests(other: Comparison, comparison: Comparison) -> None:
    case = Case("plain", {"p1": _LIST_WITH_PLUS}, (Request(Operation.LIST, "a/b"),), {})
    comparison.check(case)
    with pytest.raises(DisagreementError, match="request"):
        other.check(case)


def test_rules(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing of rules is compared down to the values of parameters."""
    text = 'path "a" { policy = "read" allowed_parameters = { "k" = [true, 1, "x"] } }'
    comparison.check(text)
    monkeypatch.setattr("tests.live.compare.compiled_rules", lambda _: {"exact": {}, "prefix": {}})
    with pytest.raises(DisagreementError, match="rules"):
        comparison.check(text)


def test_a_crash_is_a_disagreement(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall_over(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("tests.live.engine.parse", fall_over)
    with pytest.raises(DisagreementError, match="crash"):
        comparison.check("")


def test_what_is_found_is_made_small(other: Comparison) -> None:
    text = f"# a comment\n{_LIST_WITH_PLUS}\n\n{_OF_OPENBAO_ONLY}\n"
    with pytest.raises(DisagreementError) as caught:
        other.check(text)
    small = other.smallest(caught.value).line["policy"]
    assert isinstance(small, str)
    assert "scan" in small
    assert len(small) < len(_OF_OPENBAO_ONLY)


@pytest.mark.parametrize(
    "asked",
    [
        _OF_OPENBAO_ONLY,
        _LIST_WITH_PLUS,
        Field(b64encode(_OF_OPENBAO_ONLY.encode()).decode()),
        Case("plain", {"p1": _LIST_WITH_PLUS}, (), {"": ("a/b/",)}),
        Case("plain-ns1", {"p1": _LIST_WITH_PLUS}, (Request(Operation.LIST, "ns1/a/b"),), {}),
    ],
)
def test_what_is_found_is_a_line_of_the_corpus(
    other: Comparison, asked: Asked, tmp_path: Path
) -> None:
    """Where another engine disagreed, the line holds the server's answer, and ours agrees."""
    with pytest.raises(DisagreementError) as caught:
        other.check(asked)
    file = tmp_path / "found.jsonl"
    line = dict(caught.value.disagreement.line)
    line["id"] = f"{line['id']}-1"
    file.write_text(json.dumps(line), encoding="utf-8")
    report = compare_file(file)
    assert not report.broken
    assert report.compared == report.agreed > 0


def test_known_disagreements_are_only_counted(other: Comparison) -> None:
    with pytest.raises(DisagreementError) as caught:
        other.check(_OF_OPENBAO_ONLY)
    other.known.add(caught.value.disagreement.signature)
    other.check(_OF_OPENBAO_ONLY)
    assert other.tally["disagreements"] == 2
