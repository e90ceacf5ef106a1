"""`tf.TensorArray`: a list of tensors of one dtype that loops write and read element by element.

Each method adds TensorFlow's operation of that name. A write gives a new object with a new flow:
what is to come after the write is done with that object.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import range as range_of
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.shapes import shape as shape_of


class TensorArray:
    """A list of tensors for use in loops, such as `tf.while_loop`; gradients flow through it.

    An element is written once, and by default may be read once; `size` elements are there from the
    beginning. It lives for one run.

    Args:
      dtype: of the elements.
      size: how many elements; an int32 scalar.
      dynamic_size: whether writing behind the end makes it longer.
      clear_after_read: whether reading drops an element; True by default.
      tensor_array_name: a name for errors.
      handle: of an array that is there already, in place of all these.
      flow: of that array.
      infer_shape: whether all elements have one shape.
      element_shape: what is known of it.
      colocate_with_first_write_call: whether it is placed where the first value written to it is.
      name: name of the operation.

    Raises:
      ValueError: both `handle` and what makes a new array are given, or neither. TypeError:
      `handle` is no tensor.

    Example:
      >>> import pantarhei as tf
      >>> def body(i, squares):
      ...     return i + 1, squares.write(i, i * i)
      >>> start = (0, tf.TensorArray(tf.int32, size=4))
      >>> _, squares = tf.while_loop(lambda i, _: i < 4, body, start)
      >>> tf.Session().run(squares.stack())
      array([0, 1, 4, 9], dtype=int32)
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        _check_arguments(
            handle, tensor_array_name, size, element_shape, dynamic_size, clear_after_read
        )
        self._dynamic_size = bool(dynamic_size)
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        # Arrays that differ in their flow only are one array: they share what is found out of it.
        self._places: list[Any] | None = [] if colocate_with_first_write_call else None
        self._shapes = [as_shape(element_shape)]
        self._infer_shape = infer_shape
        given = [each for each in (handle, size, flow) if each is not None]
        with name_scope(name, "TensorArray", given) as scope:
            if handle is not None:
                if flow is None:
                    raise ValueError("flow must not be None if handle is not None.")
                self._handle, self._flow = handle, flow
                return
            with ExitStack() as stack:
                if colocate_with_first_write_call:
                    graph = get_default_graph()
                    stack.enter_context(graph.device(None))
                    stack.enter_context(graph.colocate_with(None, ignore_existing=True))
                self._handle, self._flow = apply(
                    "TensorArrayV3",
                    size,
                    dtype=self._dtype,
                    element_shape=self._shapes[0],
                    identical_element_shapes=infer_shape,
                    dynamic_size=self._dynamic_size,
                    clear_after_read=True if clear_after_read is None else clear_after_read,
                    tensor_array_name=tensor_array_name or "",
                    name=scope,
                )

    @property
    def flow(self) -> Tensor:
        """The flow: what depends on it comes after all that was done to this object."""
        return self._flow

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the elements."""
        return self._dtype

    @property
    def handle(self) -> Tensor:
        """The handle that operations on the array take."""
        return self._handle

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the elements' shape."""
        return self._shapes[0]

    @property
    def dynamic_size(self) -> bool:
        """Whether writing behind the end makes it longer."""
        return self._dynamic_size

    def identity(self) -> TensorArray:
        """The same array, for use after the control dependencies around this call."""
        return self.with_flow(identity(self._flow))

    def with_flow(self, flow: Tensor) -> TensorArray:
        """The same array at another point of the order of reads and writes."""
        result = TensorArray(
            self._dtype,
            handle=self._handle,
            flow=flow,
            infer_shape=self._infer_shape,
            colocate_with_first_write_call=self._places is not None,
        )
        result._dynamic_size = self._dynamic_size
        result._places = self._places
        result._shapes = self._shapes
        return result

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """The array of the gradients of the elements, in which gradients add up.

        Args:
          source: for which call of `tf.gradients`.
          flow: what is to come before.
          name: name of the operation.
        """
        flow = self._flow if flow is None else flow
        graph = get_default_graph()
        scope = name_scope(name, "TensorArrayGrad", [self._handle])
        with scope, graph.colocate_with(self._handle):
            handle, _ = apply("TensorArrayGradV3", self._handle, flow, source=source, name=name)
            with graph.control_dependencies([handle]):
                flow = identity(flow, name="gradient_flow")
            result = TensorArray(
                self._dtype,
                handle=handle,
                flow=flow,
                infer_shape=self._infer_shape,
                colocate_with_first_write_call=False,
            )
            result._shapes = self._shapes
            return result

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """An element.

        Args:
          index: an int32 scalar.
          name: name of the operation.
        """
        value: Tensor = apply(
            "TensorArrayReadV3", self._handle, index, self._flow, dtype=self._dtype, name=name
        )
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Writes an element.

        Args:
          index: an int32 scalar.
          value: a tensor.
          name: name of the operation.

        Returns:
          The array after the write.

        Raises:
          ValueError: the shape is not that of other elements.
        """
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            value = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
            self._check_element_shape(value.shape)
            with self._placed(value):
                flow = apply(
                    "TensorArrayWriteV3", self._handle, index, value, self._flow, name=name
                )
            return self.with_flow(flow)

    def stack(self, name: str | None = None) -> Tensor:
        """All elements side by side along a new first axis; all have the same shape."""
        with (
            get_default_graph().colocate_with(self._handle),
            name_scope(name, "TensorArrayStack", [self._handle]),
        ):
            return self.gather(range_of(0, self.size()), name=name)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """Some elements side by side along a new first axis.

        Args:
          indices: an int32 vector.
          name: name of the operation.
        """
        value: Tensor = apply(
            "TensorArrayGatherV3",
            self._handle,
            indices,
            self._flow,
            dtype=self._dtype,
            element_shape=self.element_shape,
            name=name,
        )
        if self.element_shape.ndims is not None:
            value.set_shape([None, *self.element_shape.as_list()])
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All elements one after another along their first axis."""
        value, _ = apply(
            "TensorArrayConcatV3",
            self._handle,
            self._flow,
            dtype=self._dtype,
            element_shape_except0=self.element_shape[1:],
            name=name,
        )
        if self.element_shape.ndims is not None:
            value.set_shape([None, *self.element_shape.as_list()[1:]])
        result: Tensor = value
        return result

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Writes the rows of a tensor as the first elements; gives the array after that.

        Args:
          value: a tensor of one dimension more than the elements.
          name: name of the operation.
        """
        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            count = shape_of(value)[0]
            return self.scatter(range_of(0, count), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Writes the rows of a tensor as the elements of these indices.

        Args:
          indices: an int32 vector.
          value: a tensor of one dimension more than the elements.
          name: name of the operation.

        Returns:
          The array after the write.

        Raises:
          ValueError: the shape is not that of other elements.
        """
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            value = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
            self._check_element_shape(value.shape[1:])
            with self._placed(value):
                flow = apply(
                    "TensorArrayScatterV3", self._handle, indices, value, self._flow, name=name
                )
            return self.with_flow(flow)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Writes consecutive parts of a tensor, of these lengths along the first axis.

        Args:
          value: a tensor.
          lengths: an int vector.
          name: name of the operation.

        Returns:
          The array after the write.

        Raises:
          ValueError: the shape is not that of other elements.
        """
        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            value = convert_to_tensor(value, dtype=self._dtype, name="value")
            with self._placed(value):
                lengths = cast(lengths, dtypes.int64)
                known = constant_value(lengths)
                equal = known is not None and known.ndim and len(set(known.tolist())) == 1
                if value.shape.ndims is not None and known is not None and equal:
                    rest = value.shape.as_list()[1:]
                    self._check_element_shape(as_shape([int(known[0]), *rest]))
                flow = apply(
                    "TensorArraySplitV3", self._handle, value, lengths, self._flow, name=name
                )
            return self.with_flow(flow)

    def size(self, name: str | None = None) -> Tensor:
        """How many elements there are."""
        result: Tensor = apply("TensorArraySizeV3", self._handle, self._flow, name=name)
        return result

    def close(self, name: str | None = None) -> Operation:
        """An operation that drops the elements."""
        op: Operation = apply("TensorArrayCloseV3", self._handle, name=name)
        return op

    def _check_element_shape(self, shape: TensorShape) -> None:
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self.element_shape} ")
        if self._infer_shape:
            self._shapes[0] = self.element_shape.merge_with(shape)

    @contextmanager
    def _placed(self, value: Tensor) -> Iterator[None]:
        if self._places is not None and not self._places:
            self._places.append(value)
        place = self._places[0] if self._places else None
        graph = get_default_graph()
        with nullcontext() if place is None else graph.colocate_with(place):
            yield


def _check_arguments(
    handle: Any,
    tensor_array_name: Any,
    size: Any,
    element_shape: Any,
    dynamic_size: Any,
    clear_after_read: Any,
) -> None:
    if handle is not None and tensor_array_name:
        raise ValueError("Cannot construct with both handle and tensor_array_name")
    if handle is not None and not isinstance(handle, Tensor):
        raise TypeError("Handle must be a Tensor")
    if handle is None and size is None:
        raise ValueError("Size must be provided if handle is not provided")
    if handle is not None and size is not None:
        raise ValueError("Cannot provide both a handle and size at the same time")
    for label, value in (
        ("element_shape", element_shape),
        ("dynamic_size", dynamic_size),
        ("clear_after_read", clear_after_read),
    ):
        if handle is not None and value is not None:
            raise ValueError(f"Cannot provide both a handle and {label} at the same time")


OPERATORS["tensor_array"] = TensorArray
