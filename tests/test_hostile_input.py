"""Texts made to hurt: each is answered with an error or a policy, in bounded time and memory.

Bounds are in seconds of this process's CPU and some twenty times what an idle machine takes, so
that only a change of kind fails: a quadratic step, a recursion, an endless loop.
"""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections.abc import Iterator

import pytest

import policy
from policy import DIALECTS, InvalidPolicyError, PolicyError, PolicySet, SourceError, Token
from policy.lower import Compiled, compile_policy
from policy.source import Source

OPENBAO = "openbao-2.7"
MEGABYTE = 1024 * 1024


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """The block takes no more CPU time than that."""
    start = time.process_time()
    yield
    taken = time.process_time() - start
    assert taken < seconds, f"{taken:.1f} s"


def compiled(text: str | bytes, dialect: str = OPENBAO) -> Compiled:
    """Compile a text, and show its findings as a person would see them."""
    result = compile_policy(Source.of(text, "hostile"), "p", DIALECTS[dialect], 0)
    for diagnostic in result.diagnostics:
        assert len(diagnostic.render()) < 5_000
    return result


def codes(text: str | bytes) -> list[str]:
    return [diagnostic.code for diagnostic in compiled(text).diagnostics]


# size


@pytest.mark.parametrize("size", [33, 50])
def test_fifty_megabytes(size: int) -> None:
    for text in (b"#" * (size * MEGABYTE), "#" * (size * MEGABYTE)):
        with at_most(2), pytest.raises(SourceError, match="larger than 32 MiB"):
            policy.parse(text)


