"""Operation and Tensor: a node of the graph and one of its outputs.

They hold their graph, inputs, attributes, static shapes and the user's line that made them.
Operators (`x @ w`) reach the operations that implement them by name through `OPERATORS`, which the
floor above fills; evaluation goes through the default session, whatever that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pantarhei.core import dtypes, errors
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph import stacks
from pantarhei.graph.creation_site import creation_site
from pantarhei.graph.tensor_operators import OPERATORS, TensorOperators

if TYPE_CHECKING:
    from pantarhei.graph.definitions.definition import OpDef
    from pantarhei.graph.graph import Graph

# Functions that higher floors register: protocol buffers of graphs and operations, and their text.
HOOKS: dict[str, Callable[..., Any]] = {}


class Operation:
    """A node of a graph: takes tensors, gives tensors. Made by public functions, not by hand."""

    def __init__(
        self,
        graph: Graph,
        definition: OpDef,
        name: str,
        inputs: Sequence[Tensor],
        attributes: dict[str, Any],
        output_types: Sequence[DType],
        control_inputs: Sequence[Operation],
    ) -> None:
        self._graph = graph
        self.definition = definition
        self._name = name
        self._inputs = tuple(inputs)
        self.attributes = attributes
        self._control_inputs = list(control_inputs)
        self._control_outputs: list[Operation] = []
        self._device = ""
        self._control_flow_context: Any = None
        self._gradient_function: Any = None
        self._original_op: Operation | None = graph._original
        self._site = creation_site()
        self._id = graph._next_id()
        self._outputs = [Tensor(self, index, dtype) for index, dtype in enumerate(output_types)]
        for tensor in self._inputs:
            tensor._consumers.append(self)
        for op in self._control_inputs:
            op._control_outputs.append(self)

    @property
    def name(self) -> str:
        """The full name of this operation."""
        return self._name

    @property
    def type(self) -> str:
        """The type of the operation, such as `MatMul`."""
        return self.definition.type

    @property
    def graph(self) -> Graph:
        """The graph that contains this operation."""
        return self._graph

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors it takes."""
        return self._inputs

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors it gives."""
        return self._outputs

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that run before this one although no tensor flows from them."""
        return self._control_inputs

    @property
    def control_outputs(self) -> list[Operation]:
        """The operations that wait for this one although no tensor flows to them."""
        return self._control_outputs

    @property
    def device(self) -> str:
        """The requested device, as a string; empty where none was."""
        return self._device

    @property
    def node_def(self) -> Any:
        """The operation as a `NodeDef` protocol buffer (the messages come with `tensorboard`).

        Raises:
          ImportError: if tensorboard is not installed.
        """
        return HOOKS["node_def"](self)

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """File, line number, function and text of the user's line that made it."""
        site = self._site
        return [(site.filename, site.line, site.function, site.source)] if site else []

    @property
    def creation_site(self) -> str | None:
        """The user's line that made it, as `train.py:12, in main: y = tf.matmul(a, b)`."""
        return str(self._site) if self._site else None

    def values(self) -> tuple[Tensor, ...]:
        """The outputs as a tuple."""
        return tuple(self._outputs)

    def get_attr(self, name: str) -> Any:
        """The value of an attribute: dtypes as DType, strings as bytes.

        Raises:
          ValueError: if the operation has no such attribute.
        """
        if name not in self.attributes:
            raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")
        value = self.attributes[name]
        if isinstance(value, list):
            return [each.encode() if isinstance(each, str) else each for each in value]
        return value.encode() if isinstance(value, str) else value

    def colocation_groups(self) -> list[bytes]:
        """Names of the groups of operations that share its device."""
        named = self.attributes.get("_class", ())
        groups = [group for group in named if group.startswith(b"loc:@")]
        return groups or [f"loc:@{self.name}".encode()]

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Runs this operation in `session`, or in the default session.

        Raises:
          ValueError: if there is no session, or its graph is another one.
        """
        stacks.session_for(self.graph, session, "run", "run()").run(self, feed_dict)

    def _add_control_inputs(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            if op not in self._control_inputs:
                self._control_inputs.append(op)
                op._control_outputs.append(self)

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _update_input(self, index: int, tensor: Tensor) -> None:
        self._inputs[index]._consumers.remove(self)
        self._inputs = (*self._inputs[:index], tensor, *self._inputs[index + 1 :])
        tensor._consumers.append(self)

    def _set_attr(self, name: str, value: Any) -> None:
        self.attributes[name] = value

    def _set_device(self, device: Any) -> None:
        self._device = device if isinstance(device, str) else device.to_string()

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def __str__(self) -> str:
        try:
            return str(HOOKS["node_text"](self))
        except ImportError:  # without the protocol buffers the short form has to do
            return repr(self)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


class Tensor(TensorOperators):
    """One output of an operation: a value that will exist when a session runs the graph.

    Its `shape` is what is known of it before; operators build further operations.

    >>> import pantarhei as tf
    >>> tf.reset_default_graph()
    >>> x = tf.placeholder(tf.float32, (None, 3), name="x")
    >>> x * 2.0
    <tf.Tensor 'mul:0' shape=(?, 3) dtype=float32>
    """

    __array_priority__ = 100  # NumPy arrays leave `array * tensor` to the tensor
    __hash__ = object.__hash__

    OVERLOADABLE_OPERATORS = frozenset(
        f"__{reflected}{name}__"
        for name in (
            *("add", "sub", "mul", "div", "truediv", "floordiv"),
            *("mod", "pow", "matmul", "and", "or", "xor"),
        )
        for reflected in ("", "r")
    ) | frozenset(
        f"__{name}__"
        for name in ("lt", "le", "gt", "ge", "ne", "eq", "getitem", "invert", "neg", "abs")
    )

    def __init__(self, op: Operation, value_index: int, dtype: DType) -> None:
        self._op = op
        self._value_index = value_index
        self._dtype = dtypes.as_dtype(dtype)
        self._shape = TensorShape(None)
        self._consumers: list[Operation] = []
        self._known_value: Any = None  # filled by graph/constant.py

    @property
    def op(self) -> Operation:
        """The operation that gives this tensor."""
        return self._op

    @property
    def dtype(self) -> DType:
        """The type of its elements."""
        return self._dtype

    @property
    def graph(self) -> Graph:
        """The graph that contains it."""
        return self._op._graph

    @property
    def name(self) -> str:
        """`operation name:output number`."""
        return f"{self._op._name}:{self._value_index}"

    @property
    def device(self) -> str:
        """The device on which it is produced."""
        return self._op.device

    @property
    def value_index(self) -> int:
        """Which output of its operation it is."""
        return self._value_index

    @property
    def shape(self) -> TensorShape:
        """What is known of its shape."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Adds to what is known of the shape.

        Raises:
          ValueError: if `shape` contradicts what is known.
        """
        other = as_shape(shape)
        if not self._shape.is_compatible_with(other):
            raise ValueError(_conflict(self._shape, other))
        self._shape = self._shape.merge_with(other)

    def _shape_tuple(self) -> tuple[int | None, ...] | None:
        return None if self._shape.ndims is None else tuple(self._shape.as_list())

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor, each as often as it takes it."""
        return list(self._consumers)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Its value in `session`, or in the default session.

        Raises:
          ValueError: if there is no session, or its graph is another one.
        """
        session = stacks.session_for(self.graph, session, "eval", "eval()")
        return session.run(self, feed_dict)

    def _as_node_def_input(self) -> str:
        return self.op.name if self._value_index == 0 else self.name

    def __iter__(self) -> Iterator[Tensor]:
        yield from ()  # a generator: `in` would hide what is raised before there is an iterator
        raise _not_allowed(
            self,
            "iterating over `tf.Tensor`",
            "tf.unstack gives a list where the first dimension is known; tf.map_fn maps over it",
        )

    def __bool__(self) -> NoReturn:
        raise _not_allowed(
            self,
            "using a `tf.Tensor` as a Python `bool`",
            "`if t is not None:` asks whether there is a tensor; tf.cond and tf.where depend on "
            "its value",
        )

    def __len__(self) -> NoReturn:
        raise TypeError(
            f"len is not well defined for symbolic Tensors. ({self.name}) "
            "Please call `x.shape` rather than `len(x)` for shape information."
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise errors_not_an_array(self)

    def __copy__(self) -> Tensor:
        return self

    def __str__(self) -> str:
        shape = "" if self._shape.ndims is None else f", shape={self._shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self._dtype.name}{device})'

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self._shape} dtype={self._dtype.name}>"

    def __getitem__(self, item: Any) -> Any:
        return OPERATORS["getitem"](self, item)


def _not_allowed(tensor: Tensor, what: str, cure: str) -> Exception:
    """What to raise where Python needs the value of a tensor at once."""
    return errors.OperatorNotAllowedInGraphError(
        errors.described(
            f"{what} is not allowed in Graph execution. Use Eager execution or decorate this "
            "function with @tf.function.",
            tensor.op,
            cause="a tensor has a value only while a session runs",
            cure=cure,
        )
    )


def _conflict(one: TensorShape, other: TensorShape) -> str:
    """In which way two shapes contradict each other."""
    if one.ndims != other.ndims:
        return f"Shapes must be equal rank, but are {one.ndims} and {other.ndims}"
    pairs = list(zip(one.as_list(), other.as_list(), strict=True))
    index = next(i for i, (a, b) in enumerate(pairs) if a != b and None not in (a, b))
    shown = [
        f"[{','.join('?' if each is None else str(each) for each in s)}]"
        for s in zip(*pairs, strict=True)
    ]
    return (
        f"Dimension {index} in both shapes must be equal, but are {pairs[index][0]} and "
        f"{pairs[index][1]}. Shapes are {shown[0]} and {shown[1]}."
    )


def errors_not_an_array(tensor: Tensor) -> Exception:
    """What to raise when NumPy is handed a tensor."""
    return NotImplementedError(
        errors.described(
            f"Cannot convert a symbolic Tensor ({tensor.name}) to a numpy array.",
            tensor.op,
            cause="a NumPy function was called on a tensor, which has a value only in a session",
            cure="use the tf function of the same name, or pass what Session.run returns",
        )
    )
