"""What is decided at a glance is held to the long way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.analyze import Form, PathSet
from policy.catalog import MountTable
from policy.lint import Level, Project, Selection, lint
from policy.lint.endpoints import Endpoints
from policy.lint.rules import impossible_path, missing_sudo
from policy.model import DEFAULT_DIALECT, Pattern
from policy.source import Source
from tests.lint.world import NOW

_WORDS = """
+ . .. * a* a sys auth token accessors mounts keys é data config role step-down leases lookup acl
"""
SEGMENT = st.sampled_from(["", "b c", "\x7f", *_WORDS.split()])
PATH = st.lists(SEGMENT, min_size=1, max_size=5).map("/".join)
CAPABILITIES = st.lists(
    st.sampled_from(["create", "delete", "deny", "list", "patch", "read", "sudo", "update"]),
    max_size=4,
)


@settings(deadline=None)
@given(PATH)
def test_an_ordinary_pattern_matches_what_a_request_can_have(path: str) -> None:
    pattern = Pattern.compile(path)
    if impossible_path._is_ordinary(pattern.text):
        assert pattern.text in ("", "/") or PathSet.matching(pattern).witness(Form.REQUEST)


@pytest.mark.parametrize("backend", ["system", "auth:token", "kv-v2", "kv-v1", "transit", "pki"])
@settings(deadline=None)
@given(path=PATH, mount=st.sampled_from(["sys/", "auth/token/", "a/"]))
def test_templates_that_begin_otherwise_share_no_path(backend: str, path: str, mount: str) -> None:
    endpoints = Endpoints.of(backend, DEFAULT_DIALECT.product)
    assert endpoints is not None
    pattern = Pattern.compile(mount + path)
    known = endpoints.touched(mount, pattern)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoints, "_near", lambda self, _: self._templates)
        assert known == endpoints.touched(mount, pattern)


@settings(deadline=None)
@given(st.lists(st.tuples(PATH, CAPABILITIES), min_size=1, max_size=4))
def test_a_call_that_comes_to_mind_settles_what_the_analysis_would_say(
    rules: list[tuple[str, list[str]]],
) -> None:
    quoted = [(path, ", ".join(f'"{word}"' for word in words)) for path, words in rules]
    text = "\n".join(f'path "sys/{path}" {{ capabilities = [{words}] }}' for path, words in quoted)

    def found() -> list[str]:
        project = Project(DEFAULT_DIALECT, MountTable.default(), mounts_given=False, now=NOW)
        project.add("p", Source.of(text, "p.hcl"))
        only = Selection(Level.REGULAR, only=frozenset({"missing-sudo"}))
        return [finding.diagnostic.render() for finding in lint(project, only)]

    short = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(missing_sudo, "_allows_a_call", lambda *_: False)
        assert found() == short
