"""Whether the server takes a `list_scan_response_keys_filter_path`.

It is a Go text template over `.path` (the rule's path) and `.key`. OpenBao 2.7.2 refuses the policy
unless it parses, runs, and gives two different texts for two random keys of 32 letters and digits.
Here the same is done with eight fixed keys, by a small evaluator of the language that such
templates are written in: text, comments, trim markers, pipelines, variables, `if`, `with`, the
standard functions and those the server adds.

Not modelled, so refused as not determined (fail closed): `range`, `define`, `template`, `block` and
`call`; `index` of a string; `printf` other than `%s %v %d %q`, with widths (`%.8s` is fine) or with
values that do not fit; printed fractions; letters outside ASCII in `js`, `%q`, `uppercase` and an
empty `replace`; a template over 16 KiB, deep nesting, very large values; a result that hangs on
chance (as of `{{ .key | truncate 1 }}`), on the clock or on an unknown path. Complex numbers and
hexadecimal fractions are taken for syntax errors.
"""

from __future__ import annotations

from policy.lower.list_filter.functions import CLOCK
from policy.lower.list_filter.run import Run
from policy.lower.list_filter.syntax import Node, as_bytes, parse, tokens_of
from policy.lower.list_filter.values import UndeterminedFilterError, undetermined

__all__ = ["UndeterminedFilterError", "check_list_filter"]

_MAX_TEXT = 16 * 1024  # characters of a template


def check_list_filter(text: str, path: str | None = None) -> None:
    """Check a filter template, which is not empty, as the server does when a policy is written.

    `path` is the value of `.path`: the rule's path without a leading `/` and, unless it has a
    segment `+`, without the final `*`. Left out, a verdict that depends on it is not determined.

    Raises `ValueError` with one phrase when the server refuses the template, and its subclass
    `UndeterminedFilterError` when that cannot be told.
    """
    if "{{" not in text:
        raise ValueError(_SAME)
    if len(text) > _MAX_TEXT:
        raise undetermined("it is longer than 16 KiB")
    tokens = tokens_of(text)
    template = parse(tokens)
    asks_the_time = any(token.kind == "word" and token.text in CLOCK for token in tokens)
    verdicts = {
        _verdict(template, name, moment)
        for name in ((path,) if path is not None else _STAND_IN_PATHS)
        for moment in (_MOMENTS if asks_the_time else _MOMENTS[:1])
    }
    if len(verdicts) > 1:
        raise undetermined("it depends on the clock or on the path")
    complaint = verdicts.pop()
    if complaint is not None:
        raise ValueError(complaint)


def _verdict(template: tuple[Node, ...], path: str, moment: int) -> str | None:
    """None if the template tells all keys apart, else why it is refused."""
    results: set[bytes] = set()
    complaints: list[str] = []
    for key in _KEYS:
        run = Run({"key": key.encode(), "path": as_bytes(path)}, moment)
        try:
            results.add(run.apply(template))
        except UndeterminedFilterError:
            raise
        except ValueError as error:
            complaints.append(f"the template fails: {error}")
    if complaints and len(complaints) == len(_KEYS):
        return complaints[0]
    if len(results) == len(_KEYS):
        return None
    if len(results) == 1 and not complaints:
        return _SAME
    raise undetermined("its result hangs on what the key happens to be")


_SAME = "the template gives the same path for two different keys"

# In place of random keys. Each letter and digit occurs in at least two of them and is missing in at
# least one, and at each place two of them agree, but no two at neighbouring places: so a template
# that looks at one character, or for one, gives neither one result nor eight.
_KEYS = (
    "6poF3rJ09Q6vb8IWi1BnDNHWrNILjDxt",
    "UaeqVxy08BDerR6igdCATBFlpaFoOcSD",
    "7YeikaXxyMc65AVv7rPzOEUz5N0W8rSE",
    "7IznLrhWDfM84IlYgbkplHMtMtvY83BO",
    "KZh439klnz7QrMuaSFe1CzMzW7t7Kyil",
    "Dd3LZTknDKyvhAwih6bbV16s2gmtmtjs",
    "mYdLG3D7Xh6BJblPFqi1M5pMZUF3urFs",
    "PBc0XRGfcBoweyP2DFiDDH015E7tIRVf",
)
_STAND_IN_PATHS = ("secret/data/", "x")
_MOMENTS = (1_700_000_000, 1_888_888_888)
