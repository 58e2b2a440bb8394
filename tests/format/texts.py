"""Policy texts that are hard to lay out: comments, line breaks and blanks all over the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["texts"]

_GAPS = st.lists(
    st.sampled_from(
        [
            " ",
            " ",
            " ",
            "\n",
            "\n",
            "\n\n",
            "\t",
            "\r\n",
            "# c\n",
            "// ä\n",
            "/* x */",
            "/* y\n z */",
        ]
    ),
    max_size=3,
).map("".join)
_SCALARS = st.sampled_from(
    ['"a"', '"ünï"', '"a long string"', "1", "true", "-2.5", '"${a\n  b}"', "<<E\n  x\n\ny\nE\n"]
)
_WORDS = st.sampled_from(['"k"', "k", '"a key"', "long_key", '"ö"'])
_PLAIN = st.sampled_from([" ", "\n", "\n", "\n", " # c\n", "\n\n"])


def _bracketed(
    elements: SearchStrategy[list[str]], gaps: SearchStrategy[str]
) -> SearchStrategy[str]:
    """A list: each element with a gap before it and one behind, and perhaps a final comma."""

    @st.composite
    def build(draw: DrawFn) -> str:
        drawn = draw(elements)
        parts = [f"{draw(gaps)}{element}{draw(gaps)}" for element in drawn]
        final = draw(st.sampled_from(["", ",", f",{draw(gaps)}"])) if drawn else draw(gaps)
        return f"[{','.join(parts)}{final}]"

    return build()


def _values(gaps: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.recursive(
        _SCALARS,
        lambda inner: st.one_of(
            _bracketed(st.lists(inner, max_size=4), gaps), _object(inner, gaps)
        ),
        max_leaves=6,
    )


@st.composite
def _object(draw: DrawFn, values: SearchStrategy[str], gaps: SearchStrategy[str]) -> str:
    names = draw(st.lists(_WORDS, unique=True, max_size=4))
    items = [_item(draw, name, draw(values), gaps) for name in names]
    return "{" + "".join(items) + draw(gaps) + "}"


def _item(draw: DrawFn, name: str, value: str, gaps: SearchStrategy[str]) -> str:
    sign = "" if value.startswith("{") and draw(st.booleans()) else "="
    comma = draw(st.sampled_from(["", "", "", "\n", ",", " # d\n", ", # e\n"]))
    return f"{draw(gaps)}{name}{draw(gaps)} {sign}{draw(gaps)}{value}{comma}"


@st.composite
def _blocks(draw: DrawFn, gaps: SearchStrategy[str]) -> str:
    path = draw(st.sampled_from(['"a"', '"secret/data/*"', '"sys/step-down"']))
    scalars = _bracketed(st.lists(_SCALARS, max_size=4), gaps)
    # Lists of values are what the server wants here; anything may stand in a `comment`.
    lists = st.one_of(scalars, _bracketed(st.lists(_object(_values(gaps), gaps), max_size=2), gaps))
    words = st.lists(st.sampled_from(['"read"', '"update"', '"sudo"', '"list"']), max_size=4)
    attributes = {
        "capabilities": _bracketed(words, gaps),
        "required_parameters": _bracketed(st.lists(st.sampled_from(['"a"', '"ö"', "1"])), gaps),
        "allowed_parameters": _object(lists, gaps),
        "denied_parameters": _object(lists, gaps),
        "min_wrapping_ttl": st.sampled_from(['"1s"', "1"]),
        "comment": _values(gaps),
    }
    names = draw(st.lists(st.sampled_from(list(attributes)), unique=True, max_size=5))
    items = [_item(draw, name, draw(attributes[name]), gaps) for name in names]
    return f"path{draw(gaps)} {path}{draw(gaps)}{{{''.join(items)}{draw(gaps)}}}"


@st.composite
def texts(draw: DrawFn) -> str:
    """A policy text. Most are accepted; those with an odd value in an odd place are not."""
    gaps = draw(st.sampled_from([_GAPS, _PLAIN, _PLAIN]))
    blocks = draw(st.lists(_blocks(gaps), max_size=3))
    return "".join(f"{draw(gaps)}{block}" for block in blocks) + draw(gaps)
