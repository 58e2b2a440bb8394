"""What is checked is what is served: no path that a router could read as another one."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.middleware.targets import refusal


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("", b""),
        ("*", b"*"),
        ("http://host/a", b"http://host/a"),
        ("//a", b"//a"),
        ("/a//b", b"/a//b"),
        ("/a/b", b"/a%2fb"),
        ("/a/b", b"/a%2Fb"),
        ("/a//b", b"/a/%2Fb"),
        ("/a/../b", b"/a/../b"),
        ("/a/../b", b"/a/%2e%2e/b"),
        ("/..", b"/.."),
        ("/a/.", b"/a/%2E"),
        ("/a\\b", b"/a\\b"),
        ("/a\\b", b"/a%5cb"),
        ("/a%2Fb", b"/a%252Fb"),
        ("/100%", b"/100%25"),
        ("/a\0b", b"/a%00b"),
        ("/a\nb", b"/a%0Ab"),
        ("/a\x7f", b"/a%7F"),
        ("/a\u2028b", b"/a%E2%80%A8b"),
        ("/a\ufffd", b"/a%FF"),
        ("/a\udcff", b"/a%FE"),
        ("/a", b"/b"),
        ("/a", b"/a?b"),
        ("/a", b"/%62"),
    ],
)
def test_refused(path: str, raw: bytes) -> None:
    assert refusal(path, raw) is not None


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/", b"/"),
        ("/a/b", b"/a/b"),
        ("/a/b/", b"/a/b/"),
        ("/a b", b"/a%20b"),
        ("/ä", b"/%C3%A4"),
        ("/ä", "/ä".encode()),
        ("/...", b"/..."),
        ("/.a/b.", b"/.a/b."),
        ("/a.b/c*+;=", b"/a.b/c*+;="),
        ("/a", b"/%61"),
        ("/a", None),
    ],
)
def test_taken(path: str, raw: bytes | None) -> None:
    assert refusal(path, raw) is None


PIECES = st.sampled_from(
    [*"aB/.%\\?;*+ ä\0\x7f", "//", "..", "%2F", "%2f", "%2e", "%5c", "%252F", "%61", "%FF", "%C3"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_every_reading_of_a_path_that_is_taken_is_the_same(sent: str) -> None:
    raw = ("/" + sent.replace("?", "")).encode()
    path = unquote(raw.decode())
    if refusal(path, raw) is not None:
        return
    readings = {
        path,
        unquote(path),
        path.replace("\\", "/"),
        re.sub("//+", "/", path),
        posixpath.normpath(path) + ("/" if path.endswith("/") and path != "/" else ""),
        "/".join(unquote(part) for part in raw.decode().split("/")),
    }
    assert readings == {path}
