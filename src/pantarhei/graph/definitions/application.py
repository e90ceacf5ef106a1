"""Applying an operation definition to Python arguments: conversion, type attributes, errors."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NoReturn

from pantarhei.core import errors
from pantarhei.core.dtypes import DType, as_dtype
from pantarhei.graph.convert import convert_n_to_tensor, convert_to_tensor
from pantarhei.graph.default_graph import graph_of
from pantarhei.graph.definitions.definition import (
    REGISTRY,
    OpDef,
    attribute_value,
    check_allowed,
    grouped,
    output_dtypes,
)
from pantarhei.graph.definitions.signature import Argument
from pantarhei.graph.operation import Tensor


class OpApplication:
    """One call of `apply`: holds the attributes found so far and the input that determined each."""

    def __init__(
        self, definition: OpDef, inputs: Sequence[Any], attributes: dict[str, Any]
    ) -> None:
        self.definition = definition
        self.signature = definition.parsed
        self.inputs = inputs
        self.given = attributes
        self.attributes: dict[str, Any] = {}
        self.told_by: dict[str, str] = {}
        if len(inputs) != len(self.signature.inputs):
            raise TypeError(
                f"'{definition.type}' Op takes {len(self.signature.inputs)} inputs "
                f"({', '.join(each.name for each in self.signature.inputs)}), got {len(inputs)}."
            )
        for name, value in attributes.items():
            if value is None:
                continue
            if name not in self.signature.attributes:
                raise TypeError(f"'{definition.type}' Op has no attr named '{name}'.")
            attribute = self.signature.attributes[name]
            self.attributes[name] = attribute_value(definition, attribute, value)

    def run(self, name: str) -> Any:
        """Converts, checks, makes the operation; returns its output(s) or the operation."""
        graph = graph_of(self._flat_inputs())
        with graph.as_default(), graph.name_scope(name) as scope:
            tensors: list[Tensor] = []
            references: list[Tensor] = []
            for argument, value in zip(self.signature.inputs, self.inputs, strict=True):
                found = (
                    self._list(argument, value)
                    if argument.is_list
                    else [self._one(argument, value)]
                )
                tensors += found
                references += found if argument.is_ref else []
            self._add_defaults()
            types = output_dtypes(self.definition, self.attributes)
            ordered = {
                each: self.attributes[each]
                for each in self.signature.attributes
                if each in self.attributes
            }
            if references:
                # An update runs where its variable is.
                with ExitStack() as stack:
                    for each in references:
                        stack.enter_context(graph.colocate_with(each.op))
                    op = graph.add_operation(self.definition, tensors, types, ordered, scope)
            else:
                op = graph.add_operation(self.definition, tensors, types, ordered, scope)
        outputs = self.signature.outputs
        if not op.outputs:
            return op
        groups = grouped(self.definition, self.attributes, op.outputs)
        return groups[0] if len(outputs) == 1 else groups

    def _flat_inputs(self) -> list[Any]:
        flat: list[Any] = []
        for value in self.inputs:
            flat += value if isinstance(value, (list, tuple)) else [value]
        return flat

    def _one(self, argument: Argument, value: Any) -> Tensor:
        dtype, hint = argument.dtype, None
        if argument.type_attr is not None:
            dtype = self.attributes.get(argument.type_attr)
            attribute = self.signature.attributes[argument.type_attr]
            hint = attribute.default if dtype is None and attribute.has_default else None
        try:
            tensor = convert_to_tensor(value, dtype, argument.name, hint, as_ref=argument.is_ref)
        except TypeError as error:
            if dtype is None:
                raise
            raise TypeError(
                f"Expected {dtype.base_dtype.name} passed to parameter '{argument.name}' of op "
                f"'{self.definition.type}', got {value!r} of type '{type(value).__name__}' "
                f"instead. Error: {error}"
            ) from None
        except ValueError:
            self._mismatch(argument, value, dtype)
        if argument.is_ref and not tensor.dtype._is_ref_dtype:
            raise TypeError(
                f"'{self.definition.type}' Op requires that input '{argument.name}' be a mutable "
                "tensor (e.g.: a tf.Variable)"
            )
        if argument.type_attr is not None:
            check_allowed(
                self.signature.attributes[argument.type_attr], tensor.dtype, argument.name
            )
            if argument.type_attr not in self.attributes:
                self.attributes[argument.type_attr] = tensor.dtype.base_dtype
                self.told_by[argument.type_attr] = argument.name
        return tensor

    def _mismatch(self, argument: Argument, value: Any, dtype: DType | None) -> NoReturn:
        """A tensor of the wrong dtype: says which argument fixed the right one."""
        try:
            observed = convert_to_tensor(value, as_ref=argument.is_ref).dtype.name
        except ValueError as error:
            raise ValueError(
                f"Tried to convert '{argument.name}' to a tensor and failed. Error: {error}"
            ) from None
        prefix = (
            f"Input '{argument.name}' of '{self.definition.type}' Op has type {observed} that "
            "does not match"
        )
        if argument.type_attr is None or dtype is None:
            raise TypeError(f"{prefix} expected type of {dtype.name if dtype else '?'}.") from None
        source = self.told_by.get(argument.type_attr)
        if source is None:
            raise TypeError(f"{prefix} expected type of {dtype.name}.") from None
        loses = as_dtype(observed).is_floating and dtype.is_integer
        change, kind = (source, observed) if loses else (argument.name, dtype.name)
        raise TypeError(
            errors.described(
                f"{prefix} type {dtype.name} of argument '{source}'.",
                cause="the two must have one dtype; neither is converted unasked",
                cure=f"convert '{change}': tf.cast({change}, tf.{kind})",
            )
        ) from None

    def _list(self, argument: Argument, values: Any) -> list[Tensor]:
        if not isinstance(values, (list, tuple)):
            raise TypeError(
                f"Expected list for '{argument.name}' argument to '{self.definition.type}' Op, "
                f"not {values}."
            )
        if argument.list_attr is not None:
            return self._typed_list(argument, values)
        if (
            argument.count_attr in self.attributes
            and len(values) != self.attributes[argument.count_attr]
        ):
            raise ValueError(
                f"List argument '{argument.name}' to '{self.definition.type}' Op with length "
                f"{len(values)} must match length {self.attributes[argument.count_attr]}."
            )
        assert argument.count_attr is not None
        self.attributes[argument.count_attr] = len(values)
        dtype, hint = argument.dtype, None
        if argument.type_attr is not None:
            dtype = self.attributes.get(argument.type_attr)
            attribute = self.signature.attributes[argument.type_attr]
            hint = attribute.default if attribute.has_default else None
        if dtype is None:
            # The first tensor among the values decides for the numbers beside it.
            dtype = next(
                (
                    each.dtype.base_dtype
                    for each in values
                    if hasattr(each, "dtype") and isinstance(each, Tensor)
                ),
                None,
            )
        try:
            tensors = convert_n_to_tensor(values, dtype, argument.name, hint, argument.is_ref)
            wanted = dtype or (tensors[0].dtype if tensors else None)
            if any(each.dtype.base_dtype != tensors[0].dtype.base_dtype for each in tensors):
                raise TypeError
        except (TypeError, ValueError):
            self._mixed_list(argument, values, dtype)
        if argument.type_attr is not None and wanted is not None:
            check_allowed(self.signature.attributes[argument.type_attr], wanted, argument.name)
            if argument.type_attr not in self.attributes:
                self.attributes[argument.type_attr] = wanted.base_dtype
                self.told_by[argument.type_attr] = argument.name
        return tensors

    def _mixed_list(self, argument: Argument, values: Any, dtype: DType | None) -> NoReturn:
        observed = []
        for each in values:
            try:
                observed.append(convert_to_tensor(each).dtype.base_dtype.name)
            except (TypeError, ValueError):
                observed.append("<NOT CONVERTIBLE TO TENSOR>")
        message = (
            f"Tensors in list passed to '{argument.name}' of '{self.definition.type}' Op have "
            f"types [{', '.join(observed)}]"
        )
        source = self.told_by.get(argument.type_attr or "")
        if source is not None and dtype is not None:
            message += f" that do not match type {dtype.name} inferred from earlier arguments."
        elif argument.dtype is not None:
            message += f" that do not match expected type {argument.dtype.name}."
        else:
            message += " that don't all match."
        raise TypeError(message) from None

    def _typed_list(self, argument: Argument, values: Sequence[Any]) -> list[Tensor]:
        assert argument.list_attr is not None
        given = self.attributes.get(argument.list_attr)
        if given is not None and len(given) == len(values):
            tensors = [
                convert_to_tensor(value, dtype, f"{argument.name}_{index}", as_ref=argument.is_ref)
                for index, (value, dtype) in enumerate(zip(values, given, strict=True))
            ]
        else:
            tensors = convert_n_to_tensor(values, name=argument.name, as_ref=argument.is_ref)
        self.attributes[argument.list_attr] = [each.dtype.base_dtype for each in tensors]
        return tensors

    def _add_defaults(self) -> None:
        for name, attribute in self.signature.attributes.items():
            if name in self.attributes:
                continue
            if not attribute.has_default:
                raise TypeError(
                    f"No argument for attr {name} found for '{self.definition.type}' Op."
                )
            default = attribute.default
            self.attributes[name] = (
                list(default)
                if isinstance(default, list)
                else attribute_value(self.definition, attribute, default)
            )


def apply(op_type: str, *inputs: Any, name: str | None = None, **attributes: Any) -> Any:
    """Makes an operation of type `op_type` in the default graph (or the graph of the inputs).

    Args:
      op_type: a registered type.
      *inputs: one for each input argument: tensors or what converts to them; lists for list
        arguments.
      name: its name in the current name scope; the type by default.
      **attributes: those that the inputs do not determine.

    Returns:
      The output tensor; a list where there are several; the operation where there is none.

    Raises:
      TypeError: an input is of the wrong dtype. ValueError: shapes or attribute values do not fit.
    """
    return OpApplication(REGISTRY[op_type], inputs, attributes).run(name or op_type)
