"""Rules, policy texts and requests to measure with: invented, and the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["DIALECT", "Question", "RuleSpec", "full_text", "make_rules", "plain_text", "questions"]

DIALECT = "openbao-2.7"
"""The dialect of all measurements: that of the server which is asked alongside."""

Question = tuple[str, str]
"""An operation and a path, as they are handed to `ACL.allows`."""

_MOUNTS = (
    "secret/data",
    "secret/metadata",
    "kv",
    "database/creds",
    "transit/encrypt",
    "pki/issue",
    "auth/approle/role",
    "sys/policies/acl",
)
_STAGES = ("dev", "test", "staging", "prod")
_LEAVES = ("config", "password", "tls", "token", "dsn", "settings", "license", "webhook")
_GRANTS: tuple[tuple[str, ...], ...] = (
    ("read",),
    ("read", "list"),
    ("create", "read", "update", "delete", "list"),
    ("create", "update"),
    ("update",),
    ("list",),
    ("deny",),
)
# How often each of them stands in a policy.
_GRANT_WEIGHTS = (30, 22, 18, 8, 8, 6, 8)
_OPERATIONS = ("read", "list", "update", "create", "delete")
_OPERATION_WEIGHTS = (60, 12, 12, 8, 8)
_WORD = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule: a path as it stands in a policy, and its capabilities."""

    path: str
    capabilities: tuple[str, ...]


def make_rules(count: int) -> list[RuleSpec]:
    """`count` rules of different paths: 60 % exact, 30 % prefix, 10 % with `+` segments.

    They overlap as those of real policies do: a prefix rule for a team, others for its
    applications, exact ones for single secrets.
    """
    random = _random(f"rules {count}")
    rules: dict[str, RuleSpec] = {}
    teams = max(2, count // 25)
    for kind, wanted in (
        ("exact", count * 6 // 10),
        ("prefix", count * 3 // 10),
        ("segment", count - count * 6 // 10 - count * 3 // 10),
    ):
        goal = len(rules) + wanted
        while len(rules) < goal:
            path = _pattern(random, kind, teams)
            grant = random.choices(_GRANTS, _GRANT_WEIGHTS)[0]
            rules.setdefault(path, RuleSpec(path, grant))
    found = list(rules.values())
    random.shuffle(found)
    return found


def _pattern(random: Random, kind: str, teams: int) -> str:
    mount = random.choice(_MOUNTS)
    team = f"team-{random.randrange(teams)}"
    app = f"app-{random.randrange(40)}"
    stage = random.choice(_STAGES)
    leaf = random.choice(_LEAVES)
    match kind:
        case "exact":
            return f"{mount}/{team}/{app}/{stage}/{leaf}"
        case "prefix":
            return random.choice(
                (
                    f"{mount}/{team}/*",
                    f"{mount}/{team}/{app}/*",
                    f"{mount}/{team}/{app}/{stage}/*",
                    f"{mount}/{team}/{app}/{stage}/{leaf}-*",
                )
            )
        case _:
            return random.choice(
                (
                    f"{mount}/{team}/+/{stage}/{leaf}",
                    f"{mount}/{team}/{app}/+/{leaf}",
                    f"{mount}/{team}/+/+/{leaf}",
                    f"{mount}/{team}/+/{stage}/*",
                    f"{mount}/+/{app}/{stage}/{leaf}-{team}",
                )
            )


def questions(rules: Sequence[RuleSpec], count: int, round_number: int) -> list[Question]:
    """Requests that nobody has asked before in this run: each round has others.

    Five of six go to a path that a rule was made for, the rest to paths where at most a broad rule
    matches. The free parts of a path are drawn anew, and every path is a new string.
    """
    random = _random(f"questions {len(rules)} {round_number}")
    asked: list[Question] = []
    for operation in random.choices(_OPERATIONS, _OPERATION_WEIGHTS, k=count):
        if random.random() < 1 / 6:
            path = f"{random.choice(_MOUNTS)}/{_word(random)}/{_word(random)}/{_word(random)}"
        else:
            path = _path_for(random.choice(rules).path, random)
        asked.append((operation, path))
    return asked


def _path_for(pattern: str, random: Random) -> str:
    parts = [
        _word(random) if part == "+" else part for part in pattern.removesuffix("*").split("/")
    ]
    if pattern.endswith("*"):
        parts[-1] += _word(random)
        if random.random() < 0.5:
            parts.append(_word(random))
    # Joined anew, so that not even a fixed path brings along the hash of the rule's string.
    return "/".join(parts)


def _word(random: Random) -> str:
    return "".join(random.choices(_WORD, k=8))


def plain_text(rules: Sequence[RuleSpec]) -> str:
    """Policy text as most people write it: path blocks with capabilities."""
    return "\n".join(
        f'path "{rule.path}" {{\n  capabilities = [{_quoted(rule.capabilities)}]\n}}\n'
        for rule in rules
    )


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def full_text(rules: Sequence[RuleSpec]) -> str:
    """Policy text that uses all of the language: comments of three kinds, heredocs, templates,
    interpolation, escapes, parameters, TTLs, limits."""
    return "\n".join(_full_rules(rules))


def _full_rules(rules: Sequence[RuleSpec]) -> Iterator[str]:
    for number, rule in enumerate(rules):
        # A block that denies is read no further, so here every block grants.
        words = ("read", "list") if rule.capabilities == ("deny",) else rule.capabilities
        path = rule.path
        if number % 3 == 0:
            path = "kv/{{identity.entity.id}}/" + path
        elif number % 3 == 1:
            path = "kv/{{identity.entity.metadata.team}}/" + path
        yield f"""\
# Rule {number} of the platform team.
// Reviewed with the owners of the mount.
path "{path}" {{
  comment = <<EOT
Rotated by the pipeline; ask in the channel before widening.
Ticket {number}.
EOT
  capabilities = [
    {_quoted(words)}, /* what the job needs */
  ]
  required_parameters = ["ticket", "reason"]
  allowed_parameters = {{
    "ttl"    = ["1h", "2h", "8h"]
    "policy" = ["app-*", "${{env}}-readers"]
    "tls"    = [true, 443, "re\\"quired\\""]
    "*"      = []
  }}
  denied_parameters = {{
    "debug" = ["on", "true"]
    "admin" = []
  }}
  min_wrapping_ttl = "{1 + number % 50}s"
  max_wrapping_ttl = "90m"
  pagination_limit = 500
}}
"""


def _random(purpose: str) -> Random:
    return Random(purpose)  # noqa: S311  # varied and repeatable; guards no secret
