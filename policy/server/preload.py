"""What a mock can be filled with before it starts: policy texts, and tokens from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from policy.diagnostics import Severity
from policy.errors import InvalidPolicyError, InventoryError, UsageError
from policy.lower import compile_policy
from policy.policies import policy_files, policy_name, read_source
from policy.server.core import policy_key
from policy.server.inputs import parse_seconds
from policy.server.records import PolicyRecord, TokenRecord
from policy.server.tokens import DEFAULT_TTL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.model import Dialect
    from policy.server.core import Core

__all__ = ["PresetToken", "put_policies", "put_tokens", "read_policies", "read_tokens"]


class PresetToken(BaseModel):
    """A token with a text that is known beforehand, for tests and demonstrations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SecretStr = Field(description="the token itself; it may look like anything")
    policies: list[str] = Field(default=[], description="names; `default` only if listed")
    display_name: str = "token"
    meta: dict[str, str] | None = None
    num_uses: int = Field(default=0, ge=0, description="0 is without limit")
    ttl: int | str = Field(default=0, description="seconds or a duration; 0 is 768h")
    renewable: bool = True


_TOKENS = TypeAdapter(list[PresetToken])


def read_tokens(data: bytes, name: str) -> list[PresetToken]:
    """The tokens of a JSON file: a list of objects. Raises `InventoryError`, which never holds
    what the file holds."""
    try:
        tokens = _TOKENS.validate_python(orjson.loads(data))
        for token in tokens:
            parse_seconds(token.ttl)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InventoryError(f"{name}: {where}: {first['msg']}") from None
    except orjson.JSONDecodeError:
        raise InventoryError(f"{name}: this is no JSON") from None
    except ValueError as error:
        raise InventoryError(f"{name}: {error}") from None
    return tokens


def read_policies(paths: Iterable[str], dialect: Dialect, now: float) -> dict[str, str]:
    """Names and texts of the policies in files and directories.

    Raises `SourceError` for what cannot be read, `UsageError` for two of one name, and
    `InvalidPolicyError` with every problem of all texts.
    """
    texts: dict[str, str] = {}
    problems = []
    for file in policy_files(paths):
        source, name = read_source(file), policy_name(file)
        if name in texts:
            raise UsageError(f"two policies are named `{name}`: the second is {file}")
        if name in ("root", "response-wrapping"):
            raise UsageError(f"{file}: the policy `{name}` cannot be written")
        found = compile_policy(source, name, dialect, now).diagnostics
        problems += [d for d in found if d.severity is Severity.ERROR]
        texts[name] = source.text
    if problems:
        raise InvalidPolicyError(f"{len(problems)} problems in the policies", problems)
    return texts


def put_policies(core: Core, texts: Mapping[str, str]) -> None:
    """Store policies, as if they had been written to `sys/policies/acl`."""
    core.write(
        {
            policy_key(name, ""): PolicyRecord(name, text, modified=core.now()).record()
            for name, text in texts.items()
        }
    )


def put_tokens(core: Core, tokens: Iterable[PresetToken]) -> None:
    """Store tokens with their given texts; all are orphans."""
    now = core.now()
    for token in tokens:
        text = token.id.get_secret_value()
        if core.tokens.find(text) is not None:
            raise UsageError("two tokens have the same id")
        policies = sorted({name.strip().lower() for name in token.policies if name.strip()})
        is_root = "root" in policies
        ttl = parse_seconds(token.ttl) or (0.0 if is_root else DEFAULT_TTL)
        core.tokens.create(
            TokenRecord(
                id="",
                accessor="",
                policies=["root"] if is_root else policies,
                created=now,
                display_name=token.display_name,
                meta=token.meta,
                ttl=ttl,
                expires=now + ttl if ttl else None,
                renewable=token.renewable and bool(ttl),
                uses=token.num_uses,
            ),
            text=text,
        )
