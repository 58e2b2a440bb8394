"""Makes what was asked smaller while it still shows what is looked for.

Hypothesis does this too, but over everything it drew, which takes it half a minute a case. Leaving
out pieces of the policy texts is quicker, and ends in smaller ones.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.live.cases import Case, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Asked", "reduced", "smallest"]

Asked = str | Field | Case
"""What both sides can be asked: a policy text, a policy field of the API, a whole case."""

_FEW = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\s+|.', re.DOTALL)


def smallest(asked: Asked, shows: Callable[[Asked], bool]) -> Asked:
    """A smaller text or case for which `shows` holds; the same one if there is none."""
    if isinstance(asked, str):
        return reduced(asked, shows)
    if isinstance(asked, Field):
        return Field(reduced(asked.value, lambda value: shows(Field(value))))
    case = asked
    one_request = (replace(case, requests=(request,), asked={}) for request in case.requests)
    for simpler in (replace(case, requests=()), *one_request):
        if shows(simpler):
            case = simpler
            break
    for name in tuple(case.policies):
        case = _with_less(case, name, shows)
    return case


def _with_less(case: Case, name: str, shows: Callable[[Case], bool]) -> Case:
    others = {other: text for other, text in case.policies.items() if other != name}
    without = replace(case, policies=others)
    if shows(without):
        return without

    def changed(text: str) -> Case:
        policies: Mapping[str, str] = {**case.policies, name: text}
        return replace(case, policies=policies)

    return changed(reduced(case.policies[name], lambda text: shows(changed(text))))


def reduced(text: str, shows: Callable[[str], bool]) -> str:
    """A shorter text for which `shows` holds, found by leaving out ever smaller pieces.

    First halves, quarters and so on, then every run of tokens, and in a short text of characters.
    """
    size = len(text)
    while size > 1:
        size = (size + 1) // 2
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        text = "".join(_with_fewer(pieces, 1, shows))
    pieces = _TOKEN.findall(text)
    if len(pieces) <= _FEW:
        text = "".join(_with_fewer(pieces, len(pieces), shows))
    if len(text) <= _FEW:
        text = "".join(_with_fewer(list(text), len(text), shows))
    return text


def _with_fewer(pieces: list[str], longest: int, shows: Callable[[str], bool]) -> list[str]:
    """The pieces without every run, the longest first, that can be left out."""
    for length in range(longest, 0, -1):
        start = 0
        while start < len(pieces):
            fewer = pieces[:start] + pieces[start + length :]
            if shows("".join(fewer)):
                pieces = fewer
            else:
                start += 1
    return pieces
