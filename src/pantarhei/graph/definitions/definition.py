"""What defines a kind of operation, and the registry of all kinds.

A definition is a class: its signature, shape rule, gradient and lowering are in one place, and it
is registered by being written. Definitions read signatures and attributes; they make no operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.definitions.signature import Argument, Attribute, Signature, parse
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array

if TYPE_CHECKING:
    from pantarhei.graph.operation import Operation, Tensor


class Registry(dict[str, "OpDef"]):
    """Definitions by type.

    Modules are imported when they are first used. A look-up of a type that none of them has
    defined, or of all types, imports the rest.
    """

    def __init__(self) -> None:
        super().__init__()
        # Imports all modules that define operations; the highest floor sets it.
        self.import_rest: Callable[[], None] = lambda: None

    def is_defined(self, type: str) -> bool:
        """Whether a module that is imported has defined the type."""
        return super().__contains__(type)

    def __missing__(self, type: str) -> OpDef:
        self.import_rest()
        if self.is_defined(type):
            return self[type]
        raise KeyError(type)

    def __contains__(self, type: object) -> bool:
        if not super().__contains__(type):
            self.import_rest()
        return super().__contains__(type)

    def get(self, type: str, default: Any = None) -> Any:
        """The definition of a type, or `default`."""
        known = type in self
        return self[type] if known else default

    def __iter__(self) -> Iterator[str]:
        self.import_rest()
        return super().__iter__()


REGISTRY = Registry()


class Dead:
    """The value, while lowering, of every tensor behind a branch that is not taken."""

    def __repr__(self) -> str:
        return "DEAD"


DEAD = Dead()


class OpDef:
    """A kind of operation. Subclass it to define one; the class's name is the type.

    `class Base(OpDef, abstract=True)` defines a family: its instances (`Base("Exp", ...)`) are the
    kinds, registered by `register`.

    Attributes:
      signature: inputs, outputs and attributes; see graph/definitions/signature.py.
      pure: the outputs depend on the inputs and attributes alone, and nothing else happens.
      writes: it changes state, so it runs as late as the order of the graph allows.
      differentiable: False declares that no gradient flows; otherwise `grad` must be there.
      accepts_none_grads: `grad` gets None, not zeros, for outputs that nothing flows into.
      accepts_dead: `lower` is called although inputs are DEAD, and gets them.
      takes_references: `lower` gets variables among its inputs as references, whatever the
        signature.
    """

    signature: ClassVar[str] = "->"
    pure: ClassVar[bool] = True
    writes: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    accepts_none_grads: ClassVar[bool] = False
    accepts_dead: ClassVar[bool] = False
    takes_references: ClassVar[bool] = False
    type: str = ""

    def __init_subclass__(cls, abstract: bool = False, type: str | None = None) -> None:
        if not abstract:
            instance = cls()
            instance.type = type or cls.__name__
            register(instance)

    @cached_property
    def parsed(self) -> Signature:
        """The signature, parsed when it is first needed."""
        return parse(self.signature)

    def infer(self, op: Operation) -> Sequence[TensorShape]:
        """Static shapes of the outputs; raises ValueError where the inputs' shapes do not fit."""
        return [unknown_shape() for _ in op.outputs]

    def grad(self, op: Operation, *grads: Any) -> Any:
        """Gradients for the inputs (one, or a sequence; None for none), given those of the
        outputs."""
        raise LookupError(f"No gradient defined for operation '{op.name}' (op type: {op.type})")

    def lower(self, b: Builder, op: Operation, *inputs: Any) -> Any:
        """The outputs as program values built with `b`, given the inputs as program values."""
        raise LookupError(f"Operation '{op.name}' (op type: {op.type}) cannot be run by itself")

    def known(self, op: Operation) -> Array | None:
        """The value of the single output where static shapes determine it."""
        return None

    def partial(self, op: Operation) -> list[int | None] | None:
        """The elements of an integer vector (or scalar) output as far as static shapes determine
        them."""
        return None


def register(definition: OpDef) -> OpDef:
    """Adds a kind of operation; its type must be new."""
    if REGISTRY.is_defined(definition.type):
        raise ValueError(f"An operation type named {definition.type!r} is registered already.")
    REGISTRY[definition.type] = definition
    return definition


def first_input_shape(op: Operation) -> list[TensorShape]:
    """The shape rule of operations that keep their first input's shape."""
    return [op.inputs[0].shape]


def attribute_value(definition: OpDef, attribute: Attribute, value: Any) -> Any:
    """`value` in the form in which attributes are kept; raises TypeError or ValueError."""
    where = f"attr '{attribute.name}' of '{definition.type}' Op"
    kind = attribute.kind
    if kind.startswith("list("):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for {where}, not {value!r}.")
        inner = Attribute(attribute.name, kind[5:-1], attribute.allowed)
        return [attribute_value(definition, inner, each) for each in value]
    if kind == "type":
        try:
            dtype = dtypes.as_dtype(value).base_dtype
        except TypeError:
            raise TypeError(
                f"Expected DataType for argument '{attribute.name}' not {value!r}."
            ) from None
        check_allowed(attribute, dtype, attribute.name)
        return dtype
    if kind == "shape":
        try:
            return as_shape(value)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"Error converting {attribute.name} to a TensorShape: {error}"
            ) from None
    if kind == "bool":
        if not isinstance(value, bool) and value not in (0, 1):
            raise TypeError(f"Expected bool for argument '{attribute.name}' not {value!r}.")
        return bool(value)
    if kind == "int":
        try:
            return int(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"Expected int for argument '{attribute.name}' not {value!r}."
            ) from None
    if kind == "float":
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"Expected float for argument '{attribute.name}' not {value!r}."
            ) from None
    if kind == "string":
        if not isinstance(value, (str, bytes)):
            raise TypeError(f"Expected string for argument '{attribute.name}' not {value!r}.")
        return value.decode() if isinstance(value, bytes) and _is_text(value) else value
    return value


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def check_allowed(attribute: Attribute, dtype: DType, parameter: str) -> None:
    """Raises TypeError if `dtype` is not among those that the attribute allows."""
    if attribute.allowed and dtype.base_dtype not in attribute.allowed:
        allowed = ", ".join(each.name for each in attribute.allowed)
        raise TypeError(
            f"Value passed to parameter '{parameter}' has DataType {dtype.base_dtype.name} not in "
            f"list of allowed values: {allowed}"
        )


def output_dtypes(definition: OpDef, attributes: dict[str, Any]) -> list[DType]:
    """Dtypes of all outputs, lists spread out."""
    result: list[DType] = []
    for argument in definition.parsed.outputs:
        each = argument_dtypes(argument, attributes)
        result += [dtype._as_ref for dtype in each] if argument.is_ref else each
    return result


def argument_dtypes(argument: Argument, attributes: dict[str, Any]) -> list[DType]:
    """Dtypes of one argument under the given attributes."""
    if argument.list_attr is not None:
        return list(attributes[argument.list_attr])
    dtype = argument.dtype
    if argument.type_attr is not None:
        dtype = attributes[argument.type_attr]
    count = attributes[argument.count_attr] if argument.count_attr is not None else 1
    assert dtype is not None
    return [dtype] * count


def grouped(definition: OpDef, attributes: dict[str, Any], tensors: Sequence[Tensor]) -> list[Any]:
    """Outputs one for each output argument, lists for list arguments."""
    result: list[Any] = []
    rest = list(tensors)
    for argument in definition.parsed.outputs:
        count = len(argument_dtypes(argument, attributes))
        result.append(rest[:count] if argument.is_list else rest[0])
        rest = rest[count:]
    return result
