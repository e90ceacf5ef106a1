"""What a `Saver` saves: variables, and their names in a checkpoint.

Turns the `var_list` of a Saver, in all its forms, into `SaveableObject`s. Makes no operations but
the reads and updates of a saveable, and those only on request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pantarhei.core.dtypes import DType
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import device
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.shapes import reshape
from pantarhei.ops.state.reference import assign
from pantarhei.variables.partitions import PartitionedVariable, SliceInfo
from pantarhei.variables.ref_variable import RefVariable
from pantarhei.variables.resource_variable import BaseResourceVariable
from pantarhei.variables.variable import Variable

# Operations whose outputs are variables, as far as saving is concerned.
_HOLDERS = ("Variable", "VariableV2", "AutoReloadVariable", "VarHandleOp", "ReadVariableOp")


class SaveSpec:
    """One tensor to save: itself or a function that makes it, which part it is, and its name."""

    def __init__(
        self, tensor: Any, slice_spec: str, name: str, dtype: Any = None, device: Any = None
    ) -> None:
        self._tensor = tensor
        self.slice_spec = slice_spec
        self.name = name
        made_later = callable(tensor) and not isinstance(tensor, (Tensor, Variable))
        if made_later and (dtype is None or device is None):
            raise AssertionError(
                "When passing a callable `tensor` to a SaveSpec, an explicit dtype and device must "
                "be provided."
            )
        self._made_later = made_later
        self.dtype: DType = dtype if made_later else tensor.dtype
        self.device: str = device if made_later else tensor.device

    @property
    def tensor(self) -> Any:
        """The tensor; made anew each time if it is a function that makes it."""
        return self._tensor() if self._made_later else self._tensor


class SaveableObject:
    """Something with state to save and restore; subclass it for what is not a variable.

    Args:
      op: what it stands for; a saver takes each only once.
      specs: a `SaveSpec` for each tensor to save.
      name: under which it is saved.
    """

    def __init__(self, op: Any, specs: Sequence[SaveSpec], name: str) -> None:
        self.op = op
        self.specs = specs
        self.name = name

    @property
    def device(self) -> str:
        """Where its tensors are."""
        return self.specs[0].device

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any) -> Any:
        """The operation that takes over what has been read.

        Args:
          restored_tensors: one for each spec.
          restored_shapes: shapes that they are to be brought to, or None.
        """
        raise ValueError("Calling an abstract method.")


class _ReferenceVariable(SaveableObject):
    """A variable that is held by reference, or a part of one."""

    def __init__(self, variable: Any, slice_spec: str, name: str) -> None:
        super().__init__(variable, [SaveSpec(variable, slice_spec, name)], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any) -> Any:
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = reshape(value, restored_shapes[0])
        known = self.op.get_shape().is_fully_defined()
        return assign(self.op, value, validate_shape=restored_shapes is None and known)


class _ResourceVariable(SaveableObject):
    """A resource variable, or a part of one."""

    def __init__(self, variable: Any, slice_spec: str, name: str) -> None:
        self._device = variable.device
        self._shape = variable.shape
        tensor = variable
        if isinstance(variable, Tensor):
            self._handle = variable.op.inputs[0]
        else:
            self._handle = variable.handle
            tensor = _reader(variable)
        spec = SaveSpec(tensor, slice_spec, name, dtype=variable.dtype, device=variable.device)
        super().__init__(variable, [spec], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any) -> Any:
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = reshape(value, restored_shapes[0])
        with device(self._device):
            value = identity(value)
            self._shape.assert_is_compatible_with(value.shape)
            return apply("AssignVariableOp", self._handle, value)


def _reader(variable: Any) -> Callable[[], Tensor]:
    def read() -> Tensor:
        with device(variable.device):
            value = variable.read_value()
            with device("/device:CPU:0"):
                return identity(value)

    return read


def spec_of(part: SliceInfo) -> str:
    """The text for a part: shape of the whole, then start and extent along each axis."""
    shape = " ".join(str(extent) for extent in part.full_shape)
    axes = zip(part.var_offset, part.var_shape, strict=True)
    return f"{shape} " + ":".join(f"{start},{extent}" for start, extent in axes)


def _is_held(tensor: Any) -> bool:
    return isinstance(tensor, Tensor) and tensor.op.type in _HOLDERS


def by_name(var_list: Any) -> dict[str, Any]:
    """A list of variables as a dict, under the names of their operations.

    Raises:
      TypeError: it is no list, or something in it is no variable. ValueError: a name comes twice.
    """
    if not isinstance(var_list, (list, tuple, set)):
        raise TypeError(f"Variables to save should be passed in a dict or a list: {var_list}")
    result: dict[str, Any] = {}
    for each in sorted(var_list, key=lambda item: item.name):
        name, value = _named(each)
        if isinstance(each, Variable) and each._save_slice_info is not None:
            held = result.setdefault(name, [])
            if not isinstance(held, list):
                raise ValueError(f"Mixing slices and non-slices with the same name: {name}")
            held.append(each)
        elif name in result:
            raise ValueError(f"At least two variables have the same name: {name}")
        else:
            result[name] = value
    return result


def _named(each: Any) -> tuple[str, Any]:
    if isinstance(each, (SaveableObject, PartitionedVariable)):
        return each.name, each
    if isinstance(each, Variable) and each._save_slice_info is not None:
        return each._save_slice_info.full_name, each
    tensor = _element(each)
    if not _is_held(tensor):
        raise TypeError(f"Variable to save is not a Variable: {tensor}")
    holder = tensor.op.inputs[0].op if tensor.op.type == "ReadVariableOp" else tensor.op
    return holder.name, tensor


def _element(each: Any) -> Any:
    if isinstance(each, BaseResourceVariable):
        return each._as_graph_element()
    return convert_to_tensor(each, as_ref=True)


def saveables(var_list: Any) -> list[SaveableObject]:
    """What is to be saved, in the order of names.

    Args:
      var_list: variables, tensors of variables, partitioned ones, saveables; a list, or a dict by
        name.

    Raises:
      TypeError, ValueError: something is no variable, or comes twice.
    """
    named = var_list if isinstance(var_list, Mapping) else by_name(var_list)
    result: list[SaveableObject] = []
    seen: set[int] = set()
    for name in sorted(named, key=lambda each: each if isinstance(each, str) else str(each)):
        for saveable in _of(named[name], name):
            if id(_identity(saveable.op)) in seen:
                raise ValueError(
                    f"The same saveable will be restored with two names: {saveable.name}"
                )
            seen.add(id(_identity(saveable.op)))
            result.append(saveable)
    return result


def _identity(op: Any) -> Any:
    """The object by which two saveables are of the same thing."""
    return op._ref() if isinstance(op, RefVariable) else op


def _of(value: Any, name: Any) -> Iterator[SaveableObject]:
    if not isinstance(name, str):
        raise TypeError(
            "names_to_saveables must be a dict mapping string names to trackable operations. Name "
            f"is not a string: {name}"
        )
    if isinstance(value, SaveableObject):
        yield value
    elif isinstance(value, (list, tuple, PartitionedVariable)):
        yield from _parts(list(value), name)
    else:
        tensor = _element(value)
        if not _is_held(tensor):
            raise TypeError(
                "names_to_saveables must be a dict mapping string names to Tensors/Variables. "
                f"Not a variable: {tensor}"
            )
        read = tensor.op.type == "ReadVariableOp"
        yield _ResourceVariable(tensor, "", name) if read else _ReferenceVariable(tensor, "", name)


def _parts(variables: Sequence[Any], name: str) -> Iterator[SaveableObject]:
    whole = None
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ValueError(f"Slices must all be Variables: {variable}")
        part = variable._save_slice_info
        if part is None:
            raise ValueError(f"Slices must all be slices: {variable}")
        whole = whole or part.full_name
        if whole != part.full_name:
            raise ValueError(
                f"Slices must all be from the same tensor: {whole} != {part.full_name}"
            )
        kind = _ReferenceVariable if isinstance(variable, RefVariable) else _ResourceVariable
        yield kind(variable, spec_of(part), name)
