"""What a tensor array is while a run lasts: elements of one dtype, written once, read by index.

Its rules and the words of its errors are TensorFlow's. The gradients of a tensor array, one for
each source, are tensor arrays whose elements add up. Independent of graphs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.program.ir import Array, ProgramError, Type

_TENSORFLOW_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


@dataclass(slots=True)
class Element:
    """One element: its value if it has one, the shape it is to have, and what was done to it."""

    shape: TensorShape
    value: Array | None = None
    read: bool = False
    cleared: bool = False


class ElementArray:
    """A tensor array of one run."""

    def __init__(
        self,
        name: str,
        dtype: DType,
        size: int,
        element_shape: TensorShape,
        dynamic_size: bool = False,
        clear_after_read: bool = True,
        identical: bool = False,
        adds_up: bool = False,
    ) -> None:
        if size < 0:
            raise ProgramError(f"Size should be >= 0: {size}")
        self.name = name
        self.dtype = dtype
        self.element_shape = element_shape
        self.dynamic_size = dynamic_size
        self.clear_after_read = clear_after_read
        self.identical = identical
        self.adds_up = adds_up
        self.closed = False
        self.elements = [Element(element_shape) for _ in range(size)]
        self.gradients: dict[str, ElementArray] = {}
        # The one type of all that was ever written; None if there are several.
        self.common: Type | None = None
        self._mixed = False

    @property
    def content(self) -> Type | None:
        """The type of every element that can be read, where it is one."""
        if self.element_shape.is_fully_defined():
            return Type(self.dtype.numpy, _extents(self.element_shape))
        return self.common

    def gradient(self, source: str) -> ElementArray:
        """The array in which gradients of `source` add up; made when it is first used."""
        if source not in self.gradients:
            self._check_open()
            made = ElementArray(
                f"{self.name}@{source}",
                self.dtype,
                len(self.elements),
                self.element_shape,
                clear_after_read=False,
                identical=self.identical,
                adds_up=True,
            )
            made.common, made._mixed = self.common, self._mixed
            for element, forward in zip(made.elements, self.elements, strict=True):
                element.shape = forward.shape
                if forward.value is not None:
                    element.shape = TensorShape(forward.value.shape)
            self.gradients[source] = made
        return self.gradients[source]

    def write(self, index: int, value: Array) -> None:
        """Gives an element its value, or adds to it where elements add up."""
        self._check_open()
        size = len(self.elements)
        if index < 0 or (index >= size and not self.dynamic_size):
            raise ProgramError(
                f"TensorArray {self.name}: Tried to write to index {index} but array is "
                f"not resizeable and size is: {size}",
                "OutOfRangeError" if index < 0 else "InvalidArgumentError",
            )
        while index >= len(self.elements):
            self.elements.append(Element(self.element_shape))
        type = Type(value.dtype, value.shape)
        if type != self.common:  # a type that has been written before does not need to be checked
            self._check_type(index, value)
            self._note(type)
        self._put(index, value)

    def _check_type(self, index: int, value: Array) -> None:
        if value.dtype != self.dtype.numpy:
            raise ProgramError(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because "
                f"the value dtype is {_shown(value.dtype)} but TensorArray dtype is "
                f"{_shown(self.dtype.numpy)}."
            )
        if not self.element_shape.is_compatible_with(value.shape):
            raise ProgramError(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because "
                f"the value shape is {_shape(value.shape)} which is incompatible with the "
                f"TensorArray's inferred element shape: {_shape(self.element_shape.as_list())} "
                "(consider setting infer_shape=False)."
            )
        if self.identical and not self.element_shape.is_fully_defined():
            self.element_shape = self.element_shape.merge_with(value.shape)

    def _put(self, index: int, value: Array) -> None:
        element = self.elements[index]
        if element.read:
            raise ProgramError(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because "
                "it has already been read."
            )
        if element.value is not None and not self.adds_up:
            raise ProgramError(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because "
                "it has already been written to."
            )
        if element.value is not None and element.value.shape != value.shape:
            raise ProgramError(
                f"TensorArray {self.name}: Could not aggregate to TensorArray index {index} "
                f"because the existing shape is {_shape(element.value.shape)} but the new input "
                f"shape is {_shape(value.shape)}."
            )
        element.value = value if element.value is None else element.value + value

    def _note(self, type: Type) -> None:
        if self.common is None and not self._mixed:
            self.common = type
        elif self.common != type:
            self.common, self._mixed = None, True

    def read(self, index: int) -> Array:
        """The value of an element."""
        self._check_open()
        if not 0 <= index < len(self.elements):
            raise ProgramError(
                f"Tried to read from index {index} but array size is: {len(self.elements)}",
                "OutOfRangeError" if index < 0 else "InvalidArgumentError",
            )
        element = self.elements[index]
        if element.cleared:
            raise ProgramError(
                f"TensorArray {self.name}: Could not read index {index} twice because it was "
                "cleared after a previous read (perhaps try setting clear_after_read = false?)."
            )
        value = element.value
        if value is None:
            shape = element.shape if element.shape.is_fully_defined() else self.element_shape
            if not shape.is_fully_defined():
                raise ProgramError(
                    f"TensorArray {self.name}: Could not read from TensorArray index {index}.  "
                    f"Furthermore, the element shape is not fully defined: {shape}.  It is "
                    "possible you are working with a resizeable TensorArray and stop_gradients is "
                    "not allowing the gradients to be written.  If you set the full element_shape "
                    "property on the forward TensorArray, the proper all-zeros tensor will be "
                    "returned instead of incurring this error."
                )
            value = np.zeros(_extents(shape), self.dtype.numpy)
        element.read = True
        if self.clear_after_read:
            element.shape = TensorShape(value.shape)  # that of its gradient
            element.value, element.cleared = None, True
        return value

    def gather(self, indices: Array) -> Array:
        """Elements side by side along a new first axis."""
        self._check_open()
        if not len(indices):
            if not self.element_shape.is_fully_defined():
                raise ProgramError(
                    f"TensorArray {self.name} has size zero, but element shape "
                    f"{self.element_shape} is not fully defined. Currently only static shapes are "
                    "supported when packing zero-size TensorArrays.",
                    "UnimplementedError",
                )
            return np.zeros((0, *_extents(self.element_shape)), self.dtype.numpy)
        values = [self.read(index) for index in indices.tolist()]
        first = values[0].shape
        for index, value in enumerate(values):
            if value.shape != first:
                raise ProgramError(
                    f"TensorArray has inconsistent shapes.  Index 0 has shape: {_shape(first)} "
                    f"but index {index} has shape: {_shape(value.shape)}"
                )
        return np.stack(values)

    def concat(self) -> tuple[Array, Array]:
        """All elements one after another along their first axis, and their lengths."""
        values = [self.read(index) for index in range(len(self.elements))]
        for index, value in enumerate(values):
            if not value.ndim:
                raise ProgramError(
                    f"Concat saw a scalar shape at index {index} but requires at least vectors.  "
                    "Did you mean to call pack?"
                )
            if value.shape[1:] != values[0].shape[1:]:
                raise ProgramError(
                    "TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) "
                    f"shape: {_shape(values[0].shape[1:])} but index {index} has (excepting "
                    f"dimension 0) shape: {_shape(value.shape[1:])}"
                )
        if not values:
            rest = _extents(self.element_shape)[1:]
            return np.zeros((0, *rest), self.dtype.numpy), np.zeros(0, np.int64)
        lengths = np.array([len(value) for value in values], np.int64)
        return np.concatenate(values), lengths

    def close(self) -> None:
        """Drops everything for good."""
        self.elements = []
        self.closed = True

    def _check_open(self) -> None:
        if self.closed:
            raise ProgramError(f"TensorArray {self.name} has already been closed.")


def _extents(shape: TensorShape) -> tuple[int, ...]:
    """The extents of a shape; 0 where they are not known."""
    return tuple(extent or 0 for extent in shape.as_list()) if shape.ndims else ()


def _shown(dtype: Any) -> str:
    name = np.dtype(dtype).name
    return _TENSORFLOW_NAMES.get(name, name)


def _shape(shape: Any) -> str:
    return f"[{','.join('?' if extent is None else str(extent) for extent in shape)}]"
