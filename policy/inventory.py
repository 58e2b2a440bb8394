"""The files that describe who asks, what is asked and what is mounted: their models and schemas.

Pydantic stands here, at the border: what comes out are the frozen values of `policy.model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policy.catalog import MountTable
from policy.errors import InventoryError
from policy.model import Alias, Entity, Group, Request, Token, http_request, operation_request

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "MountsFile",
    "RequestLine",
    "TokenFile",
    "read_model",
    "read_mounts",
    "read_request",
    "read_token",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AliasModel(_Model):
    """The name the entity has on one auth mount."""

    id: str = ""
    name: str = ""
    mount_accessor: str = Field(
        description="accessor of the auth mount, e.g. auth_userpass_1a2b3c4d"
    )
    metadata: dict[str, str] = {}
    custom_metadata: dict[str, str] = {}


class EntityModel(_Model):
    """The identity behind the token."""

    id: str = ""
    name: str = ""
    metadata: dict[str, str] = {}
    policies: list[str] = []
    aliases: list[AliasModel] = []


class GroupModel(_Model):
    """A group the entity belongs to, directly or by inheritance."""

    id: str = ""
    name: str = ""
    metadata: dict[str, str] = {}
    policies: list[str] = []
    namespace: str = ""


class TokenFile(_Model):
    """A token: the policies attached to it and the identity it stands for."""

    policies: list[str] = Field(
        default=[], description="names as `auth/token/lookup` shows them; `default` only if listed"
    )
    entity: EntityModel | None = None
    groups: list[GroupModel] = Field(default=[], description="all groups, inherited ones included")
    namespace: str = Field(default="", description="the token's namespace, e.g. `team-a/`")

    def token(self) -> Token:
        """The value of the engine."""
        entity = self.entity
        return Token(
            policies=tuple(self.policies),
            entity=None
            if entity is None
            else Entity(
                entity.id,
                entity.name,
                entity.metadata,
                tuple(entity.policies),
                tuple(Alias(**alias.model_dump()) for alias in entity.aliases),
            ),
            groups=tuple(
                Group(g.id, g.name, g.metadata, tuple(g.policies), _namespace(g.namespace))
                for g in self.groups
            ),
            namespace=_namespace(self.namespace),
        )


class MountModel(BaseModel):
    """One mount as `secrets list -format=json` shows it; other fields are ignored."""

    type: str
    options: dict[str, str] | None = None


class MountsFile(BaseModel):
    """What is mounted where: path to type, or the JSON that `secrets list` and `auth list` print.

    Paths of auth methods begin with `auth/`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str | MountModel] = {}

    def mounts(self) -> MountTable:
        """The value of the engine. Raises `InventoryError`."""
        types = {}
        for path, mount in self.__pydantic_extra__.items():
            if isinstance(mount, str):
                types[path] = mount
            elif mount.type == "kv" and (mount.options or {}).get("version") == "2":
                types[path] = "kv-v2"
            else:
                types[path] = mount.type
        return MountTable.default().with_mounts(
            {path if path.endswith("/") else path + "/": kind for path, kind in types.items()}
        )


class RequestLine(_Model):
    """One request: an operation on a path, or an HTTP method and target."""

    id: str | int | None = Field(default=None, description="carried over to the answer")
    operation: str | None = Field(default=None, description="read, list, create, update, write, …")
    path: str | None = Field(default=None, description="without /v1/; goes with `operation`")
    method: str | None = Field(default=None, description="GET, LIST, POST, PUT, PATCH, DELETE, …")
    target: str | None = Field(default=None, description="/v1/PATH?query; goes with `method`")
    namespace: str = ""
    data: dict[str, Any] | None = Field(default=None, description="body or query parameters")
    wrap_ttl_seconds: float | None = None
    exists: bool | None = Field(
        default=None, description="whether the object of a PUT or POST exists already"
    )

    @model_validator(mode="after")
    def _one_form(self) -> RequestLine:
        by_operation = [part is not None for part in (self.operation, self.path)]
        by_method = [part is not None for part in (self.method, self.target)]
        if not (all(by_operation) and not any(by_method)) and not (
            all(by_method) and not any(by_operation)
        ):
            raise ValueError("give `operation` and `path`, or `method` and `target`")
        return self

    def request(self) -> Request:
        """The value of the engine. Raises `UsageError`."""
        if self.method is not None and self.target is not None:
            return http_request(
                self.method,
                self.target,
                data=self.data,
                namespace=_namespace(self.namespace),
                wrap_ttl_seconds=self.wrap_ttl_seconds,
                exists=self.exists,
            )
        return operation_request(
            self.operation or "",
            self.path or "",
            data=self.data,
            namespace=_namespace(self.namespace),
            wrap_ttl_seconds=self.wrap_ttl_seconds,
            exists=self.exists,
        )


def _namespace(name: str) -> str:
    name = name.strip("/")
    return name + "/" if name else ""


def read_token(data: bytes, name: str) -> Token:
    """A token file. Raises `InventoryError`, which names every field that does not hold."""
    return read_model(TokenFile, data, name).token()


def read_mounts(data: bytes, name: str) -> MountTable:
    """A mount table file. Raises `InventoryError`."""
    return read_model(MountsFile, data, name).mounts()


def read_request(data: bytes, name: str) -> RequestLine:
    """One line of a request file. Raises `InventoryError`."""
    return read_model(RequestLine, data, name)


_M = TypeVar("_M", bound=BaseModel)


def read_model(model: type[_M], data: bytes, name: str) -> _M:
    """A file (JSON) of this model. Raises `InventoryError`, which names every field that does not
    hold."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InventoryError(f"{name}: not JSON: {error}") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = "; ".join(map(_words, error.errors(include_url=False)[:8]))
        raise InventoryError(f"{name}: {problems}") from None


def _words(problem: ErrorDetails) -> str:
    """One problem, with the field it is in unless it is the whole value."""
    words = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "model_type":  # Pydantic's words name our class
        words = "a JSON object was expected"
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {words}" if field else words
