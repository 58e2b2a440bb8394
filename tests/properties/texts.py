"""Policy texts on both sides of the border between valid and not."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.properties import worlds
from tests.reference.printing import fits_json, to_hcl, to_json

PIECES: Final = (
    *('path "a" {', "path", "{", "}", "[", "]", "=", ",", ":", '"', "\\", "\n", "\r\n", "\r"),
    *("capabilities", "deny", "policy", "allowed_parameters", "control_group", "factor", "name"),
    *(
        "<<E\n",
        "<<-EOF\n",
        "\nE\n",
        "EOF\n",
        "${",
        "}}",
        "{{",
        "/*",
        "*/",
        "//",
        "#",
        "\0",
        "\ue123",
    ),
    *("\\x41", "\\400", "\\U00110000", "\\ud800", "é", "\ufeff", "\u2028", "0x", "08", "1e", "-"),
    *("null", "true", '"read"', "min_wrapping_ttl", "99999999999999999999", "1_0", ".5e3", "+*"),
    *("expiration", "required_parameters", "pagination_limit", "a.b-c", '{"path":', "\t", "\f"),
)
"""Scraps of the language, and characters it does not like."""


def printed() -> SearchStrategy[str]:
    """Policies as a program would write them, in either form."""
    return st.tuples(
        st.one_of(worlds.condition_worlds(openbao=True), worlds.template_worlds()), st.booleans()
    ).map(lambda drawn: _printed(*drawn))


def _printed(world: worlds.World, as_json: bool) -> str:
    rules = [rule for policy in world.policies.values() for rule in policy.rules]
    return to_json(rules) if as_json and fits_json(rules) else to_hcl(rules)


@st.composite
def mutated(draw: DrawFn, texts: SearchStrategy[str]) -> str:
    """A text with a few characters cut out and scraps put in."""
    text = draw(texts)
    places = st.integers(0, max(1, len(text)))
    edits = draw(
        st.lists(
            st.tuples(places, st.integers(0, 6), st.sampled_from(("", "", *PIECES))),
            min_size=1,
            max_size=3,
        )
    )
    for place, cut, piece in edits:
        text = text[:place] + piece + text[place + cut :]
    return text


def soups() -> SearchStrategy[str]:
    """Scraps in a row."""
    rows = st.lists(st.sampled_from(PIECES), max_size=30)
    return st.one_of(rows.map("".join), rows.map(" ".join))


_BLOCKS: Final = (
    'path "a" { capabilities = ["read"] }',
    'path "a/b/*" {\n  capabilities = ["read", "list",]\n}',
    'path\t"+/x"{capabilities=["deny","sudo"]}',
    'path "" { capabilities = [] }',
    'path "a" { capabilities = ["scan", "subscribe"] }',
    'path "a" { capabilities = ["bogus"] }',
    'path "a" { capabilities = ["deny", "bogus"] }',
    'path "a+*" { capabilities = ["read"] }',
    'path "a" { capabilities = ["read" "list"] }',
    'path "a" { capabilities = ["read"], }',
    'path "a" { capabilities = ["read"] } # why\n',
    'path "a" { capabilities = ["read"] capabilities = ["list"] }',
    'path "é" { capabilities = ["read"] }',
    'path "a\\x2a" { capabilities = ["read"] }',
    'path "a${b}" { capabilities = ["read"] }',
    'path "{{identity.entity.id}}/*" { capabilities = ["read"] }',
    'path "a" "b" { capabilities = ["read"] }',
    "path a { capabilities = [] }",
    'path "a" { policy = "write" }',
    'path "a" { capabilities = ["read"]\n  max_wrapping_ttl = "1h"\n}',
    'path "a" {\n  allowed_parameters = { k = [5, true, { a = "b" }, ["v"]] }\n}',
    'path "a" { comment = <<E\npath "b" { capabilities = ["read"] }\nE\n}',
    (
        'path "a" { control_group { factor "f" {\n  controlled_capabilities = ["read"]\n'
        '  identity { group_names = ["g"] approvals = 1 }\n} } }'
    ),
    'name = "x"',
    'name = "y"',
    "name =",
    "path = {}",
)
_BETWEEN: Final = (
    *("\n", "\n", "\n\n", " ", "", ",", ",\n", "\r\n", "\r", "\t", "# c\n", "// c\n", "/* c */"),
    *('/*\npath "z" { capabilities = ["sudo"] }\n*/\n', "# c", "\0", "#\0\n", "\ufeff", ";", "}"),
)


@st.composite
def blocks(draw: DrawFn) -> str:
    """Blocks as people write them, next to each other in every way."""
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from(_BLOCKS), st.sampled_from(_BETWEEN[:6] * 3 + _BETWEEN)),
            max_size=7,
        )
    )
    return draw(st.sampled_from(("", "", *_BETWEEN))) + "".join(
        block + between for block, between in drawn
    )


def texts() -> SearchStrategy[str]:
    """All of them."""
    return st.one_of(
        st.text(max_size=200),
        soups(),
        blocks(),
        printed(),
        mutated(printed()),
        mutated(blocks()),
    )
