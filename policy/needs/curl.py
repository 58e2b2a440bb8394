"""A `curl` command line, as documentation shows it and `-output-curl-string` prints it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.errors import UsageError
from policy.model import http_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.model import Request

__all__ = ["curl_request"]

_DATA = frozenset({"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--json"})
_OTHERS_WITH_VALUE = frozenset(
    (
        *("-A", "-b", "-c", "-e", "-E", "-F", "-m", "-o", "-u", "-w", "-x", "--cacert", "--capath"),
        *("--cert", "--connect-timeout", "--key", "--max-time", "--output", "--proxy", "--resolve"),
        *("--retry", "--user", "--user-agent", "--write-out"),
    )
)
_WITH_VALUE = _DATA | _OTHERS_WITH_VALUE | {"-X", "--request", "-H", "--header", "--url"}


def curl_request(
    words: Sequence[str], *, namespace: str = "", exists: bool | None = None
) -> Request:
    """The request of a `curl` command line without its first word.

    The URL may begin with anything up to `/v1/`. A body that is a file, or no JSON object, gives
    no parameters. Raises `UsageError` for a command line without a URL or with several.
    """
    method = ""
    bodies: list[str] = []
    targets: list[str] = []
    is_query = False
    for option, value in _options(words):
        if option in ("-X", "--request"):
            method = value
        elif option in _DATA:
            bodies.append(value)
        elif option in ("-H", "--header"):
            name, _, text = value.partition(":")
            if name.strip().lower() == "x-vault-namespace":
                namespace = text.strip().strip("/")
        elif option in ("", "--url"):
            targets.append(value)
        elif option in ("-I", "--head"):
            method = method or "HEAD"
        elif option in ("-G", "--get"):
            is_query = True
    if len(targets) != 1:
        raise UsageError(f"the curl command line has {len(targets)} URLs, not one")
    _, found, target = targets[0].partition("/v1/")
    if not found:
        raise UsageError(f"the URL `{targets[0]}` has no `/v1/` before its path")
    if is_query:
        target += ("&" if "?" in target else "?") + "&".join(bodies)
        bodies = []
    return http_request(
        method or ("POST" if bodies else "GET"),
        target,
        data=_parameters(bodies),
        namespace=namespace + "/" if namespace else "",
        exists=exists,
    )


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of option and value; the option is empty for a word of its own."""
    pending = list(words)[::-1]
    while pending:
        word = pending.pop()
        name, has_value, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word in _WITH_VALUE:
            if not pending:
                raise UsageError(f"the curl option `{word}` has no value")
            yield word, pending.pop()
        elif word.startswith("--"):
            yield (name, value) if has_value else (word, "")
        elif word[:2] in _WITH_VALUE:
            yield word[:2], word[2:]
        else:
            # Several letters in one word; the last may take a value, as in `-sXPOST`.
            for at, letter in enumerate(word[1:], 1):
                if f"-{letter}" in _WITH_VALUE:
                    rest = word[at + 1 :] or (pending.pop() if pending else "")
                    yield f"-{letter}", rest
                    break
                yield f"-{letter}", ""


def _parameters(bodies: Sequence[str]) -> dict[str, Any] | None:
    try:
        value = json.loads("&".join(bodies))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