LONG = {
    "line-comment": "#" + "x" * (4 * MEGABYTE),
    "line-comments": "#x\n" * MEGABYTE,
    "block-comment": "/*" + "*" * (4 * MEGABYTE) + "*/",
    "lines": "\n" * (4 * MEGABYTE),
    "string": 'name = "' + "x" * (4 * MEGABYTE) + '"',
    "escapes": 'name = "' + "\\n" * MEGABYTE + '"',
    "region": 'name = "${' + "x" * (4 * MEGABYTE) + '}"',
    "behind-a-region": 'name = "${}' + "x" * (4 * MEGABYTE) + '"',
    "regions": 'name = "' + "${}" * (MEGABYTE // 4) + '"',
    "heredoc": "name = <<E\n" + "\n" * (4 * MEGABYTE) + "E\n",
    "json-spaces": "{" + " " * (4 * MEGABYTE) + "}",
    "json-string": '{"name": "' + "x" * (4 * MEGABYTE) + '"}',
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_memory_stays_in_proportion(text: str) -> None:
    tracemalloc.start()
    try:
        with at_most(20):
            result = compile_policy(Source.of(text), "p", DIALECTS[OPENBAO], 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.policy is not None
    assert result.policy.rules == ()
    # Comments are kept, each an object of its own.
    assert peak < len(text) * (60 if "#x" in text else 30)


@pytest.mark.parametrize("is_json", [False, True])
def test_one_path_of_ten_megabytes(is_json: bool) -> None:
    path = "a" * (10 * MEGABYTE)
    text = f'{{"path": {{"{path}*": {{"policy": "read"}}}}}}'
    if not is_json:
        text = f'path "{path}*" {{ capabilities = ["read"] }}'
    with at_most(10):
        parsed = policy.parse(text, "p", dialect=OPENBAO, now=0)
        acl = PolicySet([parsed], OPENBAO).acl(Token(["p"]), now=0)
        assert acl.allows("read", path + "b")
        assert not acl.allows("read", path[:-1] + "b")


def test_a_million_capabilities() -> None:
    listed = ", ".join(['"read"'] * 1_000_000)
    with at_most(30):
        result = compiled(f'path "a" {{ capabilities = [{listed}] }}')
    assert result.policy is not None


def test_two_thousand_capabilities_that_do_not_exist() -> None:
    listed = ", ".join(['"raed"'] * 2_000)
    with at_most(40):
        result = compiled(f'path "a" {{ capabilities = [{listed}] }}')
    assert len(result.diagnostics) == 2_000


def test_an_attribute_repeated_a_hundred_thousand_times() -> None:
    text = 'path "a" { ' + 'policy = "read" ' * 100_000 + "}"
    with at_most(60):
        result = compile_policy(Source.of(text), "p", DIALECTS[OPENBAO], 0)
    assert result.policy is not None
    assert len(result.diagnostics) == 99_999  # a warning each: newer servers refuse it


def test_ten_thousand_labels() -> None:
    with at_most(5):
        assert codes("path " + '"a" ' * 10_000 + "{}") == ["ignored-label"]


def test_twenty_thousand_rules() -> None:
    text = "".join(f'path "a/{at}" {{ policy = "read" }}\n' for at in range(20_000))
    with at_most(40):
        result = compiled(text)
    assert result.policy is not None
    assert len(result.policy.rules) == 20_000


# depth


DEPTH = 100_000


@pytest.mark.parametrize(
    "text",
    [
        'path "a" { comment = ' + "[" * DEPTH + "]" * DEPTH + " }",
        'path "a" { comment = ' + "[" * DEPTH,
        "path a " + "{ a " * DEPTH + "}" * DEPTH,
        "path a " + "{ a " * DEPTH,
        "path a " + "{" * DEPTH,
        "path a = " + "[{ a = " * (DEPTH // 2),
        '{"path": ' * DEPTH + "1" + "}" * DEPTH,
        '{"path": ' * DEPTH,
        "{" * DEPTH,
    ],
    ids=[
        "lists",
        "open-lists",
        "blocks",
        "open-blocks",
        "braces",
        "mixed",
        "json",
        "open-json",
        "json-braces",
    ],
)
def test_a_hundred_thousand_levels(text: str) -> None:
    with at_most(20):
        found = codes(text)
    assert found[0] in ("nesting-too-deep", "missing-key", "missing-body"), found
    with pytest.raises(InvalidPolicyError):
        policy.parse(text)


@pytest.mark.parametrize("bracket", ["[", '{"a": ['])
def test_lists_in_json_do_not_nest(bracket: str) -> None:
    """An inner bracket is skipped there, so that depth means nothing."""
    with at_most(20):
        found = codes('{"path": {"a": {"comment": ' + bracket * 50_000)
    assert found


DEEP = 9_000


def nested(opening: str, inner: str, closing: str, depth: int = DEEP) -> str:
    return opening * depth + inner + closing * depth


HCL_VALUES = 'path "a" {{ allowed_parameters = {{ a = {} }} }}'
JSON_VALUES = '{{"path": {{"a": {{"policy": "", "allowed_parameters": {{"a": {}}}}}}}}}'
DEEP_TEXTS = {
    "lists": f'path "a" {{ comment = {nested("[", "", "]")} }}',
    "objects": f'path "a" {{ comment = {nested("{ a = ", "1", "}")} }}',
    "blocks": f'path "a" {{ comment {nested("{ a ", "{}", "}")} }}',
    "values": HCL_VALUES.format(nested("[", "", "]")),
    "map-values": HCL_VALUES.format(f"[{nested('{ a = ', '1', '}')}]"),
    "mixed-values": HCL_VALUES.format(nested("[{ a = ", "1", "}]", 4_000)),
    "json": '{"path": {"a": {"policy": "", "comment": ' + nested('{"a": ', "1", "}") + "}}}",
    "json-values": JSON_VALUES.format("[" + nested('{"a": ', "1", "}") + ", 1]"),
    "json-mixed": JSON_VALUES.format("[" + nested('{"a": [', "1", "]}", 4_000) + "]"),
}


@pytest.mark.parametrize("text", DEEP_TEXTS.values(), ids=DEEP_TEXTS)
def test_as_deep_as_we_follow(text: str) -> None:
    with at_most(30):
        result = compiled(text)
    assert result.policy is not None, result.diagnostics
    for rule in result.policy.rules:
        assert rule.path == "a"


def test_deep_values_are_compared_merged_and_decided() -> None:
    text = (
        'path "a" { policy = "write" denied_parameters = { a = ' + "[" * DEEP + "]" * DEEP + " } }"
    )
    parsed = policy.parse(text, "p", dialect=OPENBAO, now=0)
    other = policy.parse(text, "q", dialect=OPENBAO, now=0)
    value: list[object] = []
    for _ in range(DEEP - 2):
        value = [value]
    with at_most(10):
        acl = PolicySet([parsed, other], OPENBAO).acl(Token(["p", "q"]), now=0)
        request = policy.Request("update", "a", data={"a": value})  # type: ignore[arg-type]
        assert acl.decide(request).reason == "denied-parameter"
        assert acl.decide(request).explain()


# bytes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\0", "illegal-character"),
        (b"\0" * 100_000, "illegal-character"),
        (b'path "a" {}\0', "illegal-character"),
        ('path "a" {}'.encode("utf-8-sig"), "illegal-character"),
        ('path "a" {}'.encode("utf-16"), "invalid-utf-8"),
        ('path "a" {}'.encode("utf-16-le"), "illegal-character"),
        ('{"path": {}}'.encode("utf-16-le"), "unclosed-object"),
        ('path "a" {}'.encode("utf-32"), "invalid-utf-8"),
        (b"\xff" * 100_000, "invalid-utf-8"),
        (b'path "\xc3" {}', "invalid-utf-8"),
        (b'path "\xed\xa0\x80" {}', "invalid-utf-8"),
        (bytes(range(256)), "illegal-character"),
    ],
)
def test_bytes(text: bytes, code: str) -> None:
    with at_most(5):
        assert code in codes(text)


def test_a_lone_surrogate_in_a_string() -> None:
    with pytest.raises(InvalidPolicyError):
        policy.parse('path "\ud800" {}')
    with pytest.raises(InvalidPolicyError):
        policy.parse('{"path": "\ud800"}')


# unclosed, repeated, ambiguous


PIECES = [
    *(
        '"',
        '"${',
        '"${"',
        "/*",
        "/* *",
        "<<E\n",
        "<<-E\n E",
        "[",
        "[,",
        "{",
        "a {",
        "a = ",
        "a = [",
    ),
    *(
        'path "a" {\n',
        'path "a',
        'path "a" { capabilities = [\n',
        "\\",
        "(",
        "1e",
        "1e[",
        "0x",
        "-",
    ),
    *(
        '{"a":',
        '{"a":[',
        '{"a',
        "{{",
        "}",
        "]",
        "=",
        ",",
        "path\n",
        "path",
        "#\r",
        "${",
        '"a" ',
        ".",
    ),
]


@pytest.mark.parametrize("piece", PIECES)
def test_one_piece_twenty_thousand_times(piece: str) -> None:
    text = piece * 20_000
    with at_most(20):
        compiled(text)
    with at_most(20), contextlib.suppress(PolicyError):
        policy.parse("{" + text)


def test_templates_and_wildcards_without_end() -> None:
    for path in ("{{" * 50_000, "}}" * 50_000, "{{x}}" * 50_000, "+/" * 50_000, "*" * 100_000):
        with at_most(10), contextlib.suppress(PolicyError):
            parsed = policy.parse(
                f'path "{path}" {{ policy = "read" }}', "p", dialect=OPENBAO, now=0
            )
            acl = PolicySet([parsed], OPENBAO).acl(Token(["p"]), now=0)
            assert acl.allows("read", "a/" * 50_000 + "b") in (True, False)


# decisions


def test_nested_patterns() -> None:
    """`*`, `a*`, `aa*` and so on: every one of them fits the longest path."""
    count = 4_000
    text = "".join(f'path "{"a" * size}*" {{ policy = "read" }}\n' for size in range(count))
    with at_most(30):
        parsed = policy.parse(text, "p", dialect=OPENBAO, now=0)
        acl = PolicySet([parsed], OPENBAO).acl(Token(["p"]), now=0)
    with at_most(5):
        for size in range(0, count, 7):
            assert acl.allows("read", "a" * size + "b")
        decision = acl.decide(policy.Request("read", "a" * count))  # type: ignore[arg-type]
        assert decision.grant is not None
        assert len(decision.grant.pattern.text) == count - 1
        assert len(decision.trace) == count
        assert len(decision.explain().splitlines()) < 10


def test_a_hundred_thousand_patterns() -> None:
    text = "".join(
        f'path "{at:x}/+/{at % 7}*" {{ capabilities = ["read"] }}\n' for at in range(100_000)
    )
    with at_most(60):
        parsed = policy.parse(text, "p", dialect=OPENBAO, now=0)
        acl = PolicySet([parsed], OPENBAO).acl(Token(["p"]), now=0)
    with at_most(5):
        assert all(acl.allows("read", f"{at:x}/x/{at % 7}y") for at in range(0, 100_000, 97))
        assert not acl.allows("read", "0/x/1")


@pytest.mark.parametrize(
    "path",
    ["a/" * 200_000, "a" * MEGABYTE, "/" * MEGABYTE, "\udcff" * 1000, "../" * 100_000, "\0", ""],
)
def test_hostile_requests(path: str) -> None:
    text = 'path "a/+/+/+/+/*" { policy = "write" } path "*" { policy = "write" }'
    acl = PolicySet([policy.parse(text, "p", dialect=OPENBAO)], OPENBAO).acl(Token(["p"]), now=0)
    with at_most(10):
        for operation in policy.Operation:
            decision = acl.decide(policy.Request(operation, path))
            assert acl.allows(operation, path) == decision.allowed
            assert decision.explain()
        acl.capabilities(path)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), 1e300, -1.0, 0.0, 1e9]
)
def test_wrapping_ttls_that_are_none(value: float) -> None:
    text = 'path "a" { policy = "read" min_wrapping_ttl = 5 }'
    acl = PolicySet([policy.parse(text, "p", dialect=OPENBAO)], OPENBAO).acl(Token(["p"]), now=0)
    decision = acl.decide(policy.Request("read", "a", wrap_ttl_seconds=value))  # type: ignore[arg-type]
    assert decision.allowed == (value == 1e9)
