"""Does an answer fit a recorded one, with its placeholders?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.testing.server import Response

__all__ = ["differences", "substitute", "value_differences"]

_NOT_COMPARED = {"date", "content-length", "transfer-encoding", "connection", "server"}
_FORMS = {
    "accessor": r"[A-Za-z0-9]{20,}(?:\.[A-Za-z0-9]{5,6})?|[a-z0-9_-]+_[0-9a-f]{8}",
    "any": r".*",
    "batch-token": r"b\.[A-Za-z0-9_\-=.]{20,}",
    "cluster-addr": r"https?://[^\s\"]+",
    "cluster-name": r"[A-Za-z0-9._-]+",
    "hex": r"[0-9a-f]+",
    "host": r"[A-Za-z0-9._-]*",
    "index": r"[A-Za-z0-9+/=_-]+",
    "nonce": r"[0-9a-f-]*",
    "nsid": r"[A-Za-z0-9]{5,6}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
    "token": r"s\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9]{5,6})?",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "version": r"\d+\.\d+\.\d+\S*",
}
_PLACEHOLDER = re.compile(r"<(one-of|addr):([^>]+)>|<([a-z-]+)>|\{\{([\w.]+)\}\}")
_ABOUT = re.compile(r"<int~(-?\d+)>")


def substitute(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with every known `{{name}}` filled in."""
    if isinstance(value, str):
        return re.sub(r"\{\{([\w.]+)\}\}", lambda m: variables.get(m[1], m[0]), value)
    if isinstance(value, dict):
        return {key: substitute(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [substitute(inner, variables) for inner in value]
    return value


def differences(
    expected: Mapping[str, Any], actual: Response, variables: Mapping[str, str]
) -> list[str]:
    """Everything in which an answer differs from a recorded one; empty when it fits.

    `variables` holds the captured ones, and `addr:ROLE` for the address of each role.
    """
    if expected["status"] != actual.status:
        return [f"status {actual.status} instead of {expected['status']}: {actual.body[:300]!r}"]
    if actual.status == 0:
        return []
    found = []
    want = {name.lower(): value for name, value in expected["headers"].items()}
    have = {name.lower(): value for name, value in actual.headers.items()}
    for name in sorted(want.keys() | have.keys() - _NOT_COMPARED):
        if name not in want or name not in have:
            found.append(f"header {name}: {have.get(name)!r} instead of {want.get(name)!r}")
        else:
            found += value_differences(want[name], have[name], variables, f"header {name}")
    if "json" in expected:
        try:
            body = actual.json
        except ValueError:
            return [*found, f"no JSON: {actual.body[:300]!r}"]
        found += value_differences(expected["json"], body, variables, "body")
        if not actual.body.endswith(b"\n"):
            found.append("the body does not end in a line break")
    else:
        text = expected.get("text", "").encode()
        if actual.body != text:
            found.append(f"body {actual.body[:300]!r} instead of {text[:300]!r}")
    return found


def value_differences(
    expected: Any, actual: Any, variables: Mapping[str, str], where: str
) -> Iterator[str]:
    """The same for one value inside an answer."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            if key not in expected or key not in actual:
                kind = "missing" if key in expected else f"unexpected: {actual[key]!r}"
                yield f"{where}.{key}: {kind}"
            else:
                yield from value_differences(
                    expected[key], actual[key], variables, f"{where}.{key}"
                )
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{where}: {actual!r} instead of {expected!r}"
            return
        for at, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from value_differences(one, other, variables, f"{where}[{at}]")
    elif isinstance(expected, str) and _PLACEHOLDER.search(expected + "<int>"):
        if not _fits(expected, actual, variables):
            yield f"{where}: {actual!r} instead of {expected!r}"
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{where}: {actual!r} instead of {expected!r}"


def _fits(expected: str, actual: Any, variables: Mapping[str, str]) -> bool:
    about = _ABOUT.fullmatch(expected)
    if about is not None or expected in ("<int>", "<unix>"):
        if isinstance(actual, bool) or not isinstance(actual, int):
            return False
        if expected == "<unix>":
            return actual > 1_500_000_000
        return about is None or abs(actual - int(about[1])) <= max(10, abs(int(about[1])) // 1000)
    if expected == "<any>":
        return True
    if not isinstance(actual, str):
        return False
    pattern, end = "", 0
    for match in _PLACEHOLDER.finditer(expected):
        pattern += re.escape(expected[end : match.start()]) + f"(?:{_form(match, variables)})"
        end = match.end()
    return re.fullmatch(pattern + re.escape(expected[end:]), actual, re.DOTALL) is not None


def _form(match: re.Match[str], variables: Mapping[str, str]) -> str:
    kind, argument, name, variable = match.groups()
    if variable is not None:
        return re.escape(variables[variable]) if variable in variables else ".+?"
    if kind == "one-of":
        return "|".join(map(re.escape, argument.split("|")))
    if kind == "addr":
        return re.escape(variables[f"addr:{argument}"])
    return _FORMS.get(name, re.escape(match[0]))
