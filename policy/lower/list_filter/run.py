"""Nodes to text: one application of a list filter to one key."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from policy.lower.list_filter.functions import FUNCTIONS
from policy.lower.list_filter.syntax import Branch, Node, Operand, Pipeline, named
from policy.lower.list_filter.values import MAX_VALUE, Value, text_of, undetermined

__all__ = ["Run"]

_MAX_WORK = 1024 * 1024  # bytes of all values of one run


class Run:
    """One application of a template to one key, with limits on its work."""

    def __init__(self, data: dict[str, bytes], moment: int) -> None:
        self.data = data
        self.moment = moment
        self.work = 0
        self.calls_of_chance = 0
        self.variables: list[tuple[str, Value]] = [("$", data)]
        self.output: list[bytes] = []

    def apply(self, template: tuple[Node, ...]) -> bytes:
        self.walk(template, self.data)
        return b"".join(self.output)

    def walk(self, nodes: tuple[Node, ...], dot: Value) -> None:
        for node in nodes:
            match node:
                case bytes():
                    self.write(node)
                case Pipeline():
                    value = self.pipeline(node, dot)
                    if not node.variable:
                        self.write(b"<no value>" if value is None else text_of(value))
                case Branch():
                    scope = len(self.variables)
                    value = self.pipeline(node.condition, dot)
                    if value:
                        self.walk(node.body, value if node.moves_dot else dot)
                    else:
                        self.walk(node.otherwise, dot)
                    del self.variables[scope:]

    def write(self, piece: bytes) -> None:
        self.charge(piece)
        self.output.append(piece)

    def charge(self, *values: Value) -> None:
        """Count the work that these values make. Raises `UndeterminedFilterError`."""
        for value in values:
            size = len(value) if isinstance(value, bytes) else 8
            if isinstance(value, dict):
                size = sum(map(len, value.values()))
            self.work += 1 + size
            if size > MAX_VALUE or self.work > _MAX_WORK:
                raise undetermined("its values grow too large")

    def pipeline(self, pipeline: Pipeline, dot: Value) -> Value:
        piped: tuple[Value, ...] = ()
        for command in pipeline.commands:
            piped = (self.command(command, dot, piped),)
        (value,) = piped  # the parser lets no empty pipeline through
        if pipeline.declares:
            self.variables.append((pipeline.variable, value))
        elif pipeline.variable:
            self.variables[self.place(pipeline.variable)] = (pipeline.variable, value)
        return value

    def place(self, variable: str) -> int:
        """Where the innermost variable of that name stands."""
        for index in reversed(range(len(self.variables))):
            if self.variables[index][0] == variable:
                return index
        raise ValueError(f"{named(variable)} is not defined here")

    def command(self, command: tuple[Operand, ...], dot: Value, piped: tuple[Value, ...]) -> Value:
        first, *arguments = command
        if first.kind == "call" and not first.fields:
            return self.call(first.name, arguments, dot, piped)
        if arguments or piped:
            owner = replace(first, fields=first.fields[:-1])
            if first.fields and self.operand(owner, dot) is None:
                return None  # a field of nothing is nothing, whatever it is given
            raise ValueError("an argument is given to something that is no function")
        if first.kind == "nil":
            raise ValueError("`nil` is not a command")
        return self.operand(first, dot)

    def operand(self, operand: Operand, dot: Value) -> Value:
        match operand.kind:
            case "dot":
                value = dot
            case "variable":
                value = self.variables[self.place(operand.name)][1]
            case "call":
                value = self.call(operand.name, [], dot, ())
            case "pipeline":
                assert operand.pipeline is not None
                value = self.pipeline(operand.pipeline, dot)
            case _:
                value = operand.value
        for name in operand.fields:
            if isinstance(value, dict):
                value = value.get(name)
            elif value is not None:
                raise ValueError(f"{named(name)} is asked of a value that has no fields")
        return value

    def call(
        self, name: str, arguments: list[Operand], dot: Value, piped: tuple[Value, ...]
    ) -> Value:
        function = FUNCTIONS[name]
        types = function.types(len(arguments) + len(piped))
        if types is None:
            raise ValueError(f"`{name}` is given the wrong number of arguments")
        values = []
        for argument, kind in zip(arguments, types, strict=False):
            value = self.argument(argument, kind, dot, name)
            if name in ("and", "or") and bool(value) == (name == "or"):
                return value  # the rest is not even evaluated
            values.append(value)
        for value in piped:
            values.append(_typed(value, types[-1], name))
        self.charge(*values)
        result = function.call(self, *values)
        self.charge(result)
        return result

    def argument(self, operand: Operand, kind: str, dot: Value, name: str) -> Value:
        value = self.operand(operand, dot)
        if operand.kind != "constant" or operand.fields:
            return _typed(value, kind, name)
        # A constant has no type of its own: `3.0` will do where an integer is needed.
        if kind == "i" and isinstance(value, float) and value.is_integer():
            return int(value)
        return _typed(value, kind, name)

    def chance(self, length: int) -> str:
        """Stands for random hexadecimal digits: others in every run and at every call."""
        self.calls_of_chance += 1
        seed = self.data["key"] + b"%d" % self.calls_of_chance
        return hashlib.shake_256(seed).hexdigest(length)[:length]


def _typed(value: Value, kind: str, name: str) -> Value:
    """The value if a parameter of that kind takes it: `s` a string, `i` an integer, `a` all."""
    if kind == "s" and not isinstance(value, bytes):
        raise ValueError(f"`{name}` needs a string")
    if kind == "i" and type(value) is not int:
        raise ValueError(f"`{name}` needs an integer")
    return value
